package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Open reads the training and the test set from a folder that holds the four
// files of MNIST or of a set in its format: train-images-idx3-ubyte,
// train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte,
// each plain or with .gz, or with a dot before idx. Errors are *FileError.
func Open(dir string) (train, test Set, err error) {
	info, err := os.Stat(dir)
	if err != nil {
		return Set{}, Set{}, missing(dir, err, "there is no such folder")
	}
	if !info.IsDir() {
		return Set{}, Set{}, missing(dir, nil, "it is not a folder")
	}
	if train, err = openPair(dir, "train"); err != nil {
		return Set{}, Set{}, err
	}
	if test, err = openPair(dir, "t10k"); err != nil {
		return Set{}, Set{}, err
	}
	if train.Rows != test.Rows || train.Cols != test.Cols {
		return Set{}, Set{}, malformed(dir, adviceMatch, nil, "training images are %d×%d, test images %d×%d", train.Rows, train.Cols, test.Rows, test.Cols)
	}
	return train, test, nil
}

func openPair(dir, prefix string) (Set, error) {
	images, err := find(dir, prefix+"-images", "idx3-ubyte")
	if err != nil {
		return Set{}, err
	}
	defer func() { _ = images.Close() }() // read only: nothing to lose
	labels, err := find(dir, prefix+"-labels", "idx1-ubyte")
	if err != nil {
		return Set{}, err
	}
	defer func() { _ = labels.Close() }()
	return Read(images, images.Name(), labels, labels.Name())
}

func find(dir, stem, suffix string) (*os.File, error) {
	for _, sep := range []string{"-", "."} {
		for _, ext := range []string{"", ".gz"} {
			f, err := os.Open(filepath.Join(dir, stem+sep+suffix+ext))
			if err == nil {
				return f, nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, missing(filepath.Join(dir, stem+sep+suffix+ext), err, "it cannot be opened")
			}
		}
	}
	name := stem + "-" + suffix
	return nil, missing(filepath.Join(dir, name), nil, fmt.Sprintf("neither %s nor %s.gz is there", name, name))
}

func missing(path string, cause error, problem string) error {
	err := ErrMissing
	if cause != nil {
		err = fmt.Errorf("%w: %w", ErrMissing, cause)
	}
	return &FileError{
		File: path, Problem: problem, Err: err,
		Advice: "name a folder with the four MNIST files train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, plain or .gz; without a folder the built-in subset is used",
	}
}
