package mnist

import (
	"bytes"
	"embed"
	"fmt"

	"autonet/work/dataset"
)

//go:generate go run ./generate -from $MNIST_DIR -to .

// Sizes of the sets: each class has a tenth.
const (
	// TrainSize is the number of training images.
	TrainSize = 12_000
	// HeldOutSize is the number of held-out images, none of which is trained on.
	HeldOutSize = 2_000
	// Side is the height and width of an image in pixels.
	Side = 28
)

// Names of the embedded files, those of the original set.
const (
	TrainImagesFile   = "train-images-idx3-ubyte.gz"
	TrainLabelsFile   = "train-labels-idx1-ubyte.gz"
	HeldOutImagesFile = "t10k-images-idx3-ubyte.gz"
	HeldOutLabelsFile = "t10k-labels-idx1-ubyte.gz"
)

//go:embed *.gz
var files embed.FS

// Train returns the training images.
func Train() (dataset.Set, error) { return load(TrainImagesFile, TrainLabelsFile) }

// HeldOut returns the images to judge by.
func HeldOut() (dataset.Set, error) { return load(HeldOutImagesFile, HeldOutLabelsFile) }

// File returns one of the embedded files as it is, to be stored as shards.
func File(name string) ([]byte, error) {
	b, err := files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("built-in MNIST: %w", err)
	}
	return b, nil
}

func load(imagesName, labelsName string) (dataset.Set, error) {
	images, err := File(imagesName)
	if err != nil {
		return dataset.Set{}, err
	}
	labels, err := File(labelsName)
	if err != nil {
		return dataset.Set{}, err
	}
	return dataset.Read(bytes.NewReader(images), imagesName, bytes.NewReader(labels), labelsName)
}
