package app

import (
	"fmt"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/staking"
)

// The fixed order of calls.
//
// Begin: heartbeat records the block and the work clock, before anything reads them; constitution and
// dao do what was decided, so that the whole block runs by the same numbers; staking punishes what
// consensus proved, puts keys in force and ends unbonding; bank ends grants; project ends
// fundings, moves orders on and draws their providers; shardreg closes and draws audits and calls for repair; task draws committees and dispute judges
// from this block's hash.
//
// End: dispute closes what is overdue or answered and counts appeals, so that task sees nothing pending that is over; task moves every task as far as
// it goes and calls rewards for verdicts and settlements; rewards closes epochs of bonds; forcederror closes the seals of tasks that
// task has settled; alignment closes epochs of prices; bank pays the block's fees by the stakes the block began
// consensus with; staking states the new validator set; money is counted.
//
// Last of all the root of the block's events is written, which is how an event is proven.
//
// Verdicts and settlements are reached through task's ports only, and traps are settled with their task.

// Offence is what consensus caught a validator at.
type Offence = staking.Offence

// The offences.
const (
	DoubleSign        = staking.DoubleSign
	LightClientAttack = staking.LightClientAttack
)

// Equivocation is a validator that consensus caught: see [staking.Evidence].
type Equivocation struct {
	Kind    Offence
	Address []byte // of its consensus key, 20 bytes
	Height  int64  // of the offence
	TimeMS  int64  // of the block at that height
}

// BeginBlock starts a block and returns its first events.
func (a *App) BeginBlock(kv ledger.KV, info BlockInfo) ([]ledger.Event, error) {
	if last := a.heartbeat.Last(kv).Height; info.Height < last {
		return nil, fmt.Errorf("block %d after block %d: a ledger does not go back", info.Height, last)
	}
	return a.step(kv, info, func(ctx *ledger.Context, state ledger.KV) error {
		a.heartbeat.BeginBlock(ctx, state, info.Txs)
		if err := a.govern(ctx, state); err != nil {
			return err
		}
		for _, e := range info.Equivocations {
			a.staking.Punish(ctx, state, staking.Evidence{
				Offence: e.Kind, Address: e.Address, Height: e.Height, TimeMS: e.TimeMS, Proposer: info.Proposer,
			})
		}
		if err := a.staking.BeginBlock(ctx, state); err != nil {
			return fmt.Errorf("staking: %w", err)
		}
		if err := a.bank.BeginBlock(ctx, state); err != nil {
			return fmt.Errorf("bank: %w", err)
		}
		if err := a.project.BeginBlock(ctx, state); err != nil {
			return fmt.Errorf("project: %w", err)
		}
		if err := a.shardreg.BeginBlock(ctx, state); err != nil {
			return fmt.Errorf("shardreg: %w", err)
		}
		if err := a.task.Begin(ctx, state); err != nil {
			return fmt.Errorf("task: %w", err)
		}
		if err := a.dispute.Begin(ctx, state); err != nil {
			return fmt.Errorf("dispute: %w", err)
		}
		return nil
	})
}

// EndBlock ends a block and returns the changes of the validator set and the last events. An error means that the state
// cannot be trusted: the node must stop.
func (a *App) EndBlock(kv ledger.KV, info BlockInfo) ([]ValidatorUpdate, []ledger.Event, error) {
	var updates []staking.Update
	events, err := a.step(kv, info, func(ctx *ledger.Context, state ledger.KV) error {
		if err := a.dispute.End(ctx, state); err != nil {
			return fmt.Errorf("dispute: %w", err)
		}
		if err := a.task.End(ctx, state); err != nil {
			return fmt.Errorf("task: %w", err)
		}
		if err := a.rewards.End(ctx, state); err != nil {
			return fmt.Errorf("rewards: %w", err)
		}
		if err := a.forcederror.End(ctx, state); err != nil {
			return fmt.Errorf("forcederror: %w", err)
		}
		if err := a.alignment.End(ctx, state); err != nil {
			return fmt.Errorf("alignment: %w", err)
		}
		if err := a.bank.Distribute(ctx, state, a.shares(state)); err != nil {
			return fmt.Errorf("fees: %w", err)
		}
		updates = a.staking.EndBlock(ctx, state)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if err := a.audit(kv, info.Height); err != nil {
		return nil, nil, fmt.Errorf("money is not conserved at height %d: %w", info.Height, err)
	}
	return validatorUpdates(updates), events, nil
}

// ExecBlock runs a whole block and numbers its events.
func (a *App) ExecBlock(kv ledger.KV, info BlockInfo, txs [][]byte) (BlockResult, error) {
	info.Txs = len(txs)
	var res BlockResult
	begin, err := a.BeginBlock(kv, info)
	if err != nil {
		return res, fmt.Errorf("begin block %d: %w", info.Height, err)
	}
	res.Events = numbered(res.Events, begin)
	base, err := a.context(kv, info)
	if err != nil {
		return res, err
	}
	for _, raw := range txs {
		tx := a.deliver(*base, kv, raw, info.Verified)
		from := len(res.Events)
		res.Events = numbered(res.Events, tx.Events)
		tx.Events = res.Events[from:len(res.Events):len(res.Events)]
		res.Txs = append(res.Txs, tx)
	}
	updates, end, err := a.EndBlock(kv, info)
	if err != nil {
		return res, fmt.Errorf("end block %d: %w", info.Height, err)
	}
	res.Events, res.Updates = numbered(res.Events, end), updates
	return res, sealEvents(kv, info.Height, res.Events)
}

// numbered appends events, counting on.
func numbered(all, more []ledger.Event) []ledger.Event {
	for _, e := range more {
		e.Index = len(all)
		all = append(all, e)
	}
	return all
}

// step runs the begin or the end of a block in an overlay and applies it.
func (a *App) step(kv ledger.KV, info BlockInfo, fn func(ctx *ledger.Context, state ledger.KV) error) ([]ledger.Event, error) {
	ctx, err := a.context(kv, info)
	if err != nil {
		return nil, err
	}
	state := ledger.NewOverlay(kv)
	if err := fn(ctx, state); err != nil {
		return nil, err
	}
	if err := ctx.Faulted(); err != nil {
		return nil, err
	}
	if err := a.conserved(state); err != nil {
		return nil, fmt.Errorf("money is not conserved: %w", err)
	}
	events, err := encodeEvents(ctx)
	if err != nil {
		return nil, err
	}
	state.Flush()
	return events, nil
}

// context is what the rules know at a block.
func (a *App) context(kv ledger.KV, info BlockInfo) (*ledger.Context, error) {
	p, err := params(kv)
	if err != nil {
		return nil, err
	}
	return &ledger.Context{
		Network: info.Network, Height: info.Height, TimeMS: info.TimeMS, Hash: info.Hash, Params: p,
		WorkMS:    a.heartbeat.Work(p, kv, info.TimeMS),
		LeaseLive: a.heartbeat.LeaseLive(p, kv, info.TimeMS),
		Protocol:  a.dao.Protocol(kv).Version,
	}, nil
}

// shares are the validators' claims to fees: their bonded stake.
func (a *App) shares(kv ledger.KV) []bank.Share {
	var shares []bank.Share
	a.staking.Validators(kv, func(account ledger.Account, _ staking.Member) bool {
		record, _ := a.staking.Record(kv, account)
		if bonded := record.Of(ledger.RoleValidator).Bonded; bonded > 0 {
			shares = append(shares, bank.Share{Account: account, Stake: bonded})
		}
		return true
	})
	return shares
}
