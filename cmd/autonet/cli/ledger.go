package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

func (a *app) ledger() *cobra.Command {
	c := group("ledger", "The ledger: height, supply, blocks", "  autonet ledger\n  autonet ledger block 42", a.ledgerBlock(), a.ledgerSend(), a.ledgerKinds(), a.ledgerState(),
		a.ledgerTx(), a.ledgerEvents(), a.ledgerHeader(), a.ledgerProof(), a.ledgerVerify())
	c.Long = "Without a subcommand: where the ledger stands and whether its money is conserved."
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.node(func(c *client.Client) error {
			l, err := c.Ledger(cmd.Context())
			if err != nil {
				return err
			}
			return a.show(l, func(p *page) { ledgerText(p, l) })
		})
	}
	return c
}

func ledgerText(p *page, l types.Ledger) {
	p.row("height", l.Status.Height)
	p.row("time", clock(l.Status.TimeMS))
	p.row("state hash", l.Status.AppHash)
	p.row("accounts", l.Accounts)
	for _, v := range l.Set {
		p.row("validator", v.Account, fmt.Sprintf("power %d", v.Power))
	}
	s := l.Supply
	p.row("supply", types.ATN(s.TotalNatn))
	p.row("  balances", types.ATN(s.BalancesNatn))
	p.row("  stakes", types.ATN(s.StakesNatn))
	p.row("  unbonding", types.ATN(s.UnbondingNatn))
	p.row("  escrows", types.ATN(s.EscrowsNatn))
	p.row("  projects", types.ATN(s.ProjectsNatn))
	p.row("  grants", types.ATN(s.GrantsNatn))
	p.row("  traps", types.ATN(s.TrapsNatn))
	p.row("  subsidies", types.ATN(s.SubsidiesNatn))
	p.row("  revenues", types.ATN(s.RevenuesNatn))
	p.row("  orders", types.ATN(s.OrdersNatn))
	p.row("  treasury", types.ATN(s.TreasuryNatn))
	p.row("conserved", yes(s.Conserved))
}

func (a *app) ledgerBlock() *cobra.Command {
	return &cobra.Command{
		Use: "block [HEIGHT]", Short: "One block and its transactions; the last one by default",
		Example: "  autonet ledger block\n  autonet ledger block 42 --json", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				height, err := wantedHeight(cmd, c, args)
				if err != nil {
					return err
				}
				b, err := c.Block(cmd.Context(), height)
				if err != nil {
					return err
				}
				return a.show(b, func(p *page) { blockText(p, b) })
			})
		},
	}
}

func wantedHeight(cmd *cobra.Command, c *client.Client, args []string) (int64, error) {
	if len(args) == 0 {
		s, err := c.Status(cmd.Context())
		return s.Ledger.Height, err
	}
	height, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || height < 1 {
		return 0, types.NewError(types.CodeUsage, "the height", fmt.Sprintf("%q is no height", args[0]), "give a number from 1 on")
	}
	return height, nil
}

func blockText(p *page, b types.Block) {
	p.row("height", b.Height)
	p.row("time", clock(b.TimeMS))
	p.row("hash", b.Hash)
	p.row("state hash", b.AppHash)
	p.row("proposer", b.Proposer)
	p.row("transactions", len(b.Txs))
	p.flush()
	for _, tx := range b.Txs {
		p.row("  "+types.Short(tx.Hash), tx.Kind, types.Short(tx.Sender), tx.Code, tx.Text)
	}
}

func (a *app) heartbeat() *cobra.Command {
	return &cobra.Command{
		Use: "heartbeat", Short: "The last governance heartbeat and this node's lease to work",
		Example: "  autonet heartbeat\n  autonet heartbeat --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				s, err := c.Status(cmd.Context())
				if err != nil {
					return err
				}
				return a.show(s.Lease, func(p *page) {
					h := s.Lease.Heartbeat
					p.row("lease", leaseText(s.Lease))
					p.row("heartbeats", h.Count)
					p.row("last", fmt.Sprintf("%s, block %d", clock(h.TimeMS), h.Height))
					p.row("next pulse", "in "+types.Span(h.NextMS))
				})
			})
		},
	}
}

func (a *app) wallet() *cobra.Command {
	return group("wallet", "Money of accounts", "  autonet wallet balance", a.walletBalance(), a.walletList(), a.walletSend(), a.walletNew(), a.walletKeys())
}

func (a *app) walletBalance() *cobra.Command {
	return &cobra.Command{
		Use: "balance [ACCOUNT]", Short: "One account's balance and stakes; the node's own by default",
		Example: "  autonet wallet balance\n  autonet wallet balance 12D3Koo… --json", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				account := ""
				if len(args) == 1 {
					account = args[0]
				} else {
					id, err := c.ID(cmd.Context())
					if err != nil {
						return err
					}
					account = id.Account
				}
				x, err := c.Account(cmd.Context(), account)
				if err != nil {
					return err
				}
				return a.show(x, func(p *page) { accountText(p, x) })
			})
		},
	}
}

func accountText(p *page, x types.Account) {
	p.row("account", x.Account)
	p.row("balance", types.ATN(x.BalanceNatn))
	p.row("locked", types.ATN(x.LockedNatn))
	p.row("governor", yes(x.Governor))
	p.flush()
	for _, s := range x.Stakes {
		p.row("  "+s.Role, types.ATN(s.BondedNatn)+" bonded", types.ATN(s.LockedNatn)+" locked", types.ATN(s.UnbondingNatn)+" unbonding",
			map[bool]string{true: "active", false: "inactive"}[s.Active])
	}
	for _, t := range x.Tokens {
		p.row("  "+t.Denom, t.Amount)
	}
}

func (a *app) walletList() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Short: "All accounts of the ledger",
		Example: "  autonet wallet ls\n  autonet wallet ls --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				all, err := c.Accounts(cmd.Context())
				if err != nil {
					return err
				}
				return a.show(types.Accounts{Accounts: all}, func(p *page) {
					p.row("ACCOUNT", "BALANCE", "LOCKED", "ROLES")
					for _, x := range all {
						var roles []string
						for _, s := range x.Stakes {
							roles = append(roles, s.Role)
						}
						p.row(x.Account, types.ATN(x.BalanceNatn), types.ATN(x.LockedNatn), list(roles))
					}
				})
			})
		},
	}
}

func (a *app) rewards() *cobra.Command {
	return group("rewards", "Credits and slashes with their causes", "  autonet rewards ls --task 5f0c…\n  autonet rewards explain 5f0c…", a.rewardsList(), a.rewardsExplain())
}

func (a *app) rewardsList() *cobra.Command {
	var task string
	c := &cobra.Command{
		Use: "ls", Short: "Every credit and slash, of one task or of all",
		Example: "  autonet rewards ls\n  autonet rewards ls --task 5f0c… --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				all, err := c.Rewards(cmd.Context(), task)
				if err != nil {
					return err
				}
				return a.show(types.Rewards{Rewards: all}, func(p *page) {
					if len(all) == 0 {
						p.line("No rewards yet.")
						return
					}
					p.row("BLOCK", "TASK", "ACCOUNT", "ROLE", "EARNED", "SLASHED", "CAUSE")
					for _, r := range all {
						p.row(r.Height, types.Short(r.Task), types.Short(r.Account), r.Role, types.ATN(r.Earned), types.ATN(r.Slashed), strings.TrimSuffix(r.Cause+": "+r.Detail, ": "))
					}
				})
			})
		},
	}
	c.Flags().StringVar(&task, "task", "", "task; all by default")
	return c
}

// parseATN reads an amount in ATN with at most nine decimals, exactly.
func parseATN(flag, text string) (uint64, error) {
	whole, rest, _ := strings.Cut(text, ".")
	w, err := strconv.ParseUint(or(whole, "0"), 10, 64)
	if err == nil && len(rest) <= 9 && whole+rest != "" {
		var r uint64
		r, err = strconv.ParseUint((rest + "000000000")[:9], 10, 64)
		const unit = 1_000_000_000
		if err == nil && w <= (1<<64-1-r)/unit {
			return w*unit + r, nil
		}
	}
	return 0, types.NewError(types.CodeUsage, flag, fmt.Sprintf("%q is no amount of ATN", text), "write it like 12.5")
}
