package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

func (a *app) rewardsExplain() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use: "explain TASK", Short: "Why every account got or lost what it did in a task, with proofs",
		Long: "For every account every amount: its cause, the formula with its inputs, the votes, the evidence of a slash, and the\n" +
			"event of the ledger that proves it. --proofs writes a proof document of each event, to be checked without a node with:\n" +
			"autonet ledger verify. With --json the documents are part of the answer.",
		Example: "  autonet rewards explain 5f0c…\n  autonet rewards explain 5f0c… --proofs ./proofs\n  autonet rewards explain 5f0c… --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				x, err := c.Explain(cmd.Context(), args[0], dir != "" || a.json)
				if err != nil {
					return err
				}
				written := 0
				if dir != "" {
					if written, err = keepProofs(dir, x); err != nil {
						return err
					}
				}
				return a.show(x, func(p *page) {
					explainText(p, x)
					if dir != "" {
						p.line("%d proofs written to %s.", written, dir)
					}
				})
			})
		},
	}
	c.Flags().StringVar(&dir, "proofs", "", "write the proof document of every event to this folder")
	return c
}

func explainText(p *page, x types.Explanation) {
	p.row("task", x.Task)
	p.row("project", x.Project)
	p.row("state", x.State)
	p.row("numbers", inputsText(x.Inputs))
	for _, account := range x.Accounts {
		p.line("")
		p.line("%s: earned %s, lost %s, held %s, let go %s", account.Account, types.ATN(account.EarnedNatn), types.ATN(account.SlashedNatn),
			types.ATN(account.LockedNatn), types.ATN(account.ReleasedNatn))
		amountsText(p, account.Amounts)
	}
	if len(x.Returned) > 0 {
		p.line("")
		p.line("Back to the project:")
		amountsText(p, x.Returned)
	}
}

func amountsText(p *page, amounts []types.ExplainedAmount) {
	for _, x := range amounts {
		p.line("  %s %s %s: %s", x.What, types.ATN(x.AmountNatn), x.Role, x.Cause)
		if x.Formula != "" {
			p.line("    = %s", x.Formula)
		}
		if len(x.Inputs) > 0 {
			p.line("    with %s", inputsText(x.Inputs))
		}
		for _, v := range x.Votes {
			p.line("    vote of %s on %s: %s, score %s, counted as %s; %s", types.Short(v.Member), types.Short(v.Solver), v.Status, score(v.Score), score(v.Clipped), v.Detail)
		}
		if x.Evidence != "" {
			p.line("    evidence: %s", x.Evidence)
		}
		p.line("    proof: event %d %d (%s)", x.Height, x.Index, x.Kind)
	}
}

func inputsText(inputs []types.ExplainedInput) string {
	parts := make([]string, 0, len(inputs))
	for _, x := range inputs {
		parts = append(parts, x.Name+" "+x.Value)
	}
	return strings.Join(parts, ", ")
}

// keepProofs writes the proof of every event, each once, and returns how many.
func keepProofs(dir string, x types.Explanation) (int, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // proofs are public
		return 0, types.NewError(types.CodeFailed, "the folder cannot be made", err.Error(), "choose another one")
	}
	seen := map[string]bool{}
	all := [][]types.ExplainedAmount{x.Returned}
	for _, account := range x.Accounts {
		all = append(all, account.Amounts)
	}
	for _, amounts := range all {
		for _, amount := range amounts {
			name := fmt.Sprintf("event-%d-%d.proof", amount.Height, amount.Index)
			if seen[name] || len(amount.Proof) == 0 {
				continue
			}
			seen[name] = true
			if err := keep(filepath.Join(dir, name), amount.Proof); err != nil {
				return len(seen), err
			}
		}
	}
	return len(seen), nil
}
