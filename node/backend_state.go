package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/node/api/types"
	"autonet/node/roles"
)

// eventsPage is how many events of a block are read at a time.
const eventsPage = 256

// stateBackend sends any message of the ledger and reads any part of its state.
type stateBackend struct {
	n       *Node
	rules   *app.App
	readers map[string]reader
}

func newStateBackend(n *Node) stateBackend {
	return stateBackend{n: n, rules: app.New(), readers: readers()}
}

// Kinds implements api.StateBackend.
func (b stateBackend) Kinds(context.Context) ([]string, error) { return b.rules.Kinds(), nil }

// Submit implements api.StateBackend.
func (b stateBackend) Submit(ctx context.Context, req types.SubmitRequest) (types.Submitted, error) {
	msg, err := b.rules.ParseMsg(req.Kind, req.Msg)
	switch {
	case ledger.CodeOf(err) == ledger.CodeNotFound:
		return types.Submitted{}, types.NewError(types.CodeUsage, "there is no message "+req.Kind, "", "list them with: autonet ledger kinds")
	case err != nil:
		return types.Submitted{}, types.NewError(types.CodeUsage, req.Kind, refusalText(err), "correct it and send it again; nothing was sent")
	}
	if lease := b.n.leaseStatus(); b.rules.Work(req.Kind) && !lease.Live { // a chain that stands still could not even refuse it
		return types.Submitted{}, types.NewError(types.CodeHalted, req.Kind, "no lease to work: "+lease.Reason, "wait for the next heartbeat: autonet heartbeat")
	}
	from, err := b.n.wallets.sender(req.From)
	if err != nil {
		return types.Submitted{}, err
	}
	r, err := from.Send(ctx, msg)
	if err != nil {
		return types.Submitted{}, ledgerError(req.Kind, err)
	}
	return b.submitted(ctx, msg.Kind(), from.account, r)
}

// refusalText is what a refusal says, without its code.
func refusalText(err error) string {
	if refusal, ok := errors.AsType[*ledger.Error](err); ok {
		return refusal.Text
	}
	return err.Error()
}

// submitted reads back what a block made of a message.
func (b stateBackend) submitted(ctx context.Context, kind string, sender ledger.Account, r roles.Receipt) (types.Submitted, error) {
	out := types.Submitted{
		Kind: kind, Sender: string(sender), Hash: r.Hash.String(), Height: r.Height, Nonce: r.Nonce, Events: []types.LedgerEvent{},
	}
	if res, err := b.n.engine.Await(ctx, r.Hash); err == nil {
		out.FeeNatn = uint64(res.Fee)
	}
	events, err := b.n.eventsOf(ctx, r.Height)
	if err != nil {
		return out, ledgerError(kind, err)
	}
	for _, e := range events {
		if e.TxHash == r.Hash {
			out.Events = append(out.Events, ledgerEvent(e))
		}
	}
	return out, nil
}

// eventsOf reads all events of one block that has any.
func (n *Node) eventsOf(ctx context.Context, height int64) ([]ledger.Event, error) {
	var out []ledger.Event
	for cursor := (abci.Cursor{Height: height}); ; {
		events, next, err := n.engine.EventsFrom(ctx, cursor, eventsPage)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.Height != height {
				return out, nil
			}
			out = append(out, e)
		}
		if len(events) < eventsPage {
			return out, nil
		}
		cursor = next
	}
}

func ledgerEvent(e ledger.Event) types.LedgerEvent {
	out := types.LedgerEvent{Height: e.Height, Index: e.Index, TimeMS: e.TimeMS, Kind: e.Kind}
	if !e.TxHash.IsZero() {
		out.TxHash = e.TxHash.String()
	}
	data, err := app.DecodeEvent(e.Kind, e.Data)
	if err != nil {
		data = map[string]string{"error": err.Error()}
	}
	out.Data = asJSON(data)
	return out
}

// State implements api.StateBackend.
func (b stateBackend) State(_ context.Context, what string, args []string) (types.State, error) {
	read, ok := b.readers[what]
	if !ok {
		return types.State{}, types.NewError(types.CodeUsage, fmt.Sprintf("the ledger keeps no %q", ledger.Clip(what)), "",
			"choose among "+strings.Join(b.parts(), ", "))
	}
	if len(args) < read.least || len(args) > read.most {
		return types.State{}, types.NewError(types.CodeUsage, what, fmt.Sprintf("%d arguments are given", len(args)), "write it like: "+strings.TrimSpace(what+" "+read.usage))
	}
	out := types.State{What: what, Height: b.n.engine.Status().Height}
	err := b.n.engine.View(func(v app.View) error {
		value, err := read.read(v, args)
		if err != nil {
			return err
		}
		if out.Value, err = json.Marshal(value); err == nil && reflect.TypeOf(value).Kind() == reflect.Slice && string(out.Value) == "null" {
			out.Value = json.RawMessage("[]") // a list without entries is a list
		}
		return err
	})
	return out, err
}

// parts lists what can be read.
func (b stateBackend) parts() []string {
	out := make([]string, 0, len(b.readers))
	for name := range b.readers {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Wallets implements api.StateBackend.
func (b stateBackend) Wallets(context.Context) ([]types.Wallet, error) { return b.n.wallets.list() }

// NewWallet implements api.StateBackend.
func (b stateBackend) NewWallet(_ context.Context, req types.NewWalletRequest) (types.Wallet, error) {
	return b.n.wallets.create(req.Name)
}
