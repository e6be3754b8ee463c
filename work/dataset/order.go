package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"
)

// stream is a counter-based generator: block i is
// SHA-256(len ‖ tag ‖ seed ‖ be64(number) ‖ be64(i)), read as four big-endian
// uint64. It has no state that a restart could lose.
type stream struct {
	prefix []byte
	block  uint64
	words  [4]uint64
	next   int
}

func newStream(tag string, seed [32]byte, number uint64) *stream {
	p := make([]byte, 0, 4+len(tag)+len(seed)+16)
	p = binary.BigEndian.AppendUint32(p, uint32(len(tag)))
	p = append(p, tag...)
	p = append(p, seed[:]...)
	p = binary.BigEndian.AppendUint64(p, number)
	return &stream{prefix: p, next: 4}
}

// below returns a number in [0, n), by the high half of a product. The bias is
// under n / 2⁶⁴.
func (s *stream) below(n uint64) uint64 {
	if s.next == len(s.words) {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(slices.Clip(s.prefix), s.block))
		for i := range s.words {
			s.words[i] = binary.BigEndian.Uint64(sum[8*i:])
		}
		s.block, s.next = s.block+1, 0
	}
	hi, _ := bits.Mul64(s.words[s.next], n)
	s.next++
	return hi
}

// shuffle is Fisher–Yates, from the last place down.
func shuffle(order []int, s *stream) {
	for i := len(order) - 1; i > 0; i-- {
		j := int(s.below(uint64(i) + 1))
		order[i], order[j] = order[j], order[i]
	}
}

// Partition returns the examples of one slot: the indices 0 … n−1, shuffled by
// the seed and cut into slots contiguous parts whose sizes differ by at most
// one. The parts of all slots are disjoint and cover everything. It is empty if
// slot is not in [0, slots) or n is not in [0, MaxItems].
func Partition(n, slots, slot int, seed [32]byte) []int {
	if n < 0 || n > MaxItems || slot < 0 || slot >= slots {
		return nil
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	shuffle(order, newStream("autonet/partition/v1", seed, 0))
	from, to := cut(n, slots, slot), cut(n, slots, slot+1)
	return append([]int(nil), order[from:to]...)
}

func cut(n, slots, slot int) int {
	hi, lo := bits.Mul64(uint64(n), uint64(slot))
	q, _ := bits.Div64(hi, lo, uint64(slots)) // hi < slots, since n·slot / slots ≤ n
	return int(q)
}
