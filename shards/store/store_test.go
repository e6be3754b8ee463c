package store_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/stretchr/testify/require"

	"autonet/shards/manifest"
	"autonet/shards/store"
)

func block(data []byte) store.Block {
	return store.Block{CID: manifest.BLAKE3.CID(cid.Raw, manifest.BLAKE3.Sum(data)), Data: data}
}

func numbered(i, size int) store.Block {
	data := make([]byte, size)
	r := rand.New(rand.NewPCG(7, uint64(i)))
	for j := range data {
		data[j] = byte(r.Uint32())
	}
	return block(data)
}

func open(t *testing.T, dir string, opt store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(dir, opt)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func holds(t *testing.T, s *store.Store, b store.Block) {
	t.Helper()
	got, err := s.Get(b.CID)
	require.NoError(t, err)
	require.True(t, bytes.Equal(b.Data, got))
	n, err := s.Size(b.CID)
	require.NoError(t, err)
	require.Len(t, b.Data, n)
}

func segments(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	require.NoError(t, err)
	return names
}

func TestWhatWasPutIsThereAfterReopening(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir, store.Options{SegmentSize: 4000})
	require.NoError(t, err)
	var all []store.Block
	for i := range 60 {
		all = append(all, numbered(i, i*37%900))
	}
	require.NoError(t, s.Put(all[:30]...))
	for _, b := range all[30:] {
		require.NoError(t, s.Put(b))
	}
	require.NoError(t, s.Write(store.Batch{Values: []store.Value{{Name: "a/1", Data: []byte("x")}, {Name: "a/2"}, {Name: "b", Data: []byte("z")}}}))
	require.NoError(t, s.Write(store.Batch{Values: []store.Value{{Name: "a/1", Data: []byte("y")}}}))
	require.NoError(t, s.RemoveValue("a/2"))
	require.NoError(t, s.Close())
	require.Greater(t, len(segments(t, dir)), 3)

	s = open(t, dir, store.Options{})
	for _, b := range all {
		holds(t, s, b)
	}
	v, err := s.Value("a/1")
	require.NoError(t, err)
	require.Equal(t, "y", string(v))
	_, err = s.Value("a/2")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Equal(t, []string{"a/1"}, s.Values("a/"))
	require.Zero(t, s.Usage().Damaged)
}

func TestAnIdenticalBlockIsStoredOnce(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	b := numbered(1, 1000)
	require.NoError(t, s.Put(b, b))
	used := s.Usage()
	require.NoError(t, s.Put(b))
	require.Equal(t, 1, used.Blocks)
	require.Equal(t, used.Bytes, s.Usage().Bytes)
	require.True(t, s.Has(cid.NewCidV1(cid.DagCBOR, b.CID.Hash())), "the codec does not matter")
}

func TestDeletedBlocksStayDeletedAndTheirSegmentsGo(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir, store.Options{SegmentSize: 20_000})
	require.NoError(t, err)
	var all []store.Block
	var cids []cid.Cid
	for i := range 40 {
		all = append(all, numbered(i, 4500))
		cids = append(cids, all[i].CID)
	}
	require.NoError(t, s.Put(all...))
	for _, b := range all[:20] {
		require.NoError(t, s.Put(b))
	}
	require.NoError(t, s.Delete(cids[:39]...))
	require.NoError(t, s.Delete(cids[:39]...), "deleting twice is nothing")
	require.NoError(t, s.Put(all[3]))
	require.NoError(t, s.Close())

	s, err = store.Open(dir, store.Options{SegmentSize: 20_000})
	require.NoError(t, err)
	require.Equal(t, 2, s.Usage().Blocks)
	holds(t, s, all[3])
	holds(t, s, all[39])
	_, err = s.Get(cids[0])
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, s.Delete(cids...))
	for i := range 10 {
		require.NoError(t, s.Put(numbered(100+i, 4500)))
		require.NoError(t, s.Delete(numbered(100+i, 4500).CID))
	}
	require.LessOrEqual(t, len(segments(t, dir)), 3)
	require.NoError(t, s.Close())
	require.Zero(t, open(t, dir, store.Options{}).Usage().Blocks)
}

func TestSpaceOfADeletedBlockComesBackAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.Options{})
	var cids []cid.Cid
	for i := range 8 {
		b := numbered(i, 1<<20)
		cids = append(cids, b.CID)
		require.NoError(t, s.Put(b))
	}
	require.NoError(t, s.Delete(cids[1:]...))
	info, err := os.Stat(segments(t, dir)[0])
	require.NoError(t, err)
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Blocks*512 > 7<<20 {
		t.Skip("this file system cannot punch holes")
	}
	require.Less(t, st.Blocks*512, int64(2<<20))
	holds(t, s, numbered(0, 1<<20))
}

func TestATornTailIsCutOffAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir, store.Options{})
	require.NoError(t, err)
	a, b := numbered(1, 100), numbered(2, 70)
	require.NoError(t, s.Put(a))
	name := segments(t, dir)[0]
	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	sound := len(whole)
	require.NoError(t, s.Write(store.Batch{Blocks: []store.Block{b}, Values: []store.Value{{Name: "v", Data: []byte("data")}}}))
	require.NoError(t, s.Close())
	whole, err = os.ReadFile(name)
	require.NoError(t, err)

	other := t.TempDir()
	name = filepath.Join(other, filepath.Base(name))
	for cut := 0; cut <= len(whole); cut++ {
		require.NoError(t, os.WriteFile(name, whole[:cut], 0o600))
		s, err := store.Open(other, store.Options{})
		require.NoError(t, err, "cut at %d", cut)
		require.Equal(t, cut >= sound, s.Has(a.CID), "cut at %d", cut)
		require.Equal(t, cut >= sound+52+70, s.Has(b.CID), "cut at %d", cut)
		require.Equal(t, cut == len(whole), len(s.Values("")) == 1, "cut at %d", cut)
		require.NoError(t, s.Put(b))
		holds(t, s, b)
		require.NoError(t, s.Close())
		s, err = store.Open(other, store.Options{})
		require.NoError(t, err)
		holds(t, s, b)
		require.NoError(t, s.Close())
		for _, left := range segments(t, other) {
			require.NoError(t, os.Remove(left))
		}
	}
}

func TestAChangedByteLosesAtMostItsRecord(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(dir, store.Options{})
	require.NoError(t, err)
	all := []store.Block{numbered(1, 60), numbered(2, 61), numbered(3, 62)}
	require.NoError(t, s.Put(all...))
	require.NoError(t, s.Close())
	name := segments(t, dir)[0]
	whole, err := os.ReadFile(name)
	require.NoError(t, err)
	for at := 32; at < len(whole); at++ {
		bad := bytes.Clone(whole)
		bad[at] ^= 0x10
		require.NoError(t, os.WriteFile(name, bad, 0o600))
		s, err := store.Open(dir, store.Options{})
		require.NoError(t, err)
		left := 0
		for _, b := range all {
			if s.Has(b.CID) {
				holds(t, s, b)
				left++
			}
		}
		require.Equal(t, 2, left, "byte %d", at)
		require.NoError(t, s.Close())
	}
}

func TestDamageWhileOpenIsReportedNotReturned(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.Options{})
	b := numbered(1, 500)
	require.NoError(t, s.Put(b))
	f, err := os.OpenFile(segments(t, dir)[0], os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{b.Data[9] ^ 1}, 32+52+9)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = s.Get(b.CID)
	require.ErrorIs(t, err, store.ErrCorrupt)
}

func TestOneProcessOwnsTheFolder(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, store.Options{})
	_, err := store.Open(dir, store.Options{})
	require.ErrorIs(t, err, store.ErrLocked)
}

func TestTheQuotaRefusesWholeBatches(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{Quota: 1000})
	a := numbered(1, 500)
	require.NoError(t, s.Put(a))
	before := s.Usage()
	require.ErrorIs(t, s.Put(numbered(2, 200), numbered(3, 300)), store.ErrFull)
	require.Equal(t, before, s.Usage())
	require.NoError(t, s.Delete(a.CID))
	require.NoError(t, s.Put(numbered(2, 200), numbered(3, 300)))
	require.EqualValues(t, 1000-500-2*52, s.Usage().Free)
}

func TestConcurrentUseKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.Options{SegmentSize: 50_000})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 40 {
				b := numbered(w*1000+i, 300+i)
				if err := s.Put(b); err != nil {
					t.Error(err)
				}
				if got, err := s.Get(b.CID); err != nil || !bytes.Equal(got, b.Data) {
					t.Error("lost", err)
				}
				if i%2 == 0 {
					if err := s.Delete(b.CID); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, 160, s.Usage().Blocks)
}

func TestForeignAndOversizedBlocksAreRefused(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	identity, err := cid.Parse("bafkqaaa")
	require.NoError(t, err)
	require.ErrorIs(t, s.Put(store.Block{CID: identity}), manifest.ErrUnsupported)
	require.ErrorIs(t, s.Put(store.Block{}), manifest.ErrUnsupported)
	require.ErrorIs(t, s.Put(numbered(1, manifest.MaxBlock+1)), store.ErrTooLarge)
	require.ErrorIs(t, s.Write(store.Batch{Values: []store.Value{{}}}), store.ErrTooLarge)
}

// TestRandomHistoriesSurviveReopening compares the store with a map over
// random histories of puts, deletes and restarts.
func TestRandomHistoriesSurviveReopening(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		dir := t.TempDir()
		opt := store.Options{SegmentSize: 3000}
		s, err := store.Open(dir, opt)
		require.NoError(t, err)
		want, values := map[int]bool{}, map[string]string{}
		for range 150 {
			i := r.IntN(25)
			switch r.IntN(6) {
			case 0, 1:
				require.NoError(t, s.Put(numbered(i, 50+i*13)))
				want[i] = true
			case 2, 3:
				require.NoError(t, s.Delete(numbered(i, 50+i*13).CID))
				delete(want, i)
			case 4:
				name, data := fmt.Sprint(i%5), fmt.Sprint(r.IntN(1000))
				if r.IntN(3) == 0 {
					require.NoError(t, s.RemoveValue(name))
					delete(values, name)
				} else {
					require.NoError(t, s.Write(store.Batch{Values: []store.Value{{Name: name, Data: []byte(data)}}}))
					values[name] = data
				}
			default:
				require.NoError(t, s.Close())
				s, err = store.Open(dir, opt)
				require.NoError(t, err)
			}
			require.Equal(t, len(want), s.Usage().Blocks, "seed %d", seed)
			require.Len(t, s.Values(""), len(values))
		}
		for i := range 25 {
			require.Equal(t, want[i], s.Has(numbered(i, 50+i*13).CID))
		}
		for name, data := range values {
			got, err := s.Value(name)
			require.NoError(t, err)
			require.Equal(t, data, string(got))
		}
		require.NoError(t, s.Close())
	}
}

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{300, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s, err := store.Open(b.TempDir(), store.Options{})
			require.NoError(b, err)
			defer func() { require.NoError(b, s.Close()) }()
			bl := numbered(1, size)
			b.SetBytes(int64(size))
			for i := 0; b.Loop(); i++ {
				if size >= 8 {
					binary.LittleEndian.PutUint64(bl.Data, uint64(i))
				}
				bl.CID = manifest.BLAKE3.CID(cid.Raw, manifest.BLAKE3.Sum(bl.Data))
				require.NoError(b, s.Put(bl))
			}
		})
	}
}
