package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

func (a *app) align() *cobra.Command {
	c := group("align", "Values of communities, and what they make of a price",
		"  autonet align publish reef values.md\n  autonet align join reef\n  autonet align quote 5f0c… 100 --text \"classify corals\"",
		a.alignPublish(), a.alignJoin(), a.alignLeave(), a.alignValues(), a.alignQuote(), a.alignList())
	c.Long = "Texts are compared by a lexical heuristic that the ledger itself runs: a gate for relevance times a stance. It knows\n" +
		"words, not meaning; where judges have decided on a text, their median counts."
	return c
}

func (a *app) alignPublish() *cobra.Command {
	var from, most string
	c := &cobra.Command{
		Use: "publish COMMUNITY FILE", Short: "Publish a community's standards: the next version of them",
		Long:    "It costs one to three times the base price, the more the text is opposed to the network's standards. The price is shown by\nthe answer; --max refuses a higher one before anything is paid.",
		Example: "  autonet align publish reef values.md --max 20", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := fileText(args[1])
			if err != nil {
				return err
			}
			if text == "" {
				return types.NewError(types.CodeUsage, "align publish", args[1]+" is empty", "write what the community stands for")
			}
			return a.node(func(c *client.Client) error {
				price, _, err := state[struct {
					Price uint64 `json:"price"`
				}](cmd, c, "standards-price", text)
				if err != nil {
					return err
				}
				limit := price.Price
				if most != "" {
					if limit, err = parseATN("--max", most); err != nil {
						return err
					}
					if price.Price > limit {
						return types.NewError(types.CodeFailed, "align publish", "it would cost "+types.ATN(price.Price), "raise --max, or publish a text closer to the network's standards")
					}
				}
				s, err := c.Submit(cmd.Context(), from, "alignment/publish", fields{"name": args[0], "text": text, "max_price": limit})
				if err != nil {
					return err
				}
				return a.show(s, func(p *page) { sentText(p, s) })
			})
		},
	}
	c.Flags().StringVar(&most, "max", "", "most to pay, in ATN; the present price by default")
	fromFlag(c, &from)
	return c
}

func (a *app) alignJoin() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "join COMMUNITY", Short: "Put yourself under a community's standards",
		Example: "  autonet align join reef", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.send(cmd, from, "alignment/join", fields{"community": args[0]})
		},
	}
	fromFlag(c, &from)
	return c
}

func (a *app) alignLeave() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "leave", Short: "Leave your community: the default standards apply again",
		Example: "  autonet align leave", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.send(cmd, from, "alignment/leave", nil) },
	}
	fromFlag(c, &from)
	return c
}

func (a *app) alignValues() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "values FILE", Short: "Say what you stand for yourself",
		Example: "  autonet align values mine.md", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := fileText(args[0])
			if err != nil {
				return err
			}
			return a.send(cmd, from, "alignment/set-values", fields{"text": text})
		},
	}
	fromFlag(c, &from)
	return c
}

// quote is a price with its reasons. Shares of 65535 are 1.
type quote struct {
	Community  string `json:"community"`
	Base       uint64 `json:"base"`
	UserToOwn  uint16 `json:"user_jurisdiction"`
	TaskToUser uint16 `json:"task_user"`
	TaskToOwn  uint16 `json:"task_jurisdiction"`
	Judged     bool   `json:"judged"`
	Alignment  uint16 `json:"alignment"`
	Laden      bool   `json:"laden"`
	Pay        uint64 `json:"pay"`
	Subsidy    uint64 `json:"subsidy"`
	Premium    uint64 `json:"premium"`
	Limited    string `json:"limited"`
}

func (a *app) alignQuote() *cobra.Command {
	var text, account string
	c := &cobra.Command{
		Use: "quote PROJECT UNITS", Short: "What an inference would cost, and why",
		Example: "  autonet align quote 5f0c… 100 --text \"classify corals\"", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := strconv.ParseUint(args[1], 10, 64); err != nil {
				return types.NewError(types.CodeUsage, "align quote", fmt.Sprintf("%q is no number of units", args[1]), "write it like 100")
			}
			return a.node(func(c *client.Client) error {
				who, err := ownOr(cmd, c, nonEmpty(account))
				if err != nil {
					return err
				}
				q, raw, err := state[quote](cmd, c, "quote", append([]string{who, args[0], args[1]}, nonEmpty(text)...)...)
				if err != nil {
					return err
				}
				return a.show(raw, func(p *page) { quoteText(p, q) })
			})
		},
	}
	c.Flags().StringVar(&text, "text", "", "what the job is about; empty discloses nothing")
	c.Flags().StringVar(&account, "account", "", "who would pay; the node's own account by default")
	return c
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func quoteText(p *page, q quote) {
	p.row("you pay", types.ATN(q.Pay))
	p.row("base price", types.ATN(q.Base))
	p.row("subsidy", types.ATN(q.Subsidy))
	p.row("premium", types.ATN(q.Premium))
	if !q.Laden {
		p.row("alignment", "the text touches no values")
		return
	}
	p.row("alignment", score(q.Alignment))
	p.row("  you and the standards", score(q.UserToOwn))
	p.row("  the task and you", score(q.TaskToUser))
	judge := "by the heuristic"
	if q.Judged {
		judge = "by the judges"
	}
	p.row("  the task and the standards", score(q.TaskToOwn)+", "+judge)
	p.row("standards of", or(q.Community, "the network"))
	if q.Limited != "" {
		p.row("the subsidy is limited", q.Limited)
	}
}

type community struct {
	Name     string `json:"name"`
	Versions uint64 `json:"versions"`
}

func (a *app) alignList() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Short: "Communities with published standards",
		Example: "  autonet align ls\n  autonet ledger state community reef", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return read(a, cmd, "communities", nil, func(p *page, all []community) {
				if len(all) == 0 {
					p.line("No community has published standards. Begin with: autonet align publish")
					return
				}
				p.row("COMMUNITY", "VERSIONS")
				for _, x := range all {
					p.row(x.Name, x.Versions)
				}
			})
		},
	}
}
