package app

import (
	"errors"
	"fmt"

	"autonet/ledger"
)

// shortMessage is the size in bytes up to which reading a message is cheap beside verifying a signature.
const shortMessage = 1024

// admitted is a transaction that passed everything that costs next to nothing.
type admitted struct {
	tx    ledger.Tx
	body  ledger.Body
	route route
	price ledger.Natn
	hash  ledger.Hash
}

// admit checks a transaction's form, network, kind and fee. Neither its message nor its signature has been looked at.
func (a *App) admit(network string, raw []byte) (admitted, error) {
	tx, body, err := ledger.DecodeTx(raw)
	if err != nil {
		return admitted{}, err
	}
	if body.Network != network {
		return admitted{}, ledger.Refuse(ledger.CodeInvalid, "the transaction is for network %q, this is %q", body.Network, network)
	}
	known, ok := a.routes[body.Kind]
	if !ok {
		return admitted{}, ledger.Refuse(ledger.CodeInvalid, "there is no message %q", body.Kind)
	}
	in := admitted{tx: tx, body: body, route: known}
	if !known.free {
		in.price = ledger.Fee(len(raw))
	}
	if body.Fee < in.price {
		return admitted{}, ledger.Refuse(ledger.CodeFee, "a fee of %s is offered; the price is %s", body.Fee, in.price)
	}
	return in, nil
}

// signed verifies the signature. The transaction is of this network: see admit.
func (in admitted) signed(verified func(ledger.Hash, ledger.Tx) bool) error {
	if verified == nil {
		return ledger.VerifyTx(in.tx, in.body, in.body.Network)
	}
	if !verified(in.hash, in.tx) {
		return ledger.BadSignature()
	}
	return nil
}

// allowed refuses work without a lease.
func (in admitted) allowed(ctx *ledger.Context) error {
	if in.route.work && !ctx.LeaseLive {
		return ledger.Refuse(ledger.CodeHalted, "%s: governance has sent no heartbeat; work resumes when it does", in.body.Kind)
	}
	return nil
}

// CheckTx decides whether a transaction may wait for a block. info is the last committed block's. The fee and the nonce of
// one that may are taken in kv, so that the sender's next one is judged after it: kv must be a scratch store over the
// committed state. The message itself is not run, but for one that costs nothing.
//
// The order is that of cost: form, network, kind and fee; then sender, nonce and balance, a read each; then the lease; then the
// message's own form; and the signature, which costs more than all of it, only when everything else is right. Reading a long
// message may cost more than the signature, and comes after it.
func (a *App) CheckTx(kv ledger.KV, info BlockInfo, raw []byte) error {
	return a.check(kv, info, raw, true)
}

// RecheckTx is CheckTx without verifying the signature again, for bytes that passed CheckTx before.
func (a *App) RecheckTx(kv ledger.KV, info BlockInfo, raw []byte) error {
	return a.check(kv, info, raw, false)
}

func (a *App) check(kv ledger.KV, info BlockInfo, raw []byte, verify bool) error {
	in, err := a.admit(info.Network, raw)
	if err != nil {
		return refusal(err)
	}
	in.hash = ledger.TxHash(raw)
	ctx, err := a.doorContext(kv, info, in)
	if err != nil {
		return refusal(err)
	}
	if !in.route.bare {
		if err := a.bank.Payable(kv, ctx.Sender, in.body.Nonce, in.price); err != nil {
			return refusal(err)
		}
	}
	if err := in.allowed(ctx); err != nil {
		return refusal(err)
	}
	long := len(in.body.Msg) > shortMessage
	if verify && long {
		if err := in.signed(info.Verified); err != nil {
			return refusal(err)
		}
	}
	run, err := in.route.decode(in.body.Msg)
	if err != nil {
		return refusal(err)
	}
	state := ledger.NewOverlay(kv)
	if in.route.free {
		if err := run(ctx, state); err != nil {
			return refusal(err)
		}
	}
	if verify && !long {
		if err := in.signed(info.Verified); err != nil {
			return refusal(err)
		}
	}
	if in.route.once {
		state.Flush()
	}
	if in.route.bare {
		return nil
	}
	return refusal(a.bank.Charge(kv, ctx.Sender, in.body.Nonce, in.price))
}

// doorContext is the context of a transaction at the door. Most need nothing of it but their sender, and the numbers in
// force are dear to read.
func (a *App) doorContext(kv ledger.KV, info BlockInfo, in admitted) (*ledger.Context, error) {
	sender := in.tx.Sender()
	_, rotated := a.staking.KeyUse(kv, sender)
	switch {
	case rotated || in.route.work || (in.route.free && !in.route.light):
	case in.route.free:
		return &ledger.Context{
			Network: info.Network, Height: info.Height, TimeMS: info.TimeMS, Hash: info.Hash,
			Sender: sender, Nonce: in.body.Nonce, TxHash: in.hash,
		}, nil
	default:
		return &ledger.Context{Sender: sender}, nil
	}
	ctx, err := a.context(kv, info)
	if err != nil {
		return nil, err
	}
	return ctx, a.attribute(ctx, kv, in)
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
func (a *App) deliver(ctx ledger.Context, kv ledger.KV, raw []byte, verified func(ledger.Hash, ledger.Tx) bool) TxResult {
	res := TxResult{Hash: ledger.TxHash(raw)}
	in, err := a.admit(ctx.Network, raw)
	if err != nil {
		return failed(res, err)
	}
	in.hash = res.Hash
	run, err := in.route.decode(in.body.Msg)
	if err != nil {
		return failed(res, err)
	}
	if err := in.signed(verified); err != nil {
		return failed(res, err)
	}
	if err := a.attribute(&ctx, kv, in); err != nil {
		return failed(res, err)
	}
	res.Sender, res.Kind, res.Nonce = ctx.Sender, in.body.Kind, ctx.Nonce
	if err := in.allowed(&ctx); err != nil {
		return failed(res, err)
	}
	state := ledger.NewOverlay(kv)
	if err := a.charge(kv, state, ctx.Sender, in); err != nil {
		return failed(res, err)
	}
	res.Fee = in.price
	err = run(&ctx, state)
	if err == nil {
		a.signed(&ctx, state)
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

// charge takes the fee and the nonce for good, even if the message is refused. Only an account that the ledger does not know
// and that pays nothing leaves nothing behind when it is refused: else strangers could fill the state for free.
func (a *App) charge(kv, state ledger.KV, sender ledger.Account, in admitted) error {
	if in.route.bare {
		return nil
	}
	if in.route.free {
		if _, known := a.bank.Account(kv, sender); !known {
			kv = state
		}
	}
	return a.bank.Charge(kv, sender, in.body.Nonce, in.price)
}

// attribute completes a context with its transaction. The lease is read anew: pulses in the same block may have made one.
func (a *App) attribute(ctx *ledger.Context, kv ledger.KV, in admitted) error {
	sender, err := a.staking.Resolve(ctx, kv, in.tx.Sender())
	if err != nil {
		return err
	}
	ctx.Sender = sender
	ctx.Nonce = in.body.Nonce
	ctx.TxHash = in.hash
	ctx.LeaseLive = a.heartbeat.LeaseLive(ctx.Params, kv, ctx.TimeMS)
	return nil
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
