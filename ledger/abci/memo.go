package abci

import "autonet/ledger"

// memo remembers what has been read of a committed state, for the time of one block: a block's transactions ask for the same
// records again and again, and the way through the tree to each is long, above all to those that do not exist. It is not
// safe for concurrent use.
type memo struct {
	ledger.KV
	read map[string][]byte
}

func remembering(kv ledger.KV) memo { return memo{KV: kv, read: make(map[string][]byte)} }

// Get implements ledger.KV.
func (m memo) Get(key []byte) []byte {
	if value, ok := m.read[string(key)]; ok {
		return value
	}
	value := m.KV.Get(key)
	m.read[string(key)] = value
	return value
}
