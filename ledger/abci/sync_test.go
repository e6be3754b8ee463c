package abci_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
)

// members are the engines that a joiner can ask, and what lies between them and it.
type members struct {
	names []string
	nodes map[string]*node
	spoil func(peer string, answer []byte) []byte

	mu    sync.Mutex
	asked map[string]int
}

func around(nodes ...*node) *members {
	m := &members{nodes: map[string]*node{}, asked: map[string]int{}}
	for i, n := range nodes {
		name := fmt.Sprint("member", i)
		m.names, m.nodes[name] = append(m.names, name), n
	}
	return m
}

func (m *members) Peers() []string { return slices.Clone(m.names) }

func (m *members) Ask(ctx context.Context, peer string, request []byte) ([]byte, error) {
	m.mu.Lock()
	m.asked[peer]++
	m.mu.Unlock()
	if len(request) > abci.MaxSyncRequest {
		return nil, errors.New("a request out of bounds")
	}
	answer, err := m.nodes[peer].Answer(ctx, request)
	if err == nil && len(answer) > abci.MaxSyncAnswer {
		return nil, errors.New("an answer out of bounds")
	}
	if err == nil && m.spoil != nil {
		answer = m.spoil(peer, answer)
	}
	return answer, err
}

// withHistory starts validators that have made a snapshot of a state of some size and gone on.
func withHistory(t *testing.T, count int) (nodes []*node, joiner abci.Config) {
	t.Helper()
	root := t.TempDir()
	cfgs, keys := make([]abci.Config, count+1), make([][]byte, count+1)
	for i := range cfgs {
		cfgs[i], keys[i] = config(t, root, fmt.Sprint("v", i))
		cfgs[i].SnapshotEvery = 10
	}
	require.NoError(t, abci.WriteTestGenesis(cfgs[0].GenesisFile, network, time.Now(), keys[:count]...))
	for i := range count {
		nodes = append(nodes, start(t, cfgs[i]))
	}
	meet(t, nodes...)
	sender := key("sender")
	for nonce := range uint64(14) {
		commit(t, nodes[0], put(t, sender, nonce, fmt.Sprint("key", nonce), fmt.Sprint(nonce)))
	}
	for _, n := range nodes {
		reaches(t, n, 13)
		require.Eventually(t, func() bool { return len(n.Snapshots()) > 0 }, 20*time.Second, 10*time.Millisecond)
	}
	return nodes, cfgs[count]
}

func TestLateJoinerTakesTheStateFromASnapshot(t *testing.T) {
	nodes, cfg := withHistory(t, 2)
	cfg.Sync = around(nodes...)
	j := start(t, cfg)
	first := j.Status().Height
	require.GreaterOrEqual(t, first, int64(10), "no block before it was executed")
	meet(t, append(nodes, j)...)
	sender := key("sender")
	require.NoError(t, commit(t, nodes[0], put(t, sender, 14, "late", "x")).Err())
	require.Eventually(t, func() bool {
		return nonceOf(t, j, account(sender)) == 15 && !j.Status().CatchingUp
	}, 20*time.Second, 10*time.Millisecond)
	agree(t, nodes[0].Status().Height, append(nodes, j)...)
	require.NoError(t, j.Read(func(kv ledger.KV) error {
		require.Equal(t, "3", string(kv.Get(ledger.Key("value", "key3"))))
		return nil
	}))

	// Its events begin after the snapshot, and it says so.
	_, _, err := j.EventsFrom(t.Context(), abci.Cursor{}, 10)
	var gone *abci.EventsGoneError
	require.ErrorAs(t, err, &gone)
	require.Equal(t, int64(1), gone.First.Height%10)
	require.Greater(t, gone.First.Height, int64(10))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	events, _, err := j.EventsFrom(ctx, gone.First, 10)
	require.NoError(t, err)
	require.NotEmpty(t, events)

	// It goes on from there after a restart, and takes part in consensus if it is asked to.
	require.NoError(t, commit(t, nodes[0], put(t, sender, 15, abci.KeyValidator, string(append(consKey(t, cfg), 100)))).Err())
	require.Eventually(t, func() bool { return j.Status().IsValidator }, 20*time.Second, 10*time.Millisecond)
	j.stop()
	require.NoError(t, j.err)
	cfg.Sync = around()
	j = start(t, cfg)
	meet(t, append(nodes, j)...)
	nodes[1].stop() // the joiner has most of the power
	require.NoError(t, commit(t, nodes[0], put(t, sender, 16, "later", "x")).Err())
	agree(t, nodes[0].Status().Height-1, nodes[0], j)
}

func consKey(t *testing.T, cfg abci.Config) []byte {
	t.Helper()
	pub, err := abci.EnsureValidatorKey(cfg.ValidatorKeyFile, cfg.ValidatorStateFile, nil)
	require.NoError(t, err)
	return pub
}

func TestJoinerStoppedBeforeItsFirstBlockGoesOn(t *testing.T) {
	nodes, cfg := withHistory(t, 1)
	cfg.Sync = around(nodes...)
	j := start(t, cfg)
	at := j.Status()
	require.GreaterOrEqual(t, at.Height, int64(10))
	j.stop()
	require.NoError(t, j.err)
	j = start(t, cfg)
	require.Equal(t, at.Height, j.Status().Height)
	require.Equal(t, at.AppHash, j.Status().AppHash)
	require.Equal(t, at.Hash, j.Status().Hash)
	meet(t, nodes[0], j)
	require.NoError(t, commit(t, nodes[0], put(t, key("sender"), 14, "k", "v")).Err())
	agree(t, nodes[0].Status().Height, nodes[0], j)
}

func TestUnfinishedStateIsDiscarded(t *testing.T) {
	nodes, cfg := withHistory(t, 1)
	cfg.Sync = around(nodes...)
	// What a node leaves that was killed while it restored: a marker and a state that nothing belongs to.
	start(t, cfg).stop()
	require.NoError(t, os.RemoveAll(filepath.Join(cfg.Dir, "comet", "data")))
	require.NoError(t, os.WriteFile(filepath.Join(cfg.Dir, "syncing"), nil, 0o600))
	j := start(t, cfg)
	require.GreaterOrEqual(t, j.Status().Height, int64(10))
	meet(t, nodes[0], j)
	agree(t, nodes[0].Status().Height, nodes[0], j)
}

func TestJoinerVerifiesFromTheHeaderItsOwnerTrusts(t *testing.T) {
	nodes, cfg := withHistory(t, 1)
	good, err := nodes[0].Block(5)
	require.NoError(t, err)
	cfg.Sync, cfg.TrustedHeight, cfg.TrustedHash = around(nodes...), 5, good.Hash
	j := start(t, cfg)
	require.GreaterOrEqual(t, j.Status().Height, int64(10))
	j.stop()

	// Nobody can prove anything from another one: the node replays what leads from genesis instead.
	cfg.Dir += "-other"
	cfg.TrustedHash[0] ^= 1
	j = start(t, cfg)
	require.Zero(t, j.Status().Height)
}

func TestJoinerSurvivesLyingMembers(t *testing.T) {
	nodes, cfg := withHistory(t, 2)
	lies := map[string]func(*abci.SyncAnswer){
		"a chunk that is another":    func(a *abci.SyncAnswer) { a.SpoilChunk() },
		"a snapshot of another hash": func(a *abci.SyncAnswer) { a.SpoilMeta(func(m *abci.SnapshotMeta) { m.AppHash[0] ^= 1 }) },
		"fewer nodes":                func(a *abci.SyncAnswer) { a.SpoilMeta(func(m *abci.SnapshotMeta) { m.Nodes-- }) },
		"too many nodes":             func(a *abci.SyncAnswer) { a.SpoilMeta(func(m *abci.SnapshotMeta) { m.Nodes++ }) },
		"another height":             func(a *abci.SyncAnswer) { a.SpoilMeta(func(m *abci.SnapshotMeta) { m.Height += 1_000_000 }) },
		"a forged header":            func(a *abci.SyncAnswer) { a.SpoilLight() },
		"nothing at all":             func(a *abci.SyncAnswer) { *a = abci.SyncAnswer{} },
	}
	i := 0
	for name, lie := range lies {
		i++
		t.Run(name, func(t *testing.T) {
			m := around(nodes...)
			m.spoil = func(peer string, answer []byte) []byte {
				if peer != "member0" {
					return answer
				}
				return abci.Respoil(answer, lie)
			}
			cfg := cfg
			cfg.Dir = filepath.Join(cfg.Dir, "..", fmt.Sprint("liar", i))
			cfg.Sync = m
			j := start(t, cfg)
			require.GreaterOrEqual(t, j.Status().Height, int64(10), "the other member is enough")
			j.stop()
		})
	}
	t.Run("all of them", func(t *testing.T) {
		m := around(nodes...)
		m.spoil = func(_ string, answer []byte) []byte { return append(answer, 0) }
		cfg := cfg
		cfg.Dir, cfg.Sync, cfg.SyncWait = filepath.Join(cfg.Dir, "..", "liars"), m, time.Second
		j := start(t, cfg)
		require.Zero(t, j.Status().Height)
		meet(t, nodes[0], j)
		reaches(t, j, 14) // replayed
	})
}

func TestAFewMembersWithInventedSnapshotsDoNotKeepAJoinerFromARealOne(t *testing.T) {
	nodes, cfg := withHistory(t, 1)
	m := around(nodes[0], nodes[0], nodes[0])
	m.spoil = func(peer string, answer []byte) []byte {
		if peer == "member2" {
			return answer
		}
		return abci.Respoil(answer, func(a *abci.SyncAnswer) {
			if len(a.Metas) == 0 {
				return
			}
			shown := a.Metas[0]
			a.Metas = nil
			for i := range int64(4) {
				one := abci.SyncAnswer{Metas: [][]byte{shown}}
				one.SpoilMeta(func(m *abci.SnapshotMeta) {
					m.Height += 1_000_000 + i
					m.Nodes += uint64(peer[len(peer)-1]) // each its own
				})
				a.Metas = append(a.Metas, one.Metas...)
			}
		})
	}
	cfg.Sync = m
	j := start(t, cfg)
	require.GreaterOrEqual(t, j.Status().Height, int64(10))
	j.stop()
}

func TestJoinerStopsAtTwoSignedHistories(t *testing.T) {
	nodes, cfg := withHistory(t, 1)
	m := around(nodes[0], nodes[0])
	m.spoil = func(peer string, answer []byte) []byte {
		if peer != "member1" {
			return answer
		}
		return abci.Respoil(answer, func(a *abci.SyncAnswer) {
			seed := consSeed("v0")
			a.ForgeLight(network, seed)
		})
	}
	cfg.Sync = m
	e, err := abci.NewTestEngine(cfg)
	require.NoError(t, err)
	require.ErrorIs(t, e.Run(t.Context()), abci.ErrConflict)
}

func TestAnswersAreBoundedAndEmptyForWhatIsNotThere(t *testing.T) {
	nodes, _ := withHistory(t, 1)
	for _, bad := range [][]byte{nil, []byte("x"), make([]byte, abci.MaxSyncRequest+1)} {
		_, err := nodes[0].Answer(t.Context(), bad)
		require.Error(t, err)
	}
	for _, req := range []abci.SyncRequest{{Ask: 2, Height: 7}, {Ask: 2, Height: 10, Chunk: 900}, {Ask: 3, Height: 1 << 40}} {
		raw, err := ledger.Marshal(req)
		require.NoError(t, err)
		answer, err := nodes[0].Answer(t.Context(), raw)
		require.NoError(t, err)
		require.Less(t, len(answer), 64)
	}
	for _, req := range []abci.SyncRequest{{Ask: 0}, {Ask: 4}, {Ask: 3, Height: -1}} {
		raw, err := ledger.Marshal(req)
		require.NoError(t, err)
		_, err = nodes[0].Answer(t.Context(), raw)
		require.Error(t, err)
	}
}

func TestTheLastTwoSnapshotsAreKept(t *testing.T) {
	cfg := solo(t)
	cfg.SnapshotEvery = 2
	n := start(t, cfg)
	sender := key("sender")
	for nonce := range uint64(12) {
		commit(t, n, put(t, sender, nonce, "k", fmt.Sprint(nonce)))
	}
	require.Eventually(t, func() bool { return len(n.Snapshots()) == 2 }, 20*time.Second, 10*time.Millisecond)
	n.stop()
	kept := n.Snapshots()
	require.NotEmpty(t, kept)
	require.LessOrEqual(t, len(kept), 2)
	require.NoError(t, os.Mkdir(filepath.Join(cfg.Dir, "snapshots", "partial-99"), 0o700))
	n = start(t, cfg)
	_, err := os.Stat(filepath.Join(cfg.Dir, "snapshots", "partial-99"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzSnapshot(f *testing.F) {
	for _, nodes := range []uint64{1, 3} {
		meta, chunk, err := abci.SnapshotOf(f.TempDir(), nodes)
		require.NoError(f, err)
		restored, err := abci.RestoreBytes(f.TempDir(), meta, chunk)
		require.NoError(f, err)
		require.True(f, restored)
		f.Add(meta, chunk)
	}
	f.Fuzz(func(t *testing.T, meta, chunk []byte) {
		_, err := abci.RestoreBytes(t.TempDir(), meta, chunk)
		require.NoError(t, err, "what a stranger sends is refused, never a fault")
	})
}

func FuzzSnapshotStream(f *testing.F) {
	f.Add([]byte{0, 2, 0, 'k', 1, 'v', 2})
	f.Add([]byte{0, 2, 0, 'k', 1, 'v', 2, 0, 2, 0, 'l', 1, 'v', 2, 1, 0})
	f.Add([]byte{1, 0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		abci.RestoreStream(t.TempDir(), stream)
	})
}

func FuzzSyncMessages(f *testing.F) {
	f.Add([]byte{0xa0})
	raw, err := ledger.Marshal(abci.SyncRequest{Ask: 2, Height: 7, Chunk: 1})
	require.NoError(f, err)
	f.Add(raw)
	f.Fuzz(func(_ *testing.T, raw []byte) { abci.DecodeSync(raw) })
}
