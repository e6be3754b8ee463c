package abci

import (
	"crypto/ed25519"
	"runtime"
	"sync"

	"autonet/ledger"
)

// Bounds of what is remembered of signatures. Each is the size of a generation, of which there are two.
const (
	rememberedTxs  = 1 << 14 // 32 bytes each
	rememberedKeys = 1 << 11 // about 1.5 KiB each
	parallelChunk  = 16      // transactions that one goroutine verifies at a time
)

// signatures verifies every transaction of this network once, wherever it comes from: before it waits, or before its block is
// executed. It remembers those that verified by their hashes, which cover key, signature and body, and prepares the keys
// that sign again. It changes when a signature is verified and never whether it is accepted. It is safe for concurrent use.
type signatures struct {
	network string

	mu   sync.Mutex
	good generations[ledger.Hash, struct{}]
	keys generations[[ed25519.PublicKeySize]byte, *ledger.VerifyKey] // nil: has signed once
}

func newSignatures(network string) *signatures {
	return &signatures{
		network: network,
		good:    newGenerations[ledger.Hash, struct{}](rememberedTxs),
		keys:    newGenerations[[ed25519.PublicKeySize]byte, *ledger.VerifyKey](rememberedKeys),
	}
}

// valid reports whether a transaction of this network, given with its hash, is signed by its key.
func (s *signatures) valid(hash ledger.Hash, tx ledger.Tx) bool {
	var name [ed25519.PublicKeySize]byte
	if copy(name[:], tx.Key) != len(tx.Key) {
		return false
	}
	s.mu.Lock()
	_, verified := s.good.get(hash)
	key, signed := s.keys.get(name)
	s.mu.Unlock()
	switch {
	case verified:
		return true
	case key != nil:
		verified = key.Verify(tx.Signed(s.network), tx.Sig)
	default:
		verified = ledger.VerifySignature(tx.Key, tx.Signed(s.network), tx.Sig)
	}
	if !verified {
		return false
	}
	if signed && key == nil { // it is going to sign more
		prepared := ledger.PrepareKey(tx.Key)
		key = &prepared
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good.put(hash, struct{}{})
	if held, _ := s.keys.get(name); held == nil {
		s.keys.put(name, key)
	}
	return true
}

// precheck reports whether a transaction is fit for [signatures.valid], and does it. What is not is refused elsewhere.
func (s *signatures) precheck(hash ledger.Hash, raw []byte) (fit, valid bool) {
	tx, body, err := ledger.DecodeTx(raw)
	if err != nil || body.Network != s.network {
		return false, false
	}
	return true, s.valid(hash, tx)
}

// all verifies a block's transactions on all processors, so that their execution finds them verified.
func (s *signatures) all(hashes []ledger.Hash, txs [][]byte) {
	var unknown []int
	s.mu.Lock()
	for i, hash := range hashes {
		if _, verified := s.good.get(hash); !verified {
			unknown = append(unknown, i)
		}
	}
	s.mu.Unlock()
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for len(unknown) > 0 {
		chunk := unknown[:min(parallelChunk, len(unknown))]
		unknown = unknown[len(chunk):]
		limit <- struct{}{}
		wait.Go(func() {
			defer func() { <-limit }()
			for _, i := range chunk {
				s.precheck(hashes[i], txs[i])
			}
		})
	}
	wait.Wait()
}

// generations is a map that forgets what has not been used for long: when a generation is full, the one before it goes.
type generations[K comparable, V any] struct {
	size     int
	now, old map[K]V
}

func newGenerations[K comparable, V any](size int) generations[K, V] {
	return generations[K, V]{size: size, now: make(map[K]V)}
}

func (g *generations[K, V]) get(key K) (V, bool) {
	if value, ok := g.now[key]; ok {
		return value, true
	}
	value, ok := g.old[key]
	if ok {
		g.put(key, value)
	}
	return value, ok
}

func (g *generations[K, V]) put(key K, value V) {
	if _, ok := g.now[key]; !ok && len(g.now) >= g.size {
		g.old, g.now = g.now, make(map[K]V)
	}
	g.now[key] = value
}
