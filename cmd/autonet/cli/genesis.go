package cli

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"autonet/node/api/types"
	"autonet/node/founding"
)

// presetFits refuses a preset where the numbers are somebody else's.
func presetFits(o InitOptions) error {
	if o.Preset == "" {
		return nil
	}
	if o.Network != "new" {
		return types.NewError(types.CodeUsage, "--preset", "the network has its numbers already", "use it with --network new only")
	}
	return oneOf("--preset", o.Preset, founding.Presets()...)
}

func (a *app) genesis() *cobra.Command {
	c := group("genesis", "Found a network together with other operators",
		"  autonet genesis card --network commons --home ~/node -o card.json\n"+
			"  autonet genesis new genesis.json --card card.json --begin 30m\n"+
			"  autonet genesis add-validator genesis.json card-of-another.json\n"+
			"  autonet genesis verify genesis.json\n"+
			"  autonet init --network genesis.json --home ~/node",
		a.genesisCard(), a.genesisNew(), a.genesisAdd(), a.genesisVerify())
	c.Long = "Each operator makes a card; one writes the genesis with the first card and adds the others; all verify that they\n" +
		"hold the same file, by its hash, and make their homes from it."
	return c
}

func (a *app) genesisCard() *cobra.Command {
	var o InitOptions
	var file string
	c := &cobra.Command{
		Use: "card", Short: "Make a home without a genesis, and its operator's card",
		Example: "  autonet genesis card --network commons -o card.json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			o.Home = a.home
			if err := founding.CheckName(o.Network); err != nil {
				return types.NewError(types.CodeUsage, "--network", oneLine(err), "write it like --network commons")
			}
			if err := checkNode(o); err != nil {
				return err
			}
			raw, err := a.deps.Card(o)
			if err != nil {
				return foundingError(err)
			}
			if file == "" {
				_, err = a.streams.Out.Write(raw)
				return err
			}
			if err := os.WriteFile(file, raw, 0o644); err != nil { //nolint:gosec // a card is handed to others
				return fmt.Errorf("write the card: %w", err)
			}
			return a.show(map[string]string{"card": file, "home": a.home}, func(p *page) {
				p.line("The card is in %s, the node's keys are in %s. Hand the card to whoever writes the genesis.", file, a.home)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&o.Network, "network", "", "name of the network to found: 1 to 64 of [a-z0-9-]")
	f.StringVar(&o.Name, "name", "", "name shown to people")
	f.IntVar(&o.Port, "port", 0, "TCP and QUIC port; 0 chooses a free one and keeps it")
	f.StringSliceVar(&o.Roles, "role", nil, "role beside the defaults")
	f.BoolVar(&o.Loopback, "loopback", false, "listen on this machine only")
	f.StringVarP(&file, "out", "o", "", "file for the card; standard output by default")
	return c
}

func (a *app) genesisNew() *cobra.Command {
	var preset, card, treasury, stake, balance string
	var begin time.Duration
	c := &cobra.Command{
		Use: "new FILE", Short: "Write the genesis of a network with its first founder",
		Example: "  autonet genesis new genesis.json --card card.json --begin 30m --preset public", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if card == "" {
				return types.NewError(types.CodeUsage, "--card", "the first founder's card is missing", "make it with: autonet genesis card")
			}
			if err := oneOf("--preset", preset, founding.Presets()...); err != nil {
				return err
			}
			first, err := founding.ReadCard(card)
			if err != nil {
				return foundingError(err)
			}
			share, err := shareOf(stake, balance)
			if err != nil {
				return err
			}
			pot, err := parseATN("--treasury", treasury)
			if err != nil {
				return err
			}
			if begin < 0 || begin > 30*24*time.Hour {
				return types.NewError(types.CodeUsage, "--begin", "the network cannot begin in "+begin.String(), "choose 0 to 720h")
			}
			if err := founding.New(args[0], preset, founding.Amount(pot), first, share, time.Now().Add(begin)); err != nil {
				return foundingError(err)
			}
			return a.verified(args[0])
		},
	}
	f := c.Flags()
	f.StringVar(&card, "card", "", "the first founder's card")
	f.StringVar(&preset, "preset", founding.PresetPublic, "numbers of the network: public or devnet")
	f.StringVar(&treasury, "treasury", "1000000", "ATN of the treasury")
	f.DurationVar(&begin, "begin", time.Hour, "time until the network begins; others are added before")
	shareFlags(c, &stake, &balance)
	return c
}

func shareFlags(c *cobra.Command, stake, balance *string) {
	c.Flags().StringVar(stake, "stake", "20000", "ATN staked as validator")
	c.Flags().StringVar(balance, "balance", "1000000", "ATN to spend")
}

func shareOf(stake, balance string) (founding.Share, error) {
	s, err := parseATN("--stake", stake)
	if err != nil {
		return founding.Share{}, err
	}
	b, err := parseATN("--balance", balance)
	return founding.Share{Stake: founding.Amount(s), Balance: founding.Amount(b)}, err
}

func (a *app) genesisAdd() *cobra.Command {
	var stake, balance string
	c := &cobra.Command{
		Use: "add-validator FILE CARD", Short: "Add another founder's card to a genesis that has not begun",
		Example: "  autonet genesis add-validator genesis.json card-of-another.json --stake 20000", Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			card, err := founding.ReadCard(args[1])
			if err != nil {
				return foundingError(err)
			}
			share, err := shareOf(stake, balance)
			if err != nil {
				return err
			}
			if err := founding.Add(args[0], card, share, time.Now()); err != nil {
				return foundingError(err)
			}
			return a.verified(args[0])
		},
	}
	shareFlags(c, &stake, &balance)
	return c
}

func (a *app) genesisVerify() *cobra.Command {
	return &cobra.Command{
		Use: "verify FILE", Short: "Check a genesis as a node would, and say what it grants to whom",
		Example: "  autonet genesis verify genesis.json\n  autonet genesis verify genesis.json --json", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.verified(args[0]) },
	}
}

func (a *app) verified(path string) error {
	r, err := founding.Verify(path)
	if err != nil {
		return foundingError(err)
	}
	return a.show(r, func(p *page) {
		p.row("network", r.Network)
		p.row("hash", r.Hash)
		p.row("begins", clock(r.BeginsMS))
		p.row("supply", types.ATN(uint64(r.SupplyNatn)))
		p.row("treasury", types.ATN(uint64(r.TreasuryNatn)))
		p.flush()
		p.row("FOUNDER", "STAKED", "BALANCE", "BLOCK POWER", "GOVERNOR")
		for _, f := range r.Founders {
			p.row(f.Account, types.ATN(uint64(f.StakedNatn)), types.ATN(uint64(f.BalanceNatn)), fmt.Sprintf("%d.%d %%", f.PerMille/10, f.PerMille%10), yes(f.Governor))
		}
		for _, w := range r.Warnings {
			p.line("warning: %s", w)
		}
	})
}

// foundingError gives the failures of founding their code and advice.
func foundingError(err error) error {
	for _, k := range []struct {
		is            error
		title, advice string
	}{
		{founding.ErrCard, "the card cannot be used", "ask its operator for a new one: autonet genesis card"},
		{founding.ErrNetwork, "the card cannot be used", "ask its operator for a card made with the right --network"},
		{founding.ErrTwice, "the card cannot be used", "each operator and each consensus key is there once"},
		{founding.ErrNoRoom, "the genesis is closed", "newcomers join with an invite and bond a validator's stake"},
		{founding.ErrExists, "the genesis is not written", "choose another name; a genesis is never replaced"},
	} {
		if errors.Is(err, k.is) {
			return types.NewError(types.CodeFailed, k.title, err.Error(), k.advice)
		}
	}
	return known(err)
}
