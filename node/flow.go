package node

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"autonet/consensus/lease"
	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/ledger/shardreg"
	"autonet/node/api/types"
)

// This file is the system: every edge between domains, in the order in which data flows.
//
//	gossip ──▶ topics.go ──▶ ledger, shards, solver
//	ledger ──events──▶ follow ──▶ roles, provider, tally, event stream
//	ledger ──time, heartbeat──▶ watch ──▶ lease ──▶ work

const (
	eventBatch = 256
	// watchEvery is how often the lease is told of the ledger's time. It is far below any lease.
	watchEvery = 200 * time.Millisecond
	// cursorKey is the journal's record of the last event that roles have seen.
	cursorKey = "flow-cursor"
)

// follow reads the ledger's events from the first on. The tally counts all of them; roles and the event stream get
// those behind the durable cursor. After a restart roles are woken for every task that is not over, so that an event
// lost between a crash and the cursor costs nothing, and one seen twice does nothing twice.
func (n *Node) follow(ctx context.Context) error {
	var seen abci.Cursor
	if err := n.journal.Get(cursorKey, &seen); err != nil {
		seen = abci.Cursor{}
	}
	if err := n.wakeAll(); err != nil {
		return err
	}
	var cursor abci.Cursor
	for {
		events, next, err := n.engine.EventsFrom(ctx, cursor, eventBatch)
		if gone := (&abci.EventsGoneError{}); errors.As(err, &gone) {
			n.log.InfoContext(ctx, "what the ledger did before is not counted here", slog.Int64("height", gone.First.Height))
			cursor = gone.First
			continue
		}
		if err != nil {
			return unlessEnded(ctx, err)
		}
		for _, e := range events {
			n.dispatch(e, after(e, seen))
		}
		cursor = next
		if later(next, seen) {
			seen = next
			if err := n.journal.Put(cursorKey, seen); err != nil {
				return err
			}
			n.gossipBlock(ctx)
		}
	}
}

// unlessEnded is err, or nil when ctx has ended and err says no more than that.
func unlessEnded(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// after reports whether the event lies at or behind the cursor, which names the next event to see.
func after(e ledger.Event, c abci.Cursor) bool {
	return e.Height > c.Height || e.Height == c.Height && e.Index >= c.Index
}

func later(a, b abci.Cursor) bool {
	return a.Height > b.Height || a.Height == b.Height && a.Index > b.Index
}

// subject is what dispatch needs of any event.
type subject struct {
	Task     string `json:"task"`
	Manifest string `json:"manifest"`
}

// dispatch hands one ledger event to whom it concerns.
func (n *Node) dispatch(e ledger.Event, fresh bool) {
	data, err := app.DecodeEvent(e.Kind, e.Data)
	if err != nil {
		n.log.Error("a ledger event cannot be decoded", slog.String("kind", e.Kind), slog.Any("error", err))
		return
	}
	n.tally.add(e, data)
	if !fresh {
		return
	}
	raw := asJSON(data)
	var s subject
	if err := json.Unmarshal(raw, &s); err != nil {
		n.log.Error("a ledger event cannot be read", slog.String("kind", e.Kind), slog.Any("error", err))
	}
	if s.Task != "" {
		for _, r := range n.runners {
			r.Wake(s.Task)
		}
	}
	if e.Kind == "shardreg/registered" && n.provider != nil {
		n.provider.Registered(s.Manifest)
	}
	if asked, ok := data.(shardreg.AuditDrawn); ok && n.provider != nil && asked.Provider == n.account {
		n.provider.Audited(asked.Audit)
	}
	n.feed.Publish(types.Event{
		Time: time.UnixMilli(e.TimeMS), Source: types.SourceLedger, Kind: e.Kind, Task: s.Task, Height: e.Height,
		Summary: summary(e.Kind, data), Size: len(e.Data), Data: raw,
	})
}

// wakeAll queues every task that is not over for every role.
func (n *Node) wakeAll() error {
	return n.engine.View(func(v app.View) error {
		for _, t := range v.Tasks() {
			if t.Final() && t.Proposer != n.account {
				continue
			}
			for _, r := range n.runners {
				r.Wake(t.ID)
			}
		}
		return nil
	})
}

// watch tells the lease what the ledger says of time, heartbeat and syncing.
func (n *Node) watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		st := n.engine.Status()
		n.keeper.SetSyncing(st.CatchingUp)
		if st.Height > 0 {
			n.keeper.ObserveBlock(time.UnixMilli(st.TimeMS))
			if err := n.engine.View(func(v app.View) error {
				if b := v.Heartbeat(); b.Height > 0 {
					n.keeper.Observe(lease.Heartbeat{
						LedgerTime: time.UnixMilli(b.TimeMS), Lease: time.Duration(v.Params().LeaseMS) * time.Millisecond,
					})
				}
				return nil
			}); err != nil && ctx.Err() == nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
