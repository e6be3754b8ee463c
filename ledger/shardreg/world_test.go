package shardreg_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/shardreg"
	"autonet/shards/audit"
	"autonet/shards/manifest"
)

var (
	ann  = ledgertest.Account(1)
	bob  = ledgertest.Account(2)
	none = ledger.ManifestCID([]byte("unknown"))
)

// staked are the accounts with a provider's stake.
type staked map[ledger.Account]bool

func (s staked) Provider(_ *ledger.Context, _ ledger.KV, account ledger.Account) bool {
	return s[account]
}

// file is a stored file with all its blocks.
type file struct {
	*manifest.Manifest
	cid    string
	blocks [][]byte
}

// cut makes a file of random blocks: what they hold does not matter to the register.
func cut(tb testing.TB, size uint64, k, m int) file {
	tb.Helper()
	random := rand.New(rand.NewSource(int64(size)))
	shape := &manifest.Manifest{Size: size, K: k, M: m, BlockSize: int(min(manifest.MaxBlock, (size+uint64(k)-1)/uint64(k)))}
	f := file{}
	var digests []manifest.Digest
	for s := range shape.Stripes() {
		for c := range k + m {
			block := make([]byte, shape.BlockLen(s, c))
			random.Read(block)
			f.blocks = append(f.blocks, block)
			digests = append(digests, manifest.BLAKE3.Sum(block))
		}
	}
	var err error
	f.Manifest, err = manifest.New(size, k, m, manifest.BLAKE3, digests)
	require.NoError(tb, err)
	f.cid = f.CID().String()
	return f
}

func (f file) register() shardreg.Register {
	return shardreg.Register{
		Manifest: f.cid, Root: f.Root, Size: f.Size, Data: uint8(f.K), Parity: uint8(f.M), Strategy: shardreg.LayerWise,
	}
}

func (f file) announce(columns ...uint16) shardreg.Announce {
	return shardreg.Announce{
		Manifest: f.cid, Root: f.Root, Size: f.Size, Data: uint8(f.K), Parity: uint8(f.M), Columns: columns,
	}
}

// answer is the right answer to an audit.
func (f file) answer(tb testing.TB, a shardreg.Audit) shardreg.AnswerAudit {
	tb.Helper()
	at := audit.Place{Column: int(a.Column), Stripe: int(a.Stripe), Chunk: int(a.Chunk)}
	proof, err := audit.Prove(f.Manifest, f.blocks[at.Stripe*f.Shards()+at.Column], at)
	require.NoError(tb, err)
	return shardreg.AnswerAudit{
		Audit: a.ID, Chunk: proof.Chunk, Tree: hashes(proof.Tree), Block: hashes(proof.Block), Column: hashes(proof.Column),
	}
}

func hashes(raw [][32]byte) []ledger.Hash {
	out := make([]ledger.Hash, len(raw))
	for i, h := range raw {
		out[i] = h
	}
	return out
}

// world is a register with a clock.
type world struct {
	shardreg.Keeper
	t      testing.TB
	kv     *ledgertest.KV
	stakes staked
	height int64
	timeMS int64
	events []ledger.EventData
	params ledger.Params
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	stakes := staked{}
	return &world{
		Keeper: shardreg.New(stakes), t: tb, kv: ledgertest.NewKV(), stakes: stakes, height: 10, timeMS: 1_700_000_000_000,
		params: ledger.DevnetParams(),
	}
}

func (w *world) ctx(sender ledger.Account) *ledger.Context {
	ctx := ledgertest.Context(sender)
	ctx.Height, ctx.TimeMS, ctx.Params = w.height, w.timeMS, w.params
	ctx.Hash = sha256.Sum256([]byte(fmt.Sprint("block", w.height)))
	ctx.LeaseLive = false // nothing here waits for a lease
	return ctx
}

// send runs a message as the app does: a refusal changes nothing.
func (w *world) send(from ledger.Account, m ledger.Msg) ledger.Code {
	w.t.Helper()
	if err := m.Validate(); err != nil {
		return ledger.CodeOf(err)
	}
	ctx, state := w.ctx(from), ledger.NewOverlay(w.kv)
	var err error
	switch m := m.(type) {
	case shardreg.RegisterProvider:
		err = w.RegisterProvider(ctx, state, m)
	case shardreg.Deregister:
		err = w.Deregister(ctx, state, m)
	case shardreg.Register:
		err = w.Register(ctx, state, m)
	case shardreg.Unregister:
		err = w.Unregister(ctx, state, m)
	case shardreg.Announce:
		err = w.Announce(ctx, state, m)
	case shardreg.Withdraw:
		err = w.Withdraw(ctx, state, m)
	case shardreg.AnswerAudit:
		err = w.AnswerAudit(ctx, state, m)
	default:
		w.t.Fatalf("no rule for %s", m.Kind())
	}
	require.NoError(w.t, ctx.Faulted())
	if err != nil {
		require.NotEqual(w.t, ledger.CodeInternal, ledger.CodeOf(err), "%v", err)
		return ledger.CodeOf(err)
	}
	w.events = append(w.events, ctx.Emitted()...)
	state.Flush()
	return ledger.CodeOK
}

func (w *world) must(from ledger.Account, m ledger.Msg) {
	w.t.Helper()
	require.Equal(w.t, ledger.CodeOK, w.send(from, m), "%s", m.Kind())
}

// join makes an account a provider.
func (w *world) join(account ledger.Account, capacity uint64) {
	w.t.Helper()
	w.stakes[account] = true
	w.must(account, shardreg.RegisterProvider{Capacity: capacity})
}

// block begins the next block, ms later.
func (w *world) block(ms int64) {
	w.t.Helper()
	w.height++
	w.timeMS += ms
	ctx := w.ctx("")
	require.NoError(w.t, w.BeginBlock(ctx, w.kv))
	require.NoError(w.t, ctx.Faulted())
	w.events = append(w.events, ctx.Emitted()...)
}

// round begins a block in which a round is due.
func (w *world) round() {
	w.t.Helper()
	w.block(w.params.Shards.RoundMS)
}

func (w *world) provider(account ledger.Account) shardreg.Provider {
	w.t.Helper()
	p, ok := w.Provider(w.kv, account)
	require.True(w.t, ok)
	return p
}

// asked returns a provider's open audit, waiting for rounds to draw one.
func (w *world) asked(account ledger.Account) shardreg.Audit {
	w.t.Helper()
	for range 50 {
		if a, ok := w.Audit(w.kv, w.provider(account).Audit); ok {
			require.Equal(w.t, account, a.Provider)
			return a
		}
		w.round()
	}
	w.t.Fatal("no audit is drawn")
	return shardreg.Audit{}
}

// silence lets a provider's open audit run out.
func (w *world) silence(account ledger.Account) {
	w.t.Helper()
	id := w.asked(account).ID
	w.height += int64(w.params.Shards.AnswerBlocks)
	w.block(w.params.Shards.AnswerMS)
	_, open := w.Audit(w.kv, id)
	require.False(w.t, open)
}

func (w *world) available(cid string) shardreg.Availability {
	w.t.Helper()
	a, ok := w.Availability(w.ctx(""), w.kv, cid, ledger.Hash{})
	require.True(w.t, ok)
	return a
}

// manifest is the registration that is meant by a CID.
func (w *world) manifest(cid string) (shardreg.Manifest, bool) {
	return w.Manifest(w.ctx(""), w.kv, cid, ledger.Hash{})
}

// repair is the open call for repair of what a CID means.
func (w *world) repair(cid string) (shardreg.Repair, bool) {
	m, _ := w.manifest(cid)
	return w.Repair(w.kv, m)
}

// last returns the newest event of a kind.
func last[E ledger.EventData](w *world) (e E, ok bool) {
	for _, data := range w.events {
		if one, is := data.(E); is {
			e, ok = one, true
		}
	}
	return e, ok
}
