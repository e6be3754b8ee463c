package manifest

import (
	"bytes"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"
)

// linkSize is the encoded length of one link: tag 42, a byte string of 37
// bytes, the multibase identity prefix and a binary CIDv1.
const linkSize = 4 + 1 + 36

// wire is the dag-cbor form. Keys are sorted by length, then bytewise.
type wire struct {
	K       uint64 `cbor:"k"`
	M       uint64 `cbor:"m"`
	Version uint64 `cbor:"v"`
	Hash    uint64 `cbor:"hash"`
	Root    []byte `cbor:"root"`
	Size    uint64 `cbor:"size"`
	Block   uint64 `cbor:"block"`
	Links   []link `cbor:"links"`
}

// link is a raw-leaf CIDv1 link.
type link struct {
	hash   Hash
	digest Digest
}

func (l *link) head() [9]byte {
	return [9]byte{0xd8, 42, 0x58, 37, 0x00, 0x01, cid.Raw, byte(l.hash), 32}
}

// MarshalCBOR writes the link as dag-cbor does.
func (l *link) MarshalCBOR() ([]byte, error) {
	out := make([]byte, 0, linkSize)
	head := l.head()
	return append(append(out, head[:]...), l.digest[:]...), nil
}

// UnmarshalCBOR reads a raw-leaf link and nothing else.
func (l *link) UnmarshalCBOR(data []byte) error {
	if len(data) != linkSize {
		return fmt.Errorf("a link of %d bytes, want %d", len(data), linkSize)
	}
	l.hash = Hash(data[7])
	head := l.head()
	if !l.hash.Valid() || !bytes.Equal(head[:], data[:len(head)]) {
		return fmt.Errorf("not a raw-leaf link: %x", data[:len(head)])
	}
	copy(l.digest[:], data[len(head):])
	return nil
}

// Encode is the canonical dag-cbor encoding of a valid manifest.
func (m *Manifest) Encode() ([]byte, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m.encode()
}

func (m *Manifest) encode() ([]byte, error) {
	w := wire{
		K: uint64(m.K), M: uint64(m.M), Version: uint64(m.Version), Hash: uint64(m.Hash),
		Root: m.Root[:], Size: m.Size, Block: uint64(m.BlockSize), Links: make([]link, len(m.Blocks)),
	}
	for i, d := range m.Blocks {
		w.Links[i] = link{hash: m.Hash, digest: d}
	}
	mode, err := cbor.EncOptions{Sort: cbor.SortLengthFirst, IndefLength: cbor.IndefLengthForbidden}.EncMode()
	if err != nil {
		return nil, fmt.Errorf("manifest: prepare the encoder: %w", err)
	}
	out, err := mode.Marshal(&w)
	if err != nil {
		return nil, fmt.Errorf("manifest: encode: %w", err)
	}
	return out, nil
}

// Decode reads a canonical manifest. Every error is ErrInvalid or ErrTooLarge;
// what it returns has passed Validate and encodes to the same bytes.
func Decode(data []byte) (*Manifest, error) {
	if len(data) > MaxEncoded {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrInvalid, len(data), MaxEncoded)
	}
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   4,
		MaxArrayElements:  MaxBlocks,
		MaxMapPairs:       16,
	}.DecMode()
	if err != nil {
		return nil, fmt.Errorf("%w: prepare the decoder: %w", ErrInvalid, err)
	}
	var w wire
	if err := mode.Unmarshal(data, &w); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	m, err := w.manifest()
	if err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	again, err := m.encode()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if !bytes.Equal(again, data) {
		return nil, fmt.Errorf("%w: not the canonical encoding", ErrInvalid)
	}
	return m, nil
}

func (w *wire) manifest() (*Manifest, error) {
	if w.K > MaxShards || w.M > MaxShards || w.Block > MaxBlock || w.Version != Version || len(w.Root) != len(Digest{}) {
		return nil, fmt.Errorf("%w: version %d, %d+%d shards, blocks of %d bytes, a root of %d bytes", ErrInvalid, w.Version, w.K, w.M, w.Block, len(w.Root))
	}
	m := &Manifest{
		Version: int(w.Version), Size: w.Size, K: int(w.K), M: int(w.M),
		BlockSize: int(w.Block), Hash: Hash(w.Hash), Root: Digest(w.Root), Blocks: make([]Digest, len(w.Links)),
	}
	for i, l := range w.Links {
		if l.hash != m.Hash {
			return nil, fmt.Errorf("%w: link %d is %s, the file %s", ErrInvalid, i, l.hash, m.Hash)
		}
		m.Blocks[i] = l.digest
	}
	return m, nil
}

// CID is the dag-cbor CIDv1 of the manifest, hashed with BLAKE3-256 whatever
// the hash of its blocks; undefined when the manifest is not valid.
func (m *Manifest) CID() cid.Cid {
	data, err := m.Encode()
	if err != nil {
		return cid.Undef
	}
	return CIDOf(data)
}

// CIDOf is the CID of an encoded manifest.
func CIDOf(data []byte) cid.Cid { return BLAKE3.CID(cid.DagCBOR, BLAKE3.Sum(data)) }
