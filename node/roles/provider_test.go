package roles_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/rand"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/ledgertest"
	"autonet/ledger/shardreg"
	"autonet/node/roles"
	"autonet/shards/audit"
	"autonet/shards/manifest"
)

// desk is a chain of one account, who is its validator and a provider, and the files that it keeps.
type desk struct {
	t *testing.T

	mu     sync.Mutex
	app    *app.App
	kv     *ledgertest.KV
	height int64
	timeMS int64

	file   *manifest.Manifest
	blocks [][]byte
	broken bool // its disk
	told   []error
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	cons := sha256.Sum256([]byte("consensus"))
	d := &desk{t: t, app: app.New(), kv: ledgertest.NewKV(), timeMS: 1_700_000_000_000}
	_, err := d.app.InitGenesis(d.kv, app.Genesis{
		Network: "desk", Params: ledger.DevnetParams(), Accounts: []app.GenAccount{{
			Account: d.Account(), Balance: 1000 * ledger.ATN, Capacity: 1 << 30, Governor: true,
			Stakes: []app.GenStake{
				{Role: ledger.RoleValidator, Amount: 10_000 * ledger.ATN, ConsKey: cons[:]}, {Role: ledger.RoleProvider, Amount: 50 * ledger.ATN},
			},
		}},
	}, d.timeMS)
	require.NoError(t, err)
	random := rand.New(rand.NewSource(1))
	var digests []manifest.Digest
	for range 3 {
		block := make([]byte, 5000)
		random.Read(block)
		d.blocks, digests = append(d.blocks, block), append(digests, manifest.BLAKE3.Sum(block))
	}
	d.file, err = manifest.New(10_000, 2, 1, manifest.BLAKE3, digests)
	require.NoError(t, err)
	return d
}

func (d *desk) cid() string { return d.file.CID().String() }

// register is the file's registration.
func (d *desk) register() shardreg.Register {
	return shardreg.Register{Manifest: d.cid(), Root: d.file.Root, Size: 10_000, Data: 2, Parity: 1, Strategy: shardreg.Replica}
}

func (d *desk) announce() shardreg.Announce {
	return shardreg.Announce{Manifest: d.cid(), Root: d.file.Root, Size: 10_000, Data: 2, Parity: 1, Columns: []uint16{0, 2}}
}

// Account implements roles.Ledger.
func (d *desk) Account() ledger.Account { return ledgertest.Account(0) }

// Network implements roles.Ledger.
func (d *desk) Network() string { return "desk" }

// View implements roles.Ledger.
func (d *desk) View(fn func(app.View) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fn(d.app.View(d.kv))
}

// Send implements roles.Ledger.
func (d *desk) Send(_ context.Context, m ledger.Msg) (roles.Receipt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	raw, err := ledger.SignTx(ledgertest.Key(0), "desk", d.app.View(d.kv).Nonce(d.Account()), m)
	if err != nil {
		return roles.Receipt{}, err
	}
	res := d.block(100, raw)
	if res.Code != ledger.CodeOK {
		return roles.Receipt{}, &ledger.Error{Code: res.Code, Text: res.Text}
	}
	return roles.Receipt{Height: d.height}, nil
}

// SendBuilt implements roles.Ledger.
func (d *desk) SendBuilt(context.Context, func(uint64) (ledger.Msg, error)) (roles.Receipt, error) {
	return roles.Receipt{}, errors.New("no provider needs this")
}

// block runs one; d.mu is held.
func (d *desk) block(ms int64, txs ...[]byte) (first app.TxResult) {
	d.height++
	d.timeMS += ms
	res, err := d.app.ExecBlock(d.kv, app.BlockInfo{
		Network: "desk", Height: d.height, TimeMS: d.timeMS, Hash: sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(d.height))),
	}, txs)
	if err != nil {
		d.t.Error(err)
	}
	if len(res.Txs) > 0 {
		first = res.Txs[0]
	}
	return first
}

// drawn runs blocks until the ledger asks for a chunk.
func (d *desk) drawn() string {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for range 100 {
		if open := d.app.View(d.kv).Audits(); len(open) > 0 {
			return open[0].ID
		}
		d.block(1000)
	}
	d.t.Fatal("no audit is drawn")
	return ""
}

func (d *desk) me() shardreg.Provider {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, _ := d.app.View(d.kv).Provider(d.Account())
	return p.Provider
}

// Pin implements roles.Files.
func (d *desk) Pin(context.Context, []byte) (roles.Pinned, error) {
	return roles.Pinned{}, errors.New("no provider needs this")
}

// Fetch implements roles.Files.
func (d *desk) Fetch(context.Context, string, int64) ([]byte, error) {
	return nil, errors.New("no provider needs this")
}

// Held implements roles.Files.
func (d *desk) Held(_ context.Context, cid string) (roles.Held, error) {
	if cid != d.cid() {
		return roles.Held{}, nil
	}
	return roles.Held{Columns: []uint16{0, 2}, Root: d.file.Root, Size: 10_000, Data: 2, Parity: 1, Auditable: true}, nil
}

// Prove implements roles.Files.
func (d *desk) Prove(_ context.Context, _ string, at audit.Place) (audit.Proof, error) {
	d.mu.Lock()
	broken := d.broken
	d.mu.Unlock()
	if broken {
		return audit.Proof{}, audit.ErrBlock
	}
	return audit.Prove(d.file, d.blocks[at.Column], at)
}

// start runs a provider until the test ends.
func (d *desk) start() *roles.Provider {
	d.t.Helper()
	p := roles.NewProvider(roles.Deps{Ledger: d, Files: d, Report: func(told roles.Progress) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.told = append(d.told, told.Err)
	}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	d.t.Cleanup(func() {
		cancel()
		require.NoError(d.t, <-done)
	})
	return p
}

func (d *desk) send(m ledger.Msg) {
	d.t.Helper()
	_, err := d.Send(d.t.Context(), m)
	require.NoError(d.t, err)
}

func (d *desk) eventually(what string, fn func() bool) {
	d.t.Helper()
	require.Eventually(d.t, fn, 30*time.Second, 5*time.Millisecond, what)
}

func TestAProviderAnnouncesWhatItHoldsAndAnswersAudits(t *testing.T) {
	d := newDesk(t)
	p := d.start()
	d.send(d.register())
	p.Registered("a file that nobody registered")
	p.Registered(d.cid())
	p.Registered(d.cid())
	d.eventually("announced", func() bool { return d.me().Used == 10_000 })
	for i := range 3 {
		p.Audited(d.drawn())
		d.eventually("answered", func() bool { return d.me().Reputation == uint16(510+10*i) })
	}
	p.Audited("an audit that is over")
	require.Zero(t, d.me().Failed)
}

func TestAProviderThatComesBackAnswersTheOpenAudit(t *testing.T) {
	d := newDesk(t)
	d.send(d.register())
	d.send(d.announce())
	d.drawn()
	d.start()
	d.eventually("answered", func() bool { return d.me().Reputation == 510 })
}

func TestAProviderAnnouncesNothingUnderAForgedRegistration(t *testing.T) {
	d := newDesk(t)
	p := d.start()
	forged := d.register()
	forged.Root[0] ^= 1
	d.send(forged)
	p.Registered(d.cid())
	d.eventually("told", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.told) > 0
	})
	require.Zero(t, d.me().Used)
}

func TestADamagedBlockIsNotShownToTheLedger(t *testing.T) {
	d := newDesk(t)
	d.send(d.register())
	d.send(d.announce())
	asked := d.drawn()
	d.broken = true
	p := d.start()
	d.eventually("told", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.told) > 0
	})
	require.Zero(t, d.me().Failed)
	d.mu.Lock()
	d.broken = false // restored
	d.mu.Unlock()
	p.Audited(asked) // the provider's own next try comes later
	d.eventually("answered after all", func() bool { return d.me().Reputation == 510 })
}
