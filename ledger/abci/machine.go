package abci

import (
	"fmt"
	"runtime/debug"

	"autonet/ledger"
	"autonet/ledger/app"
)

// block is what the rules are told about the block they run in.
type block struct {
	network string
	height  int64
	timeMS  int64
	hash    ledger.Hash
	faults  []fault

	proposer []byte                            // address of its consensus key
	verified func(ledger.Hash, ledger.Tx) bool // whether a transaction of this network is signed by its key; nil: ledger.VerifyTx
}

// fault is a validator that consensus caught.
type fault struct {
	kind    app.Offence
	address []byte // of its consensus key
	height  int64
	timeMS  int64 // of the block at that height
}

// validatorUpdate sets the voting power of a consensus key; 0 removes it.
type validatorUpdate struct {
	key   []byte // Ed25519
	power int64
}

// outcome is what the rules made of a block: a result for each transaction, and the events in the order they happened.
type outcome struct {
	results []TxResult
	events  []ledger.Event
	updates []validatorUpdate
}

// machine is the replicated state machine. It holds no state of its own: run is called for one block after the other,
// check beside it on a store of its own.
type machine interface {
	// genesis writes the first state from the application's part of the genesis file.
	genesis(kv ledger.KV, raw []byte, timeMS int64) ([]validatorUpdate, error)
	// check decides whether a transaction may wait for a block and leaves in kv what the sender's next one must build
	// on: its nonce and its fee. It is told of the last committed block. A trusted transaction has passed check before.
	check(kv ledger.KV, at block, raw []byte, trusted bool) error
	// run executes a block. An error means that the state is no longer sound: the node must stop.
	run(kv ledger.KV, at block, txs [][]byte) (outcome, error)
}

// guarded runs fn and turns a panic into an error: modules panic on a broken store, CometBFT on a failing disk.
func guarded(what string, fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if cause, ok := r.(error); ok {
				err = fmt.Errorf("%s: %w", what, cause)
				return
			}
			err = fmt.Errorf("%s: %v\n%s", what, r, debug.Stack())
		}
	}()
	return fn()
}
