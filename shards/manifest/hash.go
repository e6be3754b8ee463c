package manifest

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
	"lukechampine.com/blake3"
)

// MaxBlock is the largest block, in bytes, manifests included.
const MaxBlock = 1 << 20

// Errors of block verification.
var (
	// ErrMismatch says that bytes are not those their CID names.
	ErrMismatch = errors.New("manifest: the bytes do not match their CID")
	// ErrUnsupported says that a CID has a codec or hash that blocks never have.
	ErrUnsupported = errors.New("manifest: unsupported CID")
)

// Hash names the hash function of a file's blocks by its multihash code.
type Hash uint64

// The hash functions a file may use. Both give 32 bytes.
const (
	BLAKE3 Hash = multihash.BLAKE3
	SHA256 Hash = multihash.SHA2_256
)

// Digest is a block's hash, or a Merkle root.
type Digest = [32]byte

// Valid says whether h is one of the supported functions.
func (h Hash) Valid() bool { return h == BLAKE3 || h == SHA256 }

// String is the multihash name: "blake3" or "sha2-256".
func (h Hash) String() string {
	switch h {
	case BLAKE3:
		return "blake3"
	case SHA256:
		return "sha2-256"
	default:
		return fmt.Sprintf("hash(%#x)", uint64(h))
	}
}

// ParseHash reads what String writes; the empty string is BLAKE3 and "sha256"
// is understood.
func ParseHash(name string) (Hash, error) {
	switch name {
	case "", "blake3":
		return BLAKE3, nil
	case "sha2-256", "sha256":
		return SHA256, nil
	default:
		return 0, fmt.Errorf("manifest: unknown hash %q (blake3 or sha2-256)", name)
	}
}

// Sum hashes data. h must be valid; anything but SHA256 is BLAKE3.
func (h Hash) Sum(data []byte) Digest {
	if h == SHA256 {
		return sha256.Sum256(data)
	}
	return blake3.Sum256(data)
}

// CID is the CIDv1 of a digest under a codec (cid.Raw, cid.DagCBOR, …).
func (h Hash) CID(codec uint64, d Digest) cid.Cid {
	mh := make([]byte, 0, 2+len(d))
	mh = append(mh, byte(h), byte(len(d)))
	return cid.NewCidV1(codec, append(mh, d[:]...))
}

// Split takes a CID apart. It refuses every hash that blocks never have, so
// that identity and truncated CIDs cannot reach a store.
func Split(c cid.Cid) (Hash, Digest, error) {
	var d Digest
	if !c.Defined() {
		return 0, d, fmt.Errorf("%w: undefined", ErrUnsupported)
	}
	mh, err := multihash.Decode(c.Hash())
	if err != nil {
		return 0, d, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	h := Hash(mh.Code)
	if !h.Valid() || len(mh.Digest) != len(d) {
		return 0, d, fmt.Errorf("%w: hash %s of %d bytes", ErrUnsupported, h, len(mh.Digest))
	}
	copy(d[:], mh.Digest)
	return h, d, nil
}

// Verify checks that data is what c names.
func Verify(c cid.Cid, data []byte) error {
	h, d, err := Split(c)
	if err != nil {
		return err
	}
	if h.Sum(data) != d {
		return fmt.Errorf("%w: %s", ErrMismatch, c)
	}
	return nil
}
