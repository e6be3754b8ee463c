package erasure

import (
	"errors"
	"fmt"

	"github.com/klauspost/reedsolomon"
)

// MaxBlocks bounds k + m, and with it the memory of one stripe.
const MaxBlocks = 128

// Errors a caller decides on.
var (
	// ErrShape says that k, m, a block size or a set of blocks is not one the
	// code can work with.
	ErrShape = errors.New("erasure: impossible shape")
	// ErrTooFewBlocks says that fewer than k blocks of a stripe are left.
	ErrTooFewBlocks = errors.New("erasure: too few blocks to rebuild the stripe")
)

// Coder encodes and rebuilds stripes of k data and m parity blocks. It is safe
// for concurrent use.
type Coder struct {
	k, m int
	rs   reedsolomon.Encoder
}

// New makes a coder for k ≥ 1 data and m ≥ 0 parity blocks, k + m ≤ MaxBlocks.
func New(k, m int) (*Coder, error) {
	if k < 1 || m < 0 || k+m > MaxBlocks {
		return nil, fmt.Errorf("%w: %d data and %d parity blocks (at least 1 and 0, at most %d together)", ErrShape, k, m, MaxBlocks)
	}
	c := &Coder{k: k, m: m}
	if m == 0 {
		return c, nil
	}
	rs, err := reedsolomon.New(k, m)
	if err != nil {
		return nil, fmt.Errorf("erasure: prepare %d+%d: %w", k, m, err)
	}
	c.rs = rs
	return c, nil
}

// K is the number of data blocks of a stripe.
func (c *Coder) K() int { return c.k }

// M is the number of parity blocks of a stripe.
func (c *Coder) M() int { return c.m }

// Encode fills the m parity blocks, which follow the k data blocks. All k + m
// blocks have the same length, data padded with zeros.
func (c *Coder) Encode(blocks [][]byte) error {
	if err := c.check(blocks); err != nil {
		return err
	}
	if c.m == 0 || len(blocks[0]) == 0 {
		return nil
	}
	if err := c.rs.Encode(blocks); err != nil {
		return fmt.Errorf("erasure: encode: %w", err)
	}
	return nil
}

// Rebuild fills every missing data block (nil or empty) from any k blocks of
// the stripe, which all have size bytes, data padded with zeros. Missing
// parity stays missing. Blocks are not verified here: the caller checks hashes
// before and after.
func (c *Coder) Rebuild(blocks [][]byte, size int) error {
	if len(blocks) != c.k+c.m || size < 0 {
		return fmt.Errorf("%w: %d blocks of %d bytes, want %d blocks", ErrShape, len(blocks), size, c.k+c.m)
	}
	if size == 0 {
		return nil
	}
	have, missing := 0, 0
	for i, b := range blocks {
		switch len(b) {
		case size:
			have++
		case 0:
			if i < c.k {
				missing++
			}
		default:
			return fmt.Errorf("%w: block %d has %d bytes, want %d", ErrShape, i, len(b), size)
		}
	}
	if missing == 0 {
		return nil
	}
	if have < c.k {
		return fmt.Errorf("%w: %d of %d blocks are left, %d are needed", ErrTooFewBlocks, have, c.k+c.m, c.k)
	}
	if err := c.rs.ReconstructData(blocks); err != nil {
		return fmt.Errorf("erasure: rebuild: %w", err)
	}
	return nil
}

func (c *Coder) check(blocks [][]byte) error {
	if len(blocks) != c.k+c.m {
		return fmt.Errorf("%w: %d blocks, want %d", ErrShape, len(blocks), c.k+c.m)
	}
	for i, b := range blocks {
		if len(b) != len(blocks[0]) {
			return fmt.Errorf("%w: block %d has %d bytes, the first %d", ErrShape, i, len(b), len(blocks[0]))
		}
	}
	return nil
}
