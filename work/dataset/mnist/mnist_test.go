package mnist_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/dataset"
	"autonet/work/dataset/mnist"
)

func TestTheBuiltInSetsAreWholeAndBalanced(t *testing.T) {
	train, err := mnist.Train()
	require.NoError(t, err)
	heldOut, err := mnist.HeldOut()
	require.NoError(t, err)
	for _, c := range []struct {
		set    dataset.Set
		n      int
		sha256 string
	}{
		{train, mnist.TrainSize, "251888f1685f31475cab87718344305fcf4edb5102eef086420279f8c20140cf"},
		{heldOut, mnist.HeldOutSize, "d95ec7fcc76f81ddb7be644eb846d70dda149fa8b54f80b76770903595d86152"},
	} {
		require.NoError(t, c.set.Check())
		require.Equal(t, c.n, c.set.N)
		require.Equal(t, mnist.Side, c.set.Rows)
		require.Equal(t, mnist.Side, c.set.Cols)
		var classes [dataset.Classes]int
		for _, l := range c.set.Labels {
			classes[l]++
		}
		for _, n := range classes {
			require.Equal(t, c.n/dataset.Classes, n)
		}
		sum := sha256.Sum256(append(dataset.EncodeImages(c.set), c.set.Labels...))
		require.Equal(t, c.sha256, hex.EncodeToString(sum[:]))
	}
}

func TestNoHeldOutImageIsTrainedOn(t *testing.T) {
	train, err := mnist.Train()
	require.NoError(t, err)
	heldOut, err := mnist.HeldOut()
	require.NoError(t, err)
	const size = mnist.Side * mnist.Side
	seen := map[[size]byte]bool{}
	for i := range train.N {
		seen[[size]byte(train.Images[i*size:(i+1)*size])] = true
	}
	require.Len(t, seen, train.N, "every image is there once")
	for i := range heldOut.N {
		require.False(t, seen[[size]byte(heldOut.Images[i*size:(i+1)*size])])
	}
}

func TestTheFilesAreThereToBeStored(t *testing.T) {
	images, err := mnist.File(mnist.HeldOutImagesFile)
	require.NoError(t, err)
	labels, err := mnist.File(mnist.HeldOutLabelsFile)
	require.NoError(t, err)
	s, err := dataset.Parse(images, labels)
	require.NoError(t, err)
	require.Equal(t, mnist.HeldOutSize, s.N)
	_, err = mnist.File("nothing")
	require.Error(t, err)
}
