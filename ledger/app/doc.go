// Package app joins the ledger's modules into one deterministic state machine: genesis, admission of transactions, blocks,
// conservation of money, and typed reads.
//
// What it promises. The same genesis and blocks give the same bytes in the store and the same events. Every transaction
// runs in an overlay: refused, it leaves nothing but its sender's nonce and fee; a work message without a live lease and a
// pulse leave not even those. Money is conserved: every overlay's changes of pots must cancel out before they are applied,
// the running totals must add up at the end of every block, and all pots are counted one by one in every block
// while they are few, and regularly when they are many. A breach is an error of the block, on which the node stops.
//
// The modules are called in a fixed order (see order.go). App holds no state: everything is in the KV it is given.
//
// It must not know how blocks are agreed on or where the KV keeps its bytes.
package app
