package train_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/kernel"
	"autonet/work/train"
)

// sets are the instruction sets of this machine.
func sets() []kernel.Set {
	if kernel.Best() == kernel.Scalar() {
		return []kernel.Set{kernel.Scalar()}
	}
	return []kernel.Set{kernel.Scalar(), kernel.Best()}
}

// The batch of 21 leaves a group of five and rows for every tile height.
func TestInstructionsAndThreadsDoNotChangeABit(t *testing.T) {
	t.Parallel()
	const n, steps = 21, 3
	data := prototypes(n*steps, 1)
	var want [steps][32]byte
	var wantLogits []float32
	for _, set := range sets() {
		for threads := 1; threads <= 4; threads++ {
			if set == kernel.Scalar() && threads == 3 {
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
