package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"time"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/node/roles"
)

const (
	// resubmitAfter is how long a transaction may be in no block before it is submitted again.
	resubmitAfter = 10 * time.Second
	// roomWait is how long it waits for room in a full mempool.
	roomWait = 200 * time.Millisecond
	// nonceTries bounds how often a message is signed anew because its nonce was taken.
	nonceTries = 5
	// nonceWait is how long it waits before that: what took the nonce has to be in a block first.
	nonceWait = 200 * time.Millisecond
)

// sender signs and submits this account's messages, one nonce after the other. It implements roles.Ledger.
type sender struct {
	engine  *abci.Engine
	network string
	key     ed25519.PrivateKey
	account ledger.Account
	spread  func(ctx context.Context, kind string, raw []byte)

	mu   sync.Mutex
	next uint64 // least nonce not used by this process
}

func newSender(e *abci.Engine, network string, key ed25519.PrivateKey, spread func(context.Context, string, []byte)) *sender {
	pub, _ := key.Public().(ed25519.PublicKey) // always, by the type of key
	return &sender{engine: e, network: network, key: key, account: ledger.AccountFromKey(pub), spread: spread}
}

// rekey signs with another key from now on; the account stays.
func (s *sender) rekey(key ed25519.PrivateKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
}

// Account implements roles.Ledger.
func (s *sender) Account() ledger.Account { return s.account }

// Network implements roles.Ledger.
func (s *sender) Network() string { return s.network }

// View implements roles.Ledger.
func (s *sender) View(fn func(app.View) error) error { return s.engine.View(fn) }

// Send implements roles.Ledger.
func (s *sender) Send(ctx context.Context, m ledger.Msg) (roles.Receipt, error) {
	return s.SendBuilt(ctx, func(uint64) (ledger.Msg, error) { return m, nil })
}

// SendBuilt implements roles.Ledger.
func (s *sender) SendBuilt(ctx context.Context, build func(nonce uint64) (ledger.Msg, error)) (roles.Receipt, error) {
	for try := 1; ; try++ {
		r, err := s.sendOnce(ctx, build)
		if ledger.CodeOf(err) != ledger.CodeNonce || try == nonceTries || !pause(ctx, nonceWait) {
			return r, err
		}
	}
}

func (s *sender) sendOnce(ctx context.Context, build func(nonce uint64) (ledger.Msg, error)) (roles.Receipt, error) {
	raw, nonce, err := s.submit(ctx, build)
	if err != nil {
		return roles.Receipt{}, err
	}
	hash := ledger.TxHash(raw)
	res, err := s.await(ctx, raw, hash)
	if err != nil {
		return roles.Receipt{}, err
	}
	return roles.Receipt{Height: res.Height, Hash: hash, Nonce: nonce}, res.Err()
}

// submit signs with the next nonce and puts the transaction into the mempool. Holding the lock until then keeps nonces
// in the order in which they are submitted.
func (s *sender) submit(ctx context.Context, build func(nonce uint64) (ledger.Msg, error)) ([]byte, uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var committed uint64
	if err := s.engine.View(func(v app.View) error {
		committed = v.Nonce(s.account)
		return nil
	}); err != nil {
		return nil, 0, err
	}
	nonce := max(committed, s.next)
	msg, err := build(nonce)
	if err != nil {
		return nil, 0, err
	}
	raw, err := ledger.SignTx(s.key, s.network, nonce, msg)
	if err != nil {
		return nil, 0, err
	}
	if err := s.intoMempool(ctx, raw); err != nil {
		if ledger.CodeOf(err) == ledger.CodeNonce {
			s.next = 0 // what was in flight is lost: begin again from the committed nonce
		}
		return nil, 0, fmt.Errorf("%s: %w", msg.Kind(), err)
	}
	if app.TakesNonce(msg.Kind()) {
		s.next = nonce + 1
	}
	s.spread(ctx, msg.Kind(), raw)
	return raw, nonce, nil
}

// intoMempool waits for room in a full mempool.
func (s *sender) intoMempool(ctx context.Context, raw []byte) error {
	for {
		_, err := s.engine.Submit(ctx, raw)
		if !errors.Is(err, abci.ErrMempoolFull) {
			return err
		}
		if !pause(ctx, roomWait) {
			return err
		}
	}
}

// pause waits and reports whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// await waits for the block, submitting again now and then: a mempool forgets when its node restarts.
func (s *sender) await(ctx context.Context, raw []byte, hash ledger.Hash) (abci.TxResult, error) {
	for {
		wait, cancel := context.WithTimeout(ctx, resubmitAfter)
		res, err := s.engine.Await(wait, hash)
		cancel()
		if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return res, err
		}
		if err := s.intoMempool(ctx, raw); err != nil {
			if ledger.CodeOf(err) == ledger.CodeNonce {
				s.forget()
			}
			return abci.TxResult{}, err
		}
	}
}

// forget drops the local nonce, so that the next message begins from the committed one.
func (s *sender) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = 0
}
