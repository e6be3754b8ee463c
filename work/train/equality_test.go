package train_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/kernel"
	"autonet/work/train"
)

// The batch of 21 leaves a group of five and rows for every tile height.
func TestInstructionsAndThreadsDoNotChangeABit(t *testing.T) {
	t.Parallel()
	const n, steps = 21, 2
	data := prototypes(n * steps)
	var want [steps][32]byte
	var wantLogits []float32
	for _, set := range sets() {
		for threads := 1; threads <= 4; threads++ {
			if set == kernel.Scalar() && threads%2 == 0 {
				continue // slow, and the others tell
			}
			name := fmt.Sprintf("%s, %d threads", set, threads)
			tr := train.NewSimpleNetTrainer(threads, set)
			s := train.SimpleNet{}.Init([32]byte{3})
			for i := range steps {
				_, err := tr.Step(&s, part(data, i*n, n), train.Hyper{LearningRate: 0.05, Momentum: 0.9})
				require.NoError(t, err)
				if want[i] == ([32]byte{}) {
					want[i] = s.Hash()
				}
				require.Equal(t, want[i], s.Hash(), "%s, step %d", name, i)
			}
			logits, err := tr.Logits(s.Weights(), part(data, 0, n))
			require.NoError(t, err)
			if wantLogits == nil {
				wantLogits = logits
			}
			require.Equal(t, wantLogits, logits, name)
		}
	}
}

// The hashes are part of the protocol: another value means that machines with
// different versions would accuse each other of fraud.
func TestStateHashesAreThoseOfEveryOtherMachine(t *testing.T) {
	t.Parallel()
	s := train.SimpleNet{}.Init([32]byte{1, 2, 3})
	require.Equal(t, "dc5244a78cb0752a797c965ab79d27f2723dafcf6a06773afe9a0f58adfa7c07", hash(s))
	tr := train.SimpleNet{}.NewTrainer(2)
	for i := range 4 {
		_, err := tr.Step(&s, part(prototypes(48), 12*i, 12), train.Hyper{LearningRate: 0.05, Momentum: 0.9})
		require.NoError(t, err)
	}
	require.Equal(t, "2674798756b981640a116c88e1ed83f52a38083f210d7b5e1f81a0761aa8a3bc", hash(s))
}

func hash(s train.State) string {
	h := s.Hash()
	return hex.EncodeToString(h[:])
}
