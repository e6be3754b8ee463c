package node

import (
	"context"
	"log/slog"
	"time"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/heartbeat"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/node/roles"
)

// enlistEvery is how often a node looks whether its roles are known to the ledger.
const enlistEvery = 5 * time.Second

// enlist tells the ledger what a role needs beside its stake, once the stake is there: a provider's capacity, a
// coordinator's salt chain, a governor's place in the register. A genesis has done it for its founders.
func (n *Node) enlist(ctx context.Context) error {
	refused := map[string]bool{}
	for {
		if n.engine.Status().Height > 0 {
			if err := n.takeKeys(ctx); err != nil && ctx.Err() == nil {
				n.log.LogAttrs(ctx, slog.LevelWarn, "a new key is not in use", slog.String("reason", err.Error()))
			}
		}
		for _, m := range n.missing() {
			if refused[m.Kind()] {
				continue
			}
			if _, err := n.sender.Send(ctx, m); err != nil {
				refused[m.Kind()] = ledger.CodeOf(err) == ledger.CodeRefused
				n.log.LogAttrs(ctx, slog.LevelWarn, "a role is not enlisted", slog.String("kind", m.Kind()), slog.String("reason", err.Error()))
			}
		}
		if !pause(ctx, enlistEvery) {
			return nil
		}
	}
}

// missing lists the messages that the enabled roles still need.
func (n *Node) missing() []ledger.Msg {
	if st := n.engine.Status(); st.CatchingUp || st.Height == 0 {
		return nil
	}
	var out []ledger.Msg
	_ = n.engine.View(func(v app.View) error { // while the ledger stops there is nothing to enlist
		if n.cfg.Has("provider") && v.IsActive(n.account, ledger.RoleProvider) {
			if _, known := v.Provider(n.account); !known {
				out = append(out, shardreg.RegisterProvider{Capacity: n.cfg.Shards.CapacityMiB << 20})
			}
		}
		if n.cfg.Has("coordinator") && v.IsActive(n.account, ledger.RoleCoordinator) && v.SaltHead(n.account).IsZero() {
			if seed, err := readSalts(n.home); err == nil {
				out = append(out, staking.SetSalts{Head: commitreveal.SaltChain(seed, roles.SaltChainLength)})
			}
		}
		own, _ := v.Account(n.account)
		if n.cfg.Has("governor") && !own.Governor && own.Bonded >= v.Params().GovernorPower {
			out = append(out, heartbeat.Register{})
		}
		return nil
	})
	return out
}
