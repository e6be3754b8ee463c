package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

func (a *app) projectShow() *cobra.Command {
	return &cobra.Command{
		Use: "show PROJECT", Short: "One project, as the ledger keeps it",
		Example: "  autonet project show 5f0c…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				s, err := c.State(cmd.Context(), "project", args[0])
				if err != nil {
					return err
				}
				return a.show(s.Value, func(p *page) { p.line("%s", indented(s.Value)) })
			})
		},
	}
}

func (a *app) projectFund() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "fund PROJECT ATN", Short: "Buy project tokens for at most this much",
		Example: "  autonet project fund 5f0c… 100", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			natn, err := parseATN("the amount", args[1])
			if err != nil {
				return err
			}
			return a.send(cmd, from, "project/fund", fields{"project": args[0], "amount": natn})
		},
	}
	fromFlag(c, &from)
	return c
}

// projectStep is a command that names a project and nothing else.
func (a *app) projectStep(verb, short string) *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: verb + " PROJECT", Short: short,
		Example: "  autonet project " + verb + " 5f0c…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.send(cmd, from, "project/"+verb, fields{"project": args[0]})
		},
	}
	fromFlag(c, &from)
	return c
}

func (a *app) projectDeploy() *cobra.Command {
	return &cobra.Command{
		Use: "deploy PROJECT VERSION", Short: "As the owner: serve a version of the model",
		Example: "  autonet project deploy 5f0c… 3", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := strconv.ParseUint(args[1], 10, 64)
			if err != nil {
				return types.NewError(types.CodeUsage, "project deploy", fmt.Sprintf("%q is no version", args[1]), "list them with: autonet ledger state versions PROJECT")
			}
			return a.send(cmd, "", "project/deploy", fields{"project": args[0], "version": v})
		},
	}
}

func (a *app) projectPrice() *cobra.Command {
	var tiers []string
	c := &cobra.Command{
		Use: "price PROJECT ATN", Short: "As the owner: set the price of inference and the discounts of token holders",
		Example: "  autonet project price 5f0c… 0.001 --discount 100=50 --discount 1000=200", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			natn, err := parseATN("the price", args[1])
			if err != nil {
				return err
			}
			list := []fields{}
			for _, t := range tiers {
				held, cut, _ := strings.Cut(t, "=")
				n, errHeld := strconv.ParseUint(held, 10, 64)
				m, errCut := strconv.ParseUint(cut, 10, 16)
				if errHeld != nil || errCut != nil {
					return types.NewError(types.CodeUsage, "--discount", fmt.Sprintf("%q is no TOKENS=PERMILLE", t), "write it like 100=50: from 100 tokens on, 5 % less")
				}
				list = append(list, fields{"hold": n, "per_mille": m})
			}
			return a.send(cmd, "", "project/set-price", fields{"project": args[0], "price": natn, "tiers": list})
		},
	}
	c.Flags().StringSliceVar(&tiers, "discount", nil, "TOKENS=PERMILLE: holders of so many tokens pay so much less")
	return c
}
