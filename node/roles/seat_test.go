package roles_test

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/node/roles"
)

// seat is one account's access to the ledger and to the shelf, on which it may be made to die.
type seat struct {
	w       *world
	key     ed25519.PrivateKey
	account ledger.Account
	column  int // 1 for the first provider, 2 for the second, 0 for nobody

	mortal bool // dies at operation n of its n-th life
	after  bool // after the operation rather than before it
	ops    int  // of this life
	deaths int
}

// operate counts an operation and dies before or after it if it is the one.
func (s *seat) operate(do func() error) error {
	s.ops++
	last := s.mortal && s.ops == s.deaths+1
	if last && !s.after {
		panic(errDeath)
	}
	err := do()
	if last {
		panic(errDeath)
	}
	return err
}

// Account implements roles.Ledger.
func (s *seat) Account() ledger.Account { return s.account }

// Network implements roles.Ledger.
func (*seat) Network() string { return network }

// View implements roles.Ledger.
func (s *seat) View(fn func(app.View) error) error { return s.w.view(fn) }

// Send implements roles.Ledger.
func (s *seat) Send(ctx context.Context, m ledger.Msg) (roles.Receipt, error) {
	return s.SendBuilt(ctx, func(uint64) (ledger.Msg, error) { return m, nil })
}

// SendBuilt implements roles.Ledger: it makes a block of one transaction.
func (s *seat) SendBuilt(_ context.Context, build func(uint64) (ledger.Msg, error)) (r roles.Receipt, err error) {
	err = s.operate(func() error {
		r, err = s.send(build)
		return err
	})
	return r, err
}

func (s *seat) send(build func(uint64) (ledger.Msg, error)) (roles.Receipt, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.beat()
	nonce := s.w.app.View(s.w.kv).Nonce(s.account)
	m, err := build(nonce)
	if err != nil {
		return roles.Receipt{}, err
	}
	raw, err := ledger.SignTx(s.key, network, nonce, m)
	if err != nil {
		return roles.Receipt{}, err
	}
	if err := s.w.app.CheckTx(ledger.NewOverlay(s.w.kv), s.w.info(), raw); err != nil {
		return roles.Receipt{}, fmt.Errorf("%s: %w", m.Kind(), err)
	}
	res := s.w.block(raw)[0]
	if res.Code != ledger.CodeOK {
		return roles.Receipt{}, ledger.Refuse(res.Code, "%s", res.Text)
	}
	s.w.taken.Add(1)
	return roles.Receipt{Height: s.w.height, Hash: res.Hash, Nonce: nonce}, nil
}
