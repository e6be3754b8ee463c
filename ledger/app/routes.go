package app

import (
	"fmt"

	"autonet/ledger"
)

// action runs one decoded message.
type action func(ctx *ledger.Context, kv ledger.KV) error

// route is how a kind of message is handled.
type route struct {
	decode func(raw []byte) (action, error)
	parse  func(raw []byte) (ledger.Msg, error) // of JSON
	work   bool // refused without a live lease, without fee or nonce change
	free   bool // costs no fee; checked in full before it may wait for a block
}

// on makes the route of a message type: decode strictly, validate, run.
func on[M ledger.Msg](handle func(ctx *ledger.Context, kv ledger.KV, m M) error) route {
	return route{parse: parseJSON[M], decode: func(raw []byte) (action, error) {
		var m M
		if err := ledger.Unmarshal(raw, &m); err != nil {
			return nil, ledger.Refuse(ledger.CodeInvalid, "%s: %v", m.Kind(), err)
		}
		if err := m.Validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Kind(), err)
		}
		return func(ctx *ledger.Context, kv ledger.KV) error { return handle(ctx, kv, m) }, nil
	}}
}

func work[M ledger.Msg](handle func(ctx *ledger.Context, kv ledger.KV, m M) error) route {
	r := on(handle)
	r.work = true
	return r
}

func free[M ledger.Msg](handle func(ctx *ledger.Context, kv ledger.KV, m M) error) route {
	r := on(handle)
	r.free = true
	return r
}

// table lists every kind of message there is.
func (a *App) table() map[string]route {
	return map[string]route{
		"bank/send": on(a.bank.Send),
		"bank/burn": on(a.bank.Burn),

		"staking/bond":      on(a.staking.Bond),
		"staking/unbond":    on(a.staking.Unbond),
		"staking/set-salts": on(a.staking.SetSalts),

		"project/create":        on(a.project.Create),
		"project/fund":          on(a.project.Fund),
		"project/refund":        on(a.project.Refund),
		"project/publish-model": on(a.project.PublishModel),

		"shardreg/register-provider": on(a.shardreg.RegisterProvider),
		"shardreg/register":          on(a.shardreg.Register),
		"shardreg/announce":          on(a.shardreg.Announce),

		"heartbeat/register": on(a.heartbeat.Register),
		"heartbeat/pulse":    free(a.heartbeat.Pulse),

		"task/propose":      on(a.task.Propose),
		"task/open":         on(a.task.Open),
		"task/claim":        work(a.task.Claim),
		"task/checkpoint":   work(a.task.Checkpoint),
		"task/commit":       work(a.task.Commit),
		"task/reveal-truth": work(a.task.RevealTruth),
		"task/reveal":       work(a.task.Reveal),
		"task/open-steps":   work(a.task.OpenSteps),
		"task/aggregate":    work(a.task.Aggregate),

		"rewards/commit-vote": work(a.rewards.CommitVote),
		"rewards/reveal-vote": work(a.rewards.RevealVote),

		"dispute/challenge": work(a.dispute.Challenge),
		"dispute/judge":     work(a.dispute.Judge),
	}
}
