package app

import (
	"errors"
	"fmt"

	"autonet/ledger"
)

// admitted is a transaction that passed everything that needs no state.
type admitted struct {
	tx    ledger.Tx
	body  ledger.Body
	route route
	run   action
	price ledger.Natn
}

// admit decodes and checks a transaction without the state. verify is false only for bytes that were verified before.
func (a *App) admit(network string, raw []byte, verify bool) (admitted, error) {
	tx, body, err := ledger.DecodeTx(raw)
	if err != nil {
		return admitted{}, err
	}
	known, ok := a.routes[body.Kind]
	if !ok {
		return admitted{}, ledger.Refuse(ledger.CodeInvalid, "there is no message %q", body.Kind)
	}
	run, err := known.decode(body.Msg)
	if err != nil {
		return admitted{}, err
	}
	if verify {
		if err := ledger.VerifyTx(tx, body, network); err != nil {
			return admitted{}, err
		}
	} else if body.Network != network {
		return admitted{}, ledger.Refuse(ledger.CodeInvalid, "the transaction is for network %q", body.Network)
	}
	in := admitted{tx: tx, body: body, route: known, run: run, price: ledger.Fee(len(raw))}
	if known.free {
		in.price = 0
	}
	return in, nil
}

// enter makes the checks that a transaction must pass in the state before its message runs, takes its fee and uses its
// nonce. A refusal changes nothing.
func (a *App) enter(ctx *ledger.Context, kv ledger.KV, in admitted) error {
	if in.route.work && !ctx.LeaseLive {
		return ledger.Refuse(ledger.CodeHalted, "%s: governance has sent no heartbeat; work resumes when it does", in.body.Kind)
	}
	if in.body.Fee < in.price {
		return ledger.Refuse(ledger.CodeFee, "a fee of %s is offered; the price is %s", in.body.Fee, in.price)
	}
	return a.bank.Charge(kv, ctx.Sender, in.body.Nonce, in.price)
}

// CheckTx decides whether a transaction may wait for a block. info is the last committed block's. The fee and the nonce of
// one that may are taken in kv, so that the sender's next one is judged after it: kv must be a scratch store over the
// committed state. The message itself is not run, but for a pulse, which costs nothing.
func (a *App) CheckTx(kv ledger.KV, info BlockInfo, raw []byte) error {
	return a.check(kv, info, raw, true)
}

// RecheckTx is CheckTx without verifying the signature again, for bytes that passed CheckTx before.
func (a *App) RecheckTx(kv ledger.KV, info BlockInfo, raw []byte) error {
	return a.check(kv, info, raw, false)
}

func (a *App) check(kv ledger.KV, info BlockInfo, raw []byte, verify bool) error {
	in, err := a.admit(info.Network, raw, verify)
	if err != nil {
		return refusal(err)
	}
	ctx, err := a.context(kv, info)
	if err != nil {
		return refusal(err)
	}
	a.attribute(ctx, kv, in, raw)
	if in.route.free {
		if err := in.run(ctx, ledger.NewOverlay(kv)); err != nil {
			return refusal(err)
		}
	}
	return refusal(a.enter(ctx, kv, in))
}

// DeliverTx runs one transaction of a block. Refused, it leaves its sender's nonce and fee, or nothing at all when it is
// malformed, halted, unpaid or out of order.
func (a *App) DeliverTx(kv ledger.KV, info BlockInfo, raw []byte) TxResult {
	ctx, err := a.context(kv, info)
	if err != nil {
		return failed(TxResult{Hash: ledger.TxHash(raw)}, err)
	}
	return a.deliver(*ctx, kv, raw, info.Verified)
}

// deliver runs one transaction in a copy of the block's context.
func (a *App) deliver(ctx ledger.Context, kv ledger.KV, raw []byte, verified func(ledger.Hash) bool) TxResult {
	res := TxResult{Hash: ledger.TxHash(raw)}
	in, err := a.admit(ctx.Network, raw, verified == nil || !verified(res.Hash))
	if err != nil {
		return failed(res, err)
	}
	a.attribute(&ctx, kv, in, raw)
	res.Sender, res.Kind, res.Nonce = ctx.Sender, in.body.Kind, ctx.Nonce
	if err := a.enter(&ctx, kv, in); err != nil {
		return failed(res, err)
	}
	res.Fee = in.price
	state := ledger.NewOverlay(kv)
	err = in.run(&ctx, state)
	if err == nil {
		err = ctx.Faulted()
	}
	if err == nil {
		err = a.conserved(state)
	}
	if err == nil {
		res.Events, err = encodeEvents(&ctx)
	}
	if err != nil {
		res.Events = nil
		return failed(res, err)
	}
	state.Flush()
	return res
}

// attribute completes a context with its transaction. The lease is read anew: pulses in the same block may have made one.
func (a *App) attribute(ctx *ledger.Context, kv ledger.KV, in admitted, raw []byte) {
	ctx.Sender = in.tx.Sender()
	ctx.Nonce = in.body.Nonce
	ctx.TxHash = ledger.TxHash(raw)
	ctx.LeaseLive = a.heartbeat.LeaseLive(ctx.Params, kv, ctx.TimeMS)
}

func failed(res TxResult, err error) TxResult {
	res.Code, res.Text = ledger.CodeOf(err), text(err)
	return res
}

// refusal makes every error an [*ledger.Error]; what is none is a fault of the ledger itself.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	return &ledger.Error{Code: ledger.CodeOf(err), Text: text(err)}
}

// text is an error's text without the code's name, which an [*ledger.Error] carries beside it.
func text(err error) string {
	var refused *ledger.Error
	if errors.As(err, &refused) && refused == err { //nolint:errorlint // only an unwrapped one can be taken apart
		return refused.Text
	}
	return err.Error()
}

func encodeEvents(ctx *ledger.Context) ([]ledger.Event, error) {
	emitted := ctx.Emitted()
	events := make([]ledger.Event, 0, len(emitted))
	for i, data := range emitted {
		raw, err := ledger.Marshal(data)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", data.EventKind(), err)
		}
		events = append(events, ledger.Event{
			Height: ctx.Height, Index: i, TimeMS: ctx.TimeMS, Kind: data.EventKind(), Data: raw, TxHash: ctx.TxHash,
		})
	}
	return events, nil
}
