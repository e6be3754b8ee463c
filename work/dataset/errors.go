package dataset

import (
	"errors"
	"fmt"
)

var (
	// ErrMissing says that a file or folder is not there.
	ErrMissing = errors.New("data set is missing")
	// ErrFormat says that bytes are not the IDX they should be.
	ErrFormat = errors.New("data set is malformed")
)

// FileError says what is wrong with which file, and what to do about it. It
// wraps ErrMissing or ErrFormat.
type FileError struct {
	// File is the path or the name given by the caller.
	File string
	// Problem says what is wrong.
	Problem string
	// Advice says what to do.
	Advice string
	// Err is ErrMissing or ErrFormat, joined with a cause if there is one.
	Err error
}

// Error names file, problem and advice.
func (e *FileError) Error() string {
	return fmt.Sprintf("%s: %s (%s)", e.File, e.Problem, e.Advice)
}

// Unwrap returns the sentinel and the cause.
func (e *FileError) Unwrap() error { return e.Err }

const (
	adviceIDX   = "an IDX file is needed, as MNIST comes in: images idx3-ubyte, labels idx1-ubyte, plain or .gz"
	adviceCut   = "the file is cut short or damaged: copy or download it again"
	adviceMatch = "images and labels must come from the same set"
)

func malformed(file, advice string, cause error, problem string, args ...any) error {
	err := ErrFormat
	if cause != nil {
		err = fmt.Errorf("%w: %w", ErrFormat, cause)
	}
	return &FileError{File: file, Problem: fmt.Sprintf(problem, args...), Advice: advice, Err: err}
}
