package dataset

import (
	"errors"
	"fmt"
	"io"
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

// maxFile bounds what TrainFiles reads of one file, in bytes.
const maxFile = 1 << 30

// TrainFiles returns the training images and labels of a folder as they lie there, plain or gzipped. Open says first
// whether they are what they should be.
func TrainFiles(dir string) (images, labels []byte, err error) {
	if images, err = readFile(dir, "train-images", "idx3-ubyte"); err != nil {
		return nil, nil, err
	}
	labels, err = readFile(dir, "train-labels", "idx1-ubyte")
	return images, labels, err
}

func readFile(dir, stem, suffix string) ([]byte, error) {
	f, err := find(dir, stem, suffix)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // read only: nothing to lose
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, missing(f.Name(), err, "it cannot be read")
	}
	if len(raw) > maxFile {
		return nil, malformed(f.Name(), adviceIDX, nil, "it is larger than 1 GiB")
	}
	return raw, nil
}
