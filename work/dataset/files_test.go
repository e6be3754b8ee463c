package dataset_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/dataset"
)

func TestTrainFilesAreReadAsTheyLie(t *testing.T) {
	dir := t.TempDir()
	_, _, err := dataset.TrainFiles(dir)
	require.ErrorIs(t, err, dataset.ErrMissing)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train-images-idx3-ubyte.gz"), []byte("packed"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train-labels-idx1-ubyte"), []byte("plain"), 0o600))
	images, labels, err := dataset.TrainFiles(dir)
	require.NoError(t, err)
	require.Equal(t, "packed", string(images))
	require.Equal(t, "plain", string(labels))
}
