package abci

import "autonet/ledger"

// Signatures are a node's memory of signatures.
type Signatures struct{ s *signatures }

// NewSignatures makes one that has seen nothing.
func NewSignatures(network string) Signatures { return Signatures{newSignatures(network)} }

// Valid asks for one transaction.
func (s Signatures) Valid(raw []byte) bool {
	_, valid := s.s.precheck(ledger.TxHash(raw), raw)
	return valid
}

// All verifies a block.
func (s Signatures) All(txs ...[]byte) {
	hashes := make([]ledger.Hash, len(txs))
	for i, raw := range txs {
		hashes[i] = ledger.TxHash(raw)
	}
	s.s.all(hashes, txs)
}

// Remembered is the number of transactions and of keys that are remembered.
func (s Signatures) Remembered() (txs, keys int) {
	return len(s.s.good.now) + len(s.s.good.old), len(s.s.keys.now) + len(s.s.keys.old)
}

// Forget makes the memory so small that nearly everything is forgotten.
func (s Signatures) Forget() { s.s.good.size, s.s.keys.size = 1, 1 }
