package cli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

func (a *app) gov() *cobra.Command {
	return group("gov", "Decide together: proposals, votes, delegations, parameters",
		"  autonet gov propose --title \"Longer challenges\" --set challenge_ms=28800000\n  autonet gov ls\n  autonet gov vote 5f0c… yes\n  autonet gov delegate 12D3Koo…",
		a.govPropose(), a.govVote(), a.govList(), a.govShow(), a.govDelegate(), a.govPower(), a.govParams(), a.govSignal(), a.govRegister(), a.govLeave())
}

// change sets one parameter of the network.
type change struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// changes reads NAME=VALUE pairs.
func changes(pairs []string) ([]change, error) {
	var out []change
	for _, p := range pairs {
		name, text, found := strings.Cut(p, "=")
		value, err := strconv.ParseInt(text, 10, 64)
		if !found || err != nil {
			return nil, types.NewError(types.CodeUsage, "--set", fmt.Sprintf("%q is no NAME=NUMBER", p), "names and units: autonet gov params")
		}
		out = append(out, change{name, value})
	}
	return out, nil
}

// reasons keeps the text of a proposal where everybody can fetch it, and returns its CID.
func reasons(cmd *cobra.Command, c *client.Client, title, file string) (string, error) {
	text := title + "\n"
	if file != "" {
		var err error
		if text, err = fileText(file); err != nil {
			return "", err
		}
	}
	d, err := c.KeepDocument(cmd.Context(), text)
	return d.CID, err
}

func (a *app) govPropose() *cobra.Command {
	var title, file, grant, from string
	var sets []string
	var values bool
	var version uint64
	var height int64
	c := &cobra.Command{
		Use: "propose", Short: "Propose changed parameters, a grant from the treasury, or a protocol version",
		Long: "A proposal asks for one thing. It is voted on after the voting delay and takes effect after the timelock. What the\n" +
			"constitution entrenches is refused here: see autonet constitution amend.",
		Example: "  autonet gov propose --title \"Longer challenges\" --set challenge_ms=28800000 --text why.md\n" +
			"  autonet gov propose --title \"Pay the archivists\" --grant 12D3Koo…=500\n" +
			"  autonet gov propose --title \"Version 2\" --protocol 2 --height 120000",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			msg := fields{"title": title, "values": values}
			list, err := changes(sets)
			if err != nil {
				return err
			}
			if list != nil {
				msg["changes"] = list
			}
			if grant != "" {
				to, amount, found := strings.Cut(grant, "=")
				if !found {
					return types.NewError(types.CodeUsage, "--grant", fmt.Sprintf("%q names no amount", grant), "write it like 12D3Koo…=500")
				}
				natn, err := parseATN("--grant", amount)
				if err != nil {
					return err
				}
				msg["grant"] = fields{"to": to, "amount": natn}
			}
			if version > 0 || height > 0 {
				msg["upgrade"] = fields{"version": version, "height": height}
			}
			if title == "" || len(msg) != 3 {
				return types.NewError(types.CodeUsage, "gov propose", "a proposal has a --title and one of --set, --grant and --protocol", "see: autonet gov propose --help")
			}
			return a.propose(cmd, from, "dao/propose", file, title, msg)
		},
	}
	f := c.Flags()
	f.StringVar(&title, "title", "", "title, at most 128 bytes")
	f.StringVar(&file, "text", "", "file with the reasons")
	f.StringSliceVar(&sets, "set", nil, "NAME=NUMBER: change a parameter")
	f.StringVar(&grant, "grant", "", "ACCOUNT=ATN: pay out of the treasury")
	f.Uint64Var(&version, "protocol", 0, "protocol version to raise to, with --height")
	f.Int64Var(&height, "height", 0, "block from which the version is in force")
	f.BoolVar(&values, "values", false, "it touches values: evaluators judge it first")
	fromFlag(c, &from)
	return c
}

// propose keeps the reasons and sends the message that names them.
func (a *app) propose(cmd *cobra.Command, from, kind, file, title string, msg fields) error {
	return a.node(func(c *client.Client) error {
		cid, err := reasons(cmd, c, title, file)
		if err != nil {
			return err
		}
		msg["text"] = cid
		s, err := c.Submit(cmd.Context(), from, kind, msg)
		if err != nil {
			return err
		}
		return a.show(s, func(p *page) { sentText(p, s) })
	})
}

func (a *app) govVote() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "vote PROPOSAL yes|no|abstain", Short: "Vote, once, with the power you had when the vote opened",
		Example: "  autonet gov vote 5f0c… yes", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("the vote", args[1], "yes", "no", "abstain"); err != nil {
				return err
			}
			return a.send(cmd, from, "dao/vote", fields{"proposal": args[0], "choice": args[1]})
		},
	}
	fromFlag(c, &from)
	return c
}

func (a *app) govDelegate() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "delegate ACCOUNT|none", Short: "Give your own power to another account, or take it back",
		Example: "  autonet gov delegate 12D3Koo…\n  autonet gov delegate none", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			to := args[0]
			if to == "none" {
				to = ""
			}
			return a.send(cmd, from, "dao/delegate", fields{"to": to})
		},
	}
	fromFlag(c, &from)
	return c
}

func (a *app) govSignal() *cobra.Command {
	return &cobra.Command{
		Use: "signal VERSION", Short: "As a validator: say that this software is ready for a protocol version",
		Example: "  autonet gov signal 2", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil || v == 0 {
				return types.NewError(types.CodeUsage, "gov signal", fmt.Sprintf("%q is no version", args[0]), "write it like 2")
			}
			return a.send(cmd, "", "dao/signal", fields{"version": v})
		},
	}
}

func (a *app) govRegister() *cobra.Command {
	return &cobra.Command{
		Use: "register", Short: "Become a governor: this node's pulses count for the heartbeat",
		Long:    "It takes 1000 ATN of governance power, and the role governor in the node's configuration, which makes it pulse.",
		Example: "  autonet gov register", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.send(cmd, "", "heartbeat/register", nil) },
	}
}

func (a *app) govLeave() *cobra.Command {
	return &cobra.Command{
		Use: "leave", Short: "Leave the governors' register",
		Long:    "Take the role governor out of the configuration too, or the node registers again.",
		Example: "  autonet gov leave", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.send(cmd, "", "heartbeat/leave", nil) },
	}
}

// proposal is what people see of one.
type proposal struct {
	ID       string   `json:"id"`
	Proposer string   `json:"proposer"`
	Title    string   `json:"title"`
	Text     string   `json:"text"`
	State    string   `json:"state"`
	Changes  []change `json:"changes"`
	Grant    struct {
		To     string `json:"to"`
		Amount uint64 `json:"amount"`
	} `json:"grant"`
	Upgrade struct {
		Version uint64 `json:"version"`
		Height  int64  `json:"height"`
	} `json:"upgrade"`
	OpensMS   int64  `json:"opens_ms"`
	ClosesMS  int64  `json:"closes_ms"`
	ExecuteMS int64  `json:"execute_ms"`
	Power     uint64 `json:"power"`
	Yes       uint64 `json:"yes"`
	No        uint64 `json:"no"`
	Abstain   uint64 `json:"abstain"`
	Voters    uint64 `json:"voters"`
	Reason    string `json:"reason"`
}

func (p proposal) asks() string {
	switch {
	case len(p.Changes) > 0:
		return changesText(p.Changes)
	case p.Grant.Amount > 0:
		return types.ATN(p.Grant.Amount) + " from the treasury to " + p.Grant.To
	default:
		return fmt.Sprintf("protocol version %d from block %d on", p.Upgrade.Version, p.Upgrade.Height)
	}
}

func changesText(list []change) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, fmt.Sprintf("%s = %d", c.Name, c.Value))
	}
	return strings.Join(parts, ", ")
}

func (a *app) govList() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Short: "All proposals",
		Example: "  autonet gov ls\n  autonet gov ls --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return read(a, cmd, "proposals", nil, func(p *page, all []proposal) {
				if len(all) == 0 {
					p.line("No proposals. Make one with: autonet gov propose")
					return
				}
				p.row("PROPOSAL", "STATE", "YES", "NO", "TITLE")
				for _, x := range all {
					p.row(x.ID, x.State, types.ATN(x.Yes), types.ATN(x.No), x.Title)
				}
			})
		},
	}
}

func (a *app) govShow() *cobra.Command {
	return &cobra.Command{
		Use: "show PROPOSAL", Short: "One proposal, its reasons and its votes",
		Example: "  autonet gov show 5f0c…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				x, raw, err := state[proposal](cmd, c, "proposal", args[0])
				if err != nil {
					return err
				}
				votes, rawVotes, err := state[[]ballot](cmd, c, "ballots", args[0])
				if err != nil {
					return err
				}
				d, err := c.Document(cmd.Context(), x.Text)
				if err != nil {
					d.Text = "(" + err.Error() + ")"
				}
				return a.show(map[string]any{"proposal": raw, "ballots": rawVotes, "text": d.Text}, func(p *page) {
					proposalText(p, x)
					for _, v := range votes {
						p.row("  "+v.Account, v.Choice, types.ATN(v.Power))
					}
					p.line("\n%s", strings.TrimSpace(d.Text))
				})
			})
		},
	}
}

type ballot struct {
	Account string `json:"account"`
	Choice  string `json:"choice"`
	Power   uint64 `json:"power"`
}

func proposalText(p *page, x proposal) {
	p.row("proposal", x.ID)
	p.row("title", x.Title)
	p.row("asks for", x.asks())
	p.row("by", x.Proposer)
	p.row("state", strings.TrimSuffix(x.State+": "+x.Reason, ": "))
	p.row("vote opens", clock(x.OpensMS))
	if x.ClosesMS > 0 {
		p.row("vote closes", clock(x.ClosesMS))
		p.row("yes / no / abstain", fmt.Sprintf("%s / %s / %s of %s", types.ATN(x.Yes), types.ATN(x.No), types.ATN(x.Abstain), types.ATN(x.Power)))
	}
	if x.ExecuteMS > 0 {
		p.row("takes effect", clock(x.ExecuteMS))
	}
	p.flush()
}

// state reads and decodes one part of the state.
func state[T any](cmd *cobra.Command, c *client.Client, what string, args ...string) (v T, raw json.RawMessage, err error) {
	s, err := c.State(cmd.Context(), what, args...)
	if err != nil {
		return v, nil, err
	}
	if err := json.Unmarshal(s.Value, &v); err != nil {
		return v, nil, fmt.Errorf("read %s: %w", what, err)
	}
	return v, s.Value, nil
}

func (a *app) govPower() *cobra.Command {
	return &cobra.Command{
		Use: "power [ACCOUNT]", Short: "Governance power of an account; the node's own by default",
		Example: "  autonet gov power", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				account, err := ownOr(cmd, c, args)
				if err != nil {
					return err
				}
				x, raw, err := state[power](cmd, c, "power", account)
				if err != nil {
					return err
				}
				return a.show(raw, func(p *page) {
					p.row("account", account)
					p.row("power", types.ATN(x.Power))
					p.row("own stake", types.ATN(x.Own))
					p.row("delegated to it", types.ATN(x.Received))
					p.row("delegates to", or(x.Delegate, "nobody"))
				})
			})
		},
	}
}

// power is an account's part in governance.
type power struct {
	Power    uint64 `json:"power"`
	Own      uint64 `json:"own"`
	Received uint64 `json:"received"`
	Delegate string `json:"delegate"`
}

func (a *app) govParams() *cobra.Command {
	return &cobra.Command{
		Use: "params", Short: "The numbers of the network, by the names that proposals use",
		Example: "  autonet gov params\n  autonet gov params --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return read(a, cmd, "params", nil, func(p *page, all []param) {
				p.row("PARAMETER", "VALUE", "", "")
				for _, x := range all {
					note := ""
					switch {
					case x.Fixed:
						note = "fixed"
					case x.Entrenched:
						note = "only by the constitution"
					}
					p.row(x.Name, x.Value, x.words(), note)
				}
			})
		},
	}
}

type param struct {
	Name       string `json:"name"`
	Value      int64  `json:"value"`
	Entrenched bool   `json:"entrenched"`
	Fixed      bool   `json:"fixed"`
}

// moneyParams are the endings of the names of amounts, which are in nano-ATN.
func moneyParams() []string {
	return []string{"min_stake", "_slash", "_bond", "_power", "_fee", ".jackpot", ".max_pay", ".pool_full", ".publish_base", ".solver_funds"}
}

// words writes a value in its unit, which the name tells.
func (x param) words() string {
	switch {
	case strings.HasSuffix(x.Name, "_ms"):
		return (time.Duration(x.Value) * time.Millisecond).String()
	case strings.HasSuffix(x.Name, "_per_mille"):
		return fmt.Sprintf("%d.%d %%", x.Value/10, x.Value%10)
	case slices.ContainsFunc(moneyParams(), func(end string) bool { return strings.HasSuffix(x.Name, end) }):
		return types.ATN(uint64(x.Value))
	default:
		return ""
	}
}
