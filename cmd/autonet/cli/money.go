package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

// nativeDenom is the native token as the ledger writes it.
const nativeDenom = "ATN"

func roleWords() []string {
	return []string{"proposer", "solver", "coordinator", "aggregator", "validator", "provider"}
}

func (a *app) walletNew() *cobra.Command {
	return &cobra.Command{
		Use: "new NAME", Short: "Make another key in this home",
		Long:    "The key lies in the home's wallets folder. Commands that send take it with --from NAME.",
		Example: "  autonet wallet new savings\n  autonet wallet send 12D3Koo… 5 --from savings", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				w, err := c.NewWallet(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.show(w, func(p *page) {
					p.row("wallet", w.Name)
					p.row("account", w.Account)
				})
			})
		},
	}
}

func (a *app) walletKeys() *cobra.Command {
	return &cobra.Command{
		Use: "keys", Short: "The keys of this home",
		Example: "  autonet wallet keys\n  autonet wallet keys --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				all, err := c.Wallets(cmd.Context())
				if err != nil {
					return err
				}
				return a.show(types.Wallets{Wallets: all}, func(p *page) {
					p.row("WALLET", "ACCOUNT")
					for _, w := range all {
						p.row(w.Name, w.Account)
					}
				})
			})
		},
	}
}

func (a *app) walletSend() *cobra.Command {
	var from, denom string
	c := &cobra.Command{
		Use: "send ACCOUNT AMOUNT", Short: "Send ATN, or whole project tokens with --token",
		Example: "  autonet wallet send 12D3Koo… 12.5\n  autonet wallet send 12D3Koo… 40 --token 5f0c…", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			amount, err := amountOf(denom, args[1])
			if err != nil {
				return err
			}
			return a.send(cmd, from, "bank/send", fields{"to": args[0], "denom": or(denom, nativeDenom), "amount": amount})
		},
	}
	c.Flags().StringVar(&denom, "token", "", "project whose token to send, in place of ATN")
	fromFlag(c, &from)
	return c
}

// amountOf reads ATN, or with a token's name whole tokens.
func amountOf(denom, text string) (uint64, error) {
	if denom == "" || denom == nativeDenom {
		return parseATN("the amount", text)
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, types.NewError(types.CodeUsage, "the amount", fmt.Sprintf("%q is no number of tokens", text), "project tokens are whole: write it like 40")
	}
	return n, nil
}

func (a *app) stake() *cobra.Command {
	return group("stake", "Stake behind roles", "  autonet stake bond solver 50", a.stakeBond(), a.stakeUnbond(), a.stakeList(), a.stakeRotate())
}

func (a *app) stakeBond() *cobra.Command {
	var from, consKey string
	c := &cobra.Command{
		Use: "bond ROLE ATN", Short: "Bond ATN behind a role",
		Long:    "Below the role's minimum the role is inactive. A validator's first bond names its consensus key; the node's own by default.",
		Example: "  autonet stake bond solver 50\n  autonet stake bond provider 50 --from savings", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("the role", args[0], roleWords()...); err != nil {
				return err
			}
			amount, err := parseATN("the amount", args[1])
			if err != nil {
				return err
			}
			msg := fields{"role": args[0], "amount": amount}
			if args[0] == "validator" && consKey == "" && from == "" {
				if consKey, err = a.consKey(cmd); err != nil {
					return err
				}
			}
			if consKey != "" {
				msg["cons_key"] = consKey
			}
			return a.send(cmd, from, "staking/bond", msg)
		},
	}
	c.Flags().StringVar(&consKey, "cons-key", "", "validator: consensus key in base64, as autonet id shows it")
	fromFlag(c, &from)
	return c
}

// consKey is the key with which the running node would sign blocks.
func (a *app) consKey(cmd *cobra.Command) (key string, err error) {
	err = a.node(func(c *client.Client) error {
		id, err := c.ID(cmd.Context())
		key = id.ConsKey
		return err
	})
	return key, err
}

func (a *app) stakeUnbond() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "unbond ROLE ATN", Short: "Take stake back; it stays slashable until it is free",
		Example: "  autonet stake unbond solver 50", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("the role", args[0], roleWords()...); err != nil {
				return err
			}
			amount, err := parseATN("the amount", args[1])
			if err != nil {
				return err
			}
			return a.send(cmd, from, "staking/unbond", fields{"role": args[0], "amount": amount})
		},
	}
	fromFlag(c, &from)
	return c
}

func (a *app) stakeList() *cobra.Command {
	return &cobra.Command{
		Use: "ls [ACCOUNT]", Short: "Stakes of an account; the node's own by default",
		Example: "  autonet stake ls\n  autonet stake ls 12D3Koo… --json", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				account, err := ownOr(cmd, c, args)
				if err != nil {
					return err
				}
				x, err := c.Account(cmd.Context(), account)
				if err != nil {
					return err
				}
				return a.show(x.Stakes, func(p *page) {
					if len(x.Stakes) == 0 {
						p.line("No stake. Bond some with: autonet stake bond ROLE ATN")
						return
					}
					p.row("ROLE", "BONDED", "LOCKED", "UNBONDING", "STATE")
					for _, s := range x.Stakes {
						p.row(s.Role, types.ATN(s.BondedNatn), types.ATN(s.LockedNatn), types.ATN(s.UnbondingNatn), map[bool]string{true: "active", false: "inactive"}[s.Active])
					}
				})
			})
		},
	}
}

// ownOr is the account given, or the node's own.
func ownOr(cmd *cobra.Command, c *client.Client, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	id, err := c.ID(cmd.Context())
	return id.Account, err
}

func (a *app) stakeRotate() *cobra.Command {
	var consensus bool
	c := &cobra.Command{
		Use: "rotate-key", Short: "Replace the key that signs for the account, or with --consensus the one that signs blocks",
		Long: "The new key is made by the node, lies in its home and is in force from the next epoch on; the account keeps its name.\n" +
			"What the old key signed stays punishable. A validator starts its node again when the new consensus key is in force.",
		Example: "  autonet stake rotate-key\n  autonet stake rotate-key --consensus", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				s, err := c.RotateKey(cmd.Context(), consensus)
				if err != nil {
					return err
				}
				return a.show(s, func(p *page) {
					sentText(p, s)
					if consensus {
						p.line("Start this node again when that epoch has begun: until then it can sign with the old key only.")
					}
				})
			})
		},
	}
	c.Flags().BoolVar(&consensus, "consensus", false, "the key that signs blocks")
	return c
}
