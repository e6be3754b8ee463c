package ledger

import (
	"encoding/binary"
	"math/bits"
)

// PickByStake draws one of the stakes with a probability in proportion to it, and returns its index: the first eight bytes
// of HashParts(tag, block hash, subject, counter as four big-endian bytes), scaled to the sum. The sum must not exceed 64
// bits, which no sum of stakes does. Of no stakes it draws −1.
func PickByStake(tag string, hash Hash, subject string, counter uint32, stakes []uint64) int {
	var sum uint64
	for _, stake := range stakes {
		sum += stake
	}
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], counter)
	seed := HashParts([]byte(tag), hash[:], []byte(subject), n[:])
	at, _ := bits.Mul64(binary.BigEndian.Uint64(seed[:8]), sum)
	for i, stake := range stakes {
		if at < stake {
			return i
		}
		at -= stake
	}
	return len(stakes) - 1
}
