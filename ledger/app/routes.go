package app

import (
	"fmt"
	"maps"

	"autonet/ledger"
)

// action runs one decoded message.
type action func(ctx *ledger.Context, kv ledger.KV) error

// route is how a kind of message is handled.
type route struct {
	zero   ledger.Msg // an empty message of the kind
	decode func(raw []byte) (action, error)
	parse  func(raw []byte) (ledger.Msg, error) // of JSON
	work   bool                                 // refused without a live lease, without fee or nonce change
	free   bool                                 // costs no fee; checked in full before it may wait for a block
	bare   bool                                 // free, and takes no nonce: what it says can be said once only
	light  bool                                 // free, and its rule reads no parameters
	once   bool                                 // free, and what it uses up is used up for all that come to the door after it
}

// on makes the route of a message type: decode strictly, validate, run.
func on[M ledger.Msg](handle func(ctx *ledger.Context, kv ledger.KV, m M) error) route {
	decoder := ledger.NewDecoder[M]()
	var zero M
	return route{zero: zero, parse: parseJSON[M], decode: func(raw []byte) (action, error) {
		m, err := decoder.Decode(raw)
		if err != nil {
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
	all := map[string]route{
		"rewards/commit-vote": work(a.rewards.CommitVote),
		"rewards/reveal-vote": work(a.rewards.RevealVote),
	}
	for _, module := range []map[string]route{
		a.bankRoutes(),
		a.stakingRoutes(),
		a.heartbeatRoutes(),
		a.daoRoutes(),
		a.constitutionRoutes(),
		a.alignmentRoutes(),
		a.taskRoutes(),
		a.disputeRoutes(),
		a.forcederrorRoutes(),
		a.projectRoutes(),
		a.shardregRoutes(),
	} {
		maps.Copy(all, module)
	}
	return all
}
