package erasure

import (
	"errors"
	"fmt"
	"io"
)

// firstRead is how much is read before a buffer grows: small objects must not
// pay for a whole stripe.
const firstRead = 64 << 10

// BlockSize is the block size of a stream of size bytes:
// min(maxBlock, ⌈size / k⌉), 0 for an empty stream.
func BlockSize(size int64, k, maxBlock int) int {
	if size >= int64(k)*int64(maxBlock) {
		return maxBlock
	}
	return int((size + int64(k) - 1) / int64(k))
}

// Stripe is one erasure-coded group. Its blocks share one buffer, which the
// next call of Next with the same Stripe overwrites.
type Stripe struct {
	// Index counts the stripes of a stream from 0.
	Index int
	// Bytes is the number of bytes of the stream in this stripe.
	Bytes int
	// Blocks are the k data blocks, unpadded, so that the last may be short or
	// empty, then the m parity blocks, each of the stream's block size.
	Blocks [][]byte

	padded [][]byte
	buf    []byte
}

// Reader cuts a stream into stripes. It is not safe for concurrent use.
type Reader struct {
	coder    *Coder
	src      io.Reader
	maxBlock int
	block    int
	next     int
	size     int64
	done     bool
}

// NewReader reads stripes from src. The block size follows from the length of
// the stream, which need not be known beforehand: the first stripe tells.
func NewReader(c *Coder, src io.Reader, maxBlock int) (*Reader, error) {
	if maxBlock < 1 {
		return nil, fmt.Errorf("%w: block size %d", ErrShape, maxBlock)
	}
	return &Reader{coder: c, src: src, maxBlock: maxBlock}, nil
}

// BlockSize is the block size of the stream, known after the first Next.
func (r *Reader) BlockSize() int { return r.block }

// Size is the number of bytes read so far: the length of the stream once Next
// has returned io.EOF.
func (r *Reader) Size() int64 { return r.size }

// Next reads and encodes the next stripe into s and returns io.EOF after the
// last. An empty stream has no stripe.
func (r *Reader) Next(s *Stripe) error {
	if r.done {
		return io.EOF
	}
	n, err := s.fill(r.src, r.coder.k*r.maxBlock)
	if err != nil {
		return fmt.Errorf("erasure: read the stream at byte %d: %w", r.size+int64(n), err)
	}
	r.done = n < r.coder.k*r.maxBlock
	if n == 0 {
		return io.EOF
	}
	if r.next == 0 {
		r.block = BlockSize(int64(n), r.coder.k, r.maxBlock)
	}
	s.Index, s.Bytes = r.next, n
	r.next++
	r.size += int64(n)
	return s.encode(r.coder, r.block)
}

// fill reads up to want bytes, fewer only at the end of the stream.
func (s *Stripe) fill(src io.Reader, want int) (int, error) {
	n := 0
	for n < want {
		if n == len(s.buf) {
			s.grow(min(want, max(firstRead, 2*n)), n)
		}
		got, err := io.ReadFull(src, s.buf[n:min(want, len(s.buf))])
		n += got
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// grow makes the buffer at least size bytes long and keeps its first keep bytes.
func (s *Stripe) grow(size, keep int) {
	if size <= len(s.buf) {
		return
	}
	buf := make([]byte, size)
	copy(buf, s.buf[:keep])
	s.buf = buf
}

func (s *Stripe) encode(c *Coder, block int) error {
	n := c.k + c.m
	s.grow(n*block, s.Bytes)
	clear(s.buf[s.Bytes : c.k*block])
	s.padded, s.Blocks = s.padded[:0], s.Blocks[:0]
	for i := range n {
		b := s.buf[i*block : (i+1)*block : (i+1)*block]
		s.padded = append(s.padded, b)
		if i < c.k {
			b = b[:min(max(s.Bytes-i*block, 0), block)]
		}
		s.Blocks = append(s.Blocks, b)
	}
	return c.Encode(s.padded)
}
