// Package ledger is the ground the ledger's modules stand on: accounts, amounts, hashes, the key-value port, the
// context of one message, typed events and errors, the numbers of genesis, and the signed transaction.
//
// What it promises. Everything here is a pure function of its arguments: no clock, no random, no I/O, no goroutine,
// no float, no map order. Every decoder of outside bytes is strict (core deterministic CBOR, bounded, no trailing
// bytes, no unknown or repeated keys) and never panics.
//
// Conventions that all modules keep:
//   - A [KV] handed to a keeper is always the whole ledger's; a module writes under "<module>/" only and reads other
//     modules through its ports.
//   - A message handler is func(ctx *Context, kv KV, m Msg) error. It runs in an [Overlay]: when it returns an error
//     nothing it wrote survives, and neither do its events.
//   - Iterating while writing is safe inside an Overlay.
//   - A refusal is an [*Error]; any other error is a fault of the ledger itself.
//
// It must not know any module, any transport or any store.
package ledger
