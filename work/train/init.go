package train

import (
	"encoding/binary"
	"math"
	"slices"

	"lukechampine.com/blake3"
)

const initTag = "autonet/init/v1"

// uniform fills data with values of (−1/√fan, 1/√fan), PyTorch's default for
// linear and convolution layers (He's uniform law with a = √5). Value i is the
// i-th little-endian uint32 u of the BLAKE3 output stream over the tag, the
// seed and the tensor's name: (2·⌊u/2⁸⌋ + 1 − 2²⁴) / 2²⁴ · (1/√fan).
func uniform(data []float32, seed [32]byte, name string, fan int) {
	h := blake3.New(32, nil)
	stream := make([]byte, 4*len(data))
	// Neither a hash nor its stream of 2⁶⁴ bytes fails.
	_, _ = h.Write(slices.Concat([]byte(initTag), seed[:], []byte(name)))
	_, _ = h.XOF().Read(stream)
	bound := 1 / math.Sqrt(float64(fan))
	for i := range data {
		u := binary.LittleEndian.Uint32(stream[4*i:]) >> 8
		centred := float64(2*int64(u)+1-1<<24) / (1 << 24)
		data[i] = float32(centred * bound)
	}
}
