package manifest_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/ipld/go-ipld-prime/codec/dagcbor"
	"github.com/ipld/go-ipld-prime/node/basicnode"
	"github.com/stretchr/testify/require"

	"autonet/shards/erasure"
	"autonet/shards/manifest"
	"autonet/shards/merkle"
)

func noise(n int) []byte {
	out := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	_, _ = r.Read(out)
	return out
}

// describe codes data as the pin service does.
func describe(tb testing.TB, data []byte, k, m int, hash manifest.Hash) (*manifest.Manifest, map[cid.Cid][]byte) {
	tb.Helper()
	c, err := erasure.New(k, m)
	require.NoError(tb, err)
	r, err := erasure.NewReader(c, bytes.NewReader(data), manifest.MaxBlock)
	require.NoError(tb, err)
	var digests []manifest.Digest
	blocks := map[cid.Cid][]byte{}
	for {
		var s erasure.Stripe
		if err := r.Next(&s); err != nil {
			break
		}
		for _, b := range s.Blocks {
			d := hash.Sum(b)
			digests = append(digests, d)
			blocks[hash.CID(cid.Raw, d)] = b
		}
	}
	out, err := manifest.New(uint64(len(data)), k, m, hash, digests)
	require.NoError(tb, err)
	require.Equal(tb, r.BlockSize(), out.BlockSize)
	return out, blocks
}

func TestTheCIDAndRootAreFixedForever(t *testing.T) {
	letters := []byte("abcdefghijklmnopqrstuvwxyz")
	for _, v := range []struct {
		data            []byte
		k, m            int
		hash            manifest.Hash
		cid, root, file string
	}{
		{
			nil, 10, 4, manifest.BLAKE3, "bafyr4igfblyp3yvds63aozkqpf2v7vsbvpmraldvddy4a2v7nzcugaaeze",
			"bd794d464fb7d9fe840bb20226dfc306d64ea69a2b69a2da96f182c80d75e3ad", "bafkr4ifpcne3t5pzugtkaqcn5i3nzskjtpfslsnnyejlpte2spfoihzsmi",
		},
		{
			letters, 10, 4, manifest.BLAKE3, "bafyr4ify77uyem5nr5jy42ay5kcnzqru3zlsvejao7xpg2mnoztlefukfa",
			"14cab8dff41015caa90563341e7cc009f47e5fffad00a0cc621b139fd6cf5024", "bafyb4iah56nsy4gsnff2wigyzqg2vyoej425grztrqvj4hcntifglvpzay",
		},
		{
			letters, 10, 4, manifest.SHA256, "bafyr4ie3vvx5xlqzszn33punlikbqexso7i7kgu7h7huoltvp7ve4bip2a",
			"0a7a022c7915668c9a41d0dde6bef3454cdd2d87a116e0ff44f3f8ccb6c9a568", "bafybeibdr7ogpb6nmzorogli6o7wj4um2yr3w7hb6z5sv3sd73tpa62ad4",
		},
		{
			letters, 1, 3, manifest.BLAKE3, "bafyr4ih7xltmpsdlmzvspirk3vprreyayottvg6ik7fsjzihpxpyrc7whe",
			"b889449039a18e4718da580cdd552a428044c66940b89e7d651c54af17c1b25d", "bafkr4ibendxmrckkz62ojxz2khvjc25bcxkie2bio5kcscvor2pgekhil4",
		},
		{
			bytes.Repeat(letters, 500_000), 10, 4, manifest.BLAKE3, "bafyr4ie7pmk2j4v6mjbt37tvpyq45reaa3fzrrdmfeygzkpf7xszpgbfmy",
			"5189b76d1071c893a5b0f2bca6528a519a49dd25e4a1f92ab6e37e99f7f7e44c", "bafyb4ib4dhqaphd3x5jkrpxzv65kj2l3cizrlzq4t5vllb4dcnliqdz5ou",
		},
	} {
		m, _ := describe(t, v.data, v.k, v.m, v.hash)
		file, _ := m.File()
		require.Equal(t, v.cid, m.CID().String())
		require.Equal(t, v.root, hex.EncodeToString(m.Root[:]))
		require.Equal(t, v.file, file.String())
	}
}

func TestLengthsAddUpToTheFile(t *testing.T) {
	for _, size := range []int{0, 1, 2, 9, 10, 11, 95, 4096, 3<<20 + 1, 10 << 20, 10<<20 + 1} {
		m, blocks := describe(t, noise(size), 10, 4, manifest.BLAKE3)
		var data, stripes uint64
		for s := range m.Stripes() {
			stripes += uint64(m.StripeLen(s))
			for j := range m.Shards() {
				require.Len(t, blocks[m.Block(s, j)], m.BlockLen(s, j))
			}
		}
		for j := range m.K {
			data += m.ColumnLen(j)
		}
		require.EqualValues(t, size, data)
		require.EqualValues(t, size, stripes)
		require.Equal(t, m.Root, merkle.RootHashes(m.ColumnRoots()))
		for j := range m.Shards() {
			require.True(t, merkle.Verify(m.Root, m.ColumnRoot(j), j, m.Shards(), merkle.Path(m.ColumnRoots(), j)))
		}
	}
}

func TestDecodingGivesBackWhatWasEncoded(t *testing.T) {
	for _, size := range []int{0, 1, 26, 5000, 21 << 20} {
		m, _ := describe(t, noise(size), 10, 4, manifest.SHA256)
		data, err := m.Encode()
		require.NoError(t, err)
		again, err := manifest.Decode(data)
		require.NoError(t, err)
		if size == 0 {
			m.Blocks, again.Blocks = nil, nil
		}
		require.Equal(t, m, again)
		require.Equal(t, m.CID(), manifest.CIDOf(data))
	}
}

func TestTheEncodingIsStrictDagCBOR(t *testing.T) {
	m, _ := describe(t, noise(1000), 3, 2, manifest.BLAKE3)
	data, err := m.Encode()
	require.NoError(t, err)
	nb := basicnode.Prototype.Any.NewBuilder()
	require.NoError(t, dagcbor.DecodeOptions{AllowLinks: true, DontParseBeyondEnd: false}.Decode(nb, bytes.NewReader(data)))
	var again bytes.Buffer
	require.NoError(t, dagcbor.Encode(nb.Build(), &again))
	require.Equal(t, data, again.Bytes())
	links, err := nb.Build().LookupByString("links")
	require.NoError(t, err)
	require.EqualValues(t, 5, links.Length())
	first, err := links.LookupByIndex(0)
	require.NoError(t, err)
	link, err := first.AsLink()
	require.NoError(t, err)
	require.Equal(t, m.Block(0, 0).String(), link.String())
}

// The roots are those that the balanced importer of boxo v0.43.0 gives for the
// same bytes with raw leaves, chunks of one byte, 174 links and BLAKE3.
func TestTheFileRootIsTheOneStockIPFSGives(t *testing.T) {
	for n, want := range map[int]string{
		2:           "bafyb4idhqu3wiagkv4y4pv5zjansdwczsbzbtvfclb7rob7esjrgptdcnu",
		173:         "bafyb4icpzmgronxwptmu4oolwakdvchlv4jj7ykvvof6mcxaw5lp6l5jjm",
		174:         "bafyb4iaj3btxu5y44fdqslza2ov3funbdz4fvixnlpagbgqzccun23cquu",
		175:         "bafyb4ic75dtrtrrn5zqgeqaiidny7he22zanzikapq56zsheyjiqpvwc3e",
		349:         "bafyb4id7rbypyzvskjvo4kwvc6znrbf2rphwjl7escqledg76f2lhh3gve",
		174*174 + 1: "bafyb4igusacdg6i2tcxnuz5un4gwoun7zwhoz4hvohxg5pzylu2qu27sgi",
	} {
		// File needs blocks of one byte here, which no valid manifest has.
		m := &manifest.Manifest{Version: 1, Size: uint64(n), K: 1, BlockSize: 1, Hash: manifest.BLAKE3}
		for _, b := range noise(n) {
			m.Blocks = append(m.Blocks, manifest.BLAKE3.Sum([]byte{b}))
		}
		root, nodes := m.File()
		require.Equal(t, want, root.String(), "%d leaves", n)
		require.Equal(t, root, nodes[len(nodes)-1].CID)
		for _, node := range nodes {
			require.NoError(t, manifest.Verify(node.CID, node.Data))
		}
	}
}

func TestContradictionsAreRefused(t *testing.T) {
	good := func() *manifest.Manifest {
		m, _ := describe(t, noise(12), 10, 4, manifest.BLAKE3)
		return m
	}
	for name, spoil := range map[string]func(m *manifest.Manifest){
		"version":           func(m *manifest.Manifest) { m.Version = 2 },
		"no data shards":    func(m *manifest.Manifest) { m.K = 0 },
		"negative parity":   func(m *manifest.Manifest) { m.M = -1 },
		"too many shards":   func(m *manifest.Manifest) { m.K, m.M = 100, 29 },
		"huge shards":       func(m *manifest.Manifest) { m.K, m.M = 1<<62, 1<<62 },
		"size":              func(m *manifest.Manifest) { m.Size = 21 },
		"huge size":         func(m *manifest.Manifest) { m.Size = 1 << 63 },
		"block size":        func(m *manifest.Manifest) { m.BlockSize = 3 },
		"hash":              func(m *manifest.Manifest) { m.Hash = 0x13 },
		"root":              func(m *manifest.Manifest) { m.Root[0] ^= 1 },
		"a block":           func(m *manifest.Manifest) { m.Blocks[13][5] ^= 1 },
		"a block less":      func(m *manifest.Manifest) { m.Blocks = m.Blocks[:13] },
		"a block more":      func(m *manifest.Manifest) { m.Blocks = append(m.Blocks, m.Blocks[0]) },
		"past the end full": func(m *manifest.Manifest) { m.Blocks[9] = m.Blocks[0]; m.Root = merkle.RootHashes(m.ColumnRoots()) },
	} {
		m := good()
		spoil(m)
		err := m.Validate()
		require.Error(t, err, name)
		require.True(t, errors.Is(err, manifest.ErrInvalid) || errors.Is(err, manifest.ErrTooLarge), name)
		require.False(t, m.CID().Defined(), name)
	}
	_, err := manifest.New(manifest.MaxSize(10, 4)+1, 10, 4, manifest.BLAKE3, nil)
	require.ErrorIs(t, err, manifest.ErrTooLarge)
}

func TestTheLargestManifestIsABlock(t *testing.T) {
	size := manifest.MaxSize(10, 4)
	require.Greater(t, size, uint64(10<<30), "10 GiB must fit")
	m, err := manifest.New(size, 10, 4, manifest.BLAKE3, make([]manifest.Digest, int(size/(10<<20))*14))
	require.NoError(t, err)
	data, err := m.Encode()
	require.NoError(t, err)
	require.LessOrEqual(t, len(data), manifest.MaxBlock)
	_, err = manifest.Decode(data)
	require.NoError(t, err)
}

func TestOtherEncodingsOfTheSameManifestAreRefused(t *testing.T) {
	m, _ := describe(t, noise(12), 2, 1, manifest.BLAKE3)
	data, err := m.Encode()
	require.NoError(t, err)
	require.Equal(t, byte(0xa8), data[0])
	for name, other := range map[string][]byte{
		"trailing bytes":    append(bytes.Clone(data), 0),
		"truncated":         data[:len(data)-1],
		"indefinite map":    append(append([]byte{0xbf}, data[1:]...), 0xff),
		"long integer":      bytes.Replace(data, []byte{0x61, 'k', 2}, []byte{0x61, 'k', 0x18, 2}, 1),
		"unsorted keys":     bytes.Replace(data, []byte{0x61, 'k', 2, 0x61, 'm', 1}, []byte{0x61, 'm', 1, 0x61, 'k', 2}, 1),
		"duplicate key":     bytes.Replace(data, []byte{0x61, 'm', 1}, []byte{0x61, 'k', 2}, 1),
		"unknown key":       bytes.Replace(data, []byte{0x61, 'm'}, []byte{0x61, 'x'}, 1),
		"upper-case key":    bytes.Replace(data, []byte{0x61, 'm'}, []byte{0x61, 'M'}, 1),
		"another codec":     bytes.Replace(data, []byte{0xd8, 42, 0x58, 37, 0, 1, 0x55}, []byte{0xd8, 42, 0x58, 37, 0, 1, 0x71}, 1),
		"another tag":       bytes.Replace(data, []byte{0xd8, 42}, []byte{0xd8, 43}, 1),
		"empty":             {},
		"not a map":         {0x80},
		"a negative number": bytes.Replace(data, []byte{0x61, 'k', 2}, []byte{0x61, 'k', 0x21}, 1),
	} {
		_, err := manifest.Decode(other)
		require.ErrorIs(t, err, manifest.ErrInvalid, name)
	}
	_, err = manifest.Decode(make([]byte, manifest.MaxEncoded+1))
	require.ErrorIs(t, err, manifest.ErrInvalid)
}

func TestVerifyKnowsWhatACIDNames(t *testing.T) {
	for _, h := range []manifest.Hash{manifest.BLAKE3, manifest.SHA256} {
		c := h.CID(cid.Raw, h.Sum([]byte("x")))
		require.NoError(t, manifest.Verify(c, []byte("x")))
		require.ErrorIs(t, manifest.Verify(c, []byte("y")), manifest.ErrMismatch)
		want, err := cid.V1Builder{Codec: cid.Raw, MhType: uint64(h), MhLength: 32}.Sum([]byte("x"))
		require.NoError(t, err)
		require.Equal(t, want, c)
		parsed, err := manifest.ParseHash(h.String())
		require.NoError(t, err)
		require.Equal(t, h, parsed)
	}
	for _, text := range []string{"bafkqaaa", "bafkrgqgazvmetwrzjdoaskxfs7arzcmrvbz74v34jmzoe63zxyzlcymrvzgw2xpxoqapqemqvtv6imjmfcoqzv36xcsnl7dbdwlnefmf5v5ms"} {
		c, err := cid.Decode(text)
		if err == nil {
			require.ErrorIs(t, manifest.Verify(c, nil), manifest.ErrUnsupported)
		}
	}
	require.ErrorIs(t, manifest.Verify(cid.Undef, nil), manifest.ErrUnsupported)
	_, err := manifest.ParseHash("md5")
	require.Error(t, err)
}

func FuzzDecode(f *testing.F) {
	for _, size := range []int{0, 1, 26, 5000} {
		for _, h := range []manifest.Hash{manifest.BLAKE3, manifest.SHA256} {
			m, _ := describe(f, noise(size), 10, 4, h)
			data, err := m.Encode()
			require.NoError(f, err)
			f.Add(data)
		}
	}
	f.Add([]byte{0xa8, 0x61, 'k', 0x1b, 255, 255, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := manifest.Decode(data)
		if err != nil {
			require.True(t, errors.Is(err, manifest.ErrInvalid) || errors.Is(err, manifest.ErrTooLarge))
			return
		}
		require.NoError(t, m.Validate())
		again, err := m.Encode()
		require.NoError(t, err)
		require.Equal(t, data, again)
		require.Equal(t, manifest.CIDOf(data), m.CID())
		for s := range m.Stripes() {
			for j := range m.Shards() {
				n := m.BlockLen(s, j)
				require.True(t, n >= 0 && n <= m.BlockSize)
			}
		}
		m.File()
	})
}

func BenchmarkEncodeAndHash(b *testing.B) {
	for _, h := range []manifest.Hash{manifest.BLAKE3, manifest.SHA256} {
		b.Run(h.String(), func(b *testing.B) {
			data := noise(30 << 20)
			c, err := erasure.New(10, 4)
			require.NoError(b, err)
			var s erasure.Stripe
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				r, err := erasure.NewReader(c, bytes.NewReader(data), manifest.MaxBlock)
				require.NoError(b, err)
				for r.Next(&s) == nil {
					for _, block := range s.Blocks {
						h.Sum(block)
					}
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	m, err := manifest.New(10<<30, 10, 4, manifest.BLAKE3, make([]manifest.Digest, 1024*14))
	require.NoError(b, err)
	data, err := m.Encode()
	require.NoError(b, err)
	for b.Loop() {
		_, err := manifest.Decode(data)
		require.NoError(b, err)
	}
}
