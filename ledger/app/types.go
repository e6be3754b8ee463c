package app

import (
	"autonet/ledger"
)

// BlockInfo is what the state machine is told about the block it runs, or, for CheckTx, about the last committed one.
type BlockInfo struct {
	Network string
	Height  int64
	TimeMS  int64       // the header's time
	Hash    ledger.Hash // of the block itself
	Txs     int         // transactions in the block; an idle block writes nothing but at empty-block intervals

	Proposer      []byte         // address of the consensus key that proposed the block
	Equivocations []Equivocation // by validators, as consensus reports them with this block

	// Verified, if given, verifies signatures in place of [ledger.VerifyTx]: the engine verifies each once, many at a time. It
	// must say of a transaction of this network, given with its hash, exactly what [ledger.VerifySignature] would.
	Verified func(ledger.Hash, ledger.Tx) bool
}

// TxResult is the outcome of one transaction.
type TxResult struct {
	Code   ledger.Code    `json:"code"`
	Text   string         `json:"text,omitempty"`
	Events []ledger.Event `json:"events,omitempty"` // none when refused; Index counts within the transaction until the block numbers them
	Sender ledger.Account `json:"sender"`
	Kind   string         `json:"kind"`
	Hash   ledger.Hash    `json:"hash"`
	Fee    ledger.Natn    `json:"fee"`
	Nonce  uint64         `json:"nonce"`
}

// ValidatorUpdate is a change of the validator set. Power 0 removes.
type ValidatorUpdate struct {
	ConsKey []byte `json:"cons_key"` // 32-byte Ed25519
	Power   int64  `json:"power"`
}

// BlockResult is the outcome of a whole block.
type BlockResult struct {
	Txs     []TxResult
	Events  []ledger.Event // of the begin, the transactions and the end of the block, numbered in this order
	Updates []ValidatorUpdate
}

// SupplyReport counts all native tokens by where they rest.
type SupplyReport struct {
	Total     ledger.Natn `json:"total"` // genesis supply less what was burned
	Burned    ledger.Natn `json:"burned"`
	Balances  ledger.Natn `json:"balances"`
	Stakes    ledger.Natn `json:"stakes"`
	Unbonding ledger.Natn `json:"unbonding"`
	Escrows   ledger.Natn `json:"escrows"`
	Projects  ledger.Natn `json:"projects"`
	Grants    ledger.Natn `json:"grants"`
	Traps     ledger.Natn `json:"traps"`
	Subsidies ledger.Natn `json:"subsidies"`
	Revenues  ledger.Natn `json:"revenues"`
	Orders    ledger.Natn `json:"orders"`
	Treasury  ledger.Natn `json:"treasury"`
	Conserved bool        `json:"conserved"`
	Breach    string      `json:"breach,omitempty"` // the first difference found
}
