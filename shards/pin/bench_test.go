package pin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/shards/pin"
)

func BenchmarkSmallPin(b *testing.B) {
	w := newSwarm(b, 8)
	data := noise(300)
	for i := 0; b.Loop(); i++ {
		data[0], data[1] = byte(i), byte(i>>8)
		w.pin(w.nodes[0], data, pin.PinOptions{})
	}
}

func BenchmarkSmallGet(b *testing.B) {
	w := newSwarm(b, 8)
	data := noise(300)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	for b.Loop() {
		w.get(w.nodes[0], info.CID, data)
	}
}

func BenchmarkPin(b *testing.B) {
	w := newSwarm(b, 8)
	data := noise(64 << 20)
	b.SetBytes(int64(len(data)))
	for i := 0; b.Loop(); i++ {
		data[0], data[1] = byte(i), byte(i>>8)
		for at := 0; at < len(data); at += 1 << 20 {
			data[at] = byte(i)
		}
		info := w.pin(w.nodes[0], data, pin.PinOptions{})
		b.StopTimer()
		require.NoError(b, w.nodes[0].svc.Unpin(b.Context(), info.CID))
		b.StartTimer()
	}
}

func BenchmarkGet(b *testing.B) {
	w := newSwarm(b, 8)
	data := noise(64 << 20)
	info := w.pin(w.nodes[0], data, pin.PinOptions{})
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		w.get(w.nodes[0], info.CID, data)
	}
}
