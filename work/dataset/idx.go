package dataset

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Bounds of what is read.
const (
	// MaxItems bounds the examples of one set.
	MaxItems = 1 << 20
	// MaxSide bounds rows and columns of an image, in pixels.
	MaxSide = 1 << 10
	// MaxPixels bounds the pixels of one set, in bytes.
	MaxPixels = 1 << 30
	// Classes bounds the labels: they are below it.
	Classes = 10
)

const (
	magicImages = 0x00000803 // unsigned bytes, three dimensions
	magicLabels = 0x00000801 // unsigned bytes, one dimension
)

// Set is a number of labelled grey images of one size.
type Set struct {
	// Images holds N images of Rows × Cols bytes, row by row; 255 is full ink.
	Images []byte
	// Labels holds N labels below Classes.
	Labels []byte
	// N is the number of examples; Rows and Cols the size of each image.
	N, Rows, Cols int
}

// Check says whether the lengths and labels of s fit together.
func (s Set) Check() error {
	switch {
	case s.N < 0 || s.N > MaxItems || s.Rows < 1 || s.Rows > MaxSide || s.Cols < 1 || s.Cols > MaxSide:
		return fmt.Errorf("%w: %d images of %d×%d pixels", ErrFormat, s.N, s.Rows, s.Cols)
	case len(s.Images) != s.N*s.Rows*s.Cols:
		return fmt.Errorf("%w: %d pixels for %d images of %d×%d", ErrFormat, len(s.Images), s.N, s.Rows, s.Cols)
	case len(s.Labels) != s.N:
		return fmt.Errorf("%w: %d labels for %d images", ErrFormat, len(s.Labels), s.N)
	}
	for i, l := range s.Labels {
		if l >= Classes {
			return fmt.Errorf("%w: label %d of example %d is not below %d", ErrFormat, l, i, Classes)
		}
	}
	return nil
}

// Head returns the first n examples, all of them if there are fewer.
func (s Set) Head(n int) Set {
	n = max(0, min(n, s.N))
	return Set{Images: s.Images[:n*s.Rows*s.Cols], Labels: s.Labels[:n], N: n, Rows: s.Rows, Cols: s.Cols}
}

// Read reads a set from an images and a labels file, each plain or gzipped. The
// names stand in errors.
func Read(images io.Reader, imagesName string, labels io.Reader, labelsName string) (Set, error) {
	return read(images, imagesName, labels, labelsName, MaxPixels)
}

// Parse is Read for bytes in memory.
func Parse(images, labels []byte) (Set, error) { return ParseWithin(images, labels, MaxPixels) }

// ParseWithin is Parse with a bound on the pixels of the set, in bytes, for files
// from strangers: a small .gz may unpack to very much.
func ParseWithin(images, labels []byte, pixels int) (Set, error) {
	return read(bytes.NewReader(images), "images", bytes.NewReader(labels), "labels", min(pixels, MaxPixels))
}

func read(images io.Reader, imagesName string, labels io.Reader, labelsName string, limit int) (Set, error) {
	var s Set
	dims, pixels, err := readIDX(images, imagesName, magicImages, 3, limit)
	if err != nil {
		return Set{}, err
	}
	s.N, s.Rows, s.Cols, s.Images = dims[0], dims[1], dims[2], pixels
	dims, s.Labels, err = readIDX(labels, labelsName, magicLabels, 1, MaxItems)
	if err != nil {
		return Set{}, err
	}
	if dims[0] != s.N {
		return Set{}, malformed(labelsName, adviceMatch, nil, "it has %d labels, but %s has %d images", dims[0], imagesName, s.N)
	}
	for i, l := range s.Labels {
		if l >= Classes {
			return Set{}, malformed(labelsName, "digits 0 to 9 are known", nil, "label %d of example %d is not below %d", l, i, Classes)
		}
	}
	return s, nil
}

// readIDX reads a header of the given magic and number of dimensions and exactly
// the bytes it announces. Memory grows with the bytes that are really there.
func readIDX(r io.Reader, name string, magic uint32, dims, most int) ([]int, []byte, error) {
	r, err := gunzip(r, name)
	if err != nil {
		return nil, nil, err
	}
	head := make([]byte, 4+4*dims)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, nil, malformed(name, adviceIDX, err, "it is too short for an IDX header of %d bytes", len(head))
	}
	if got := binary.BigEndian.Uint32(head); got != magic {
		return nil, nil, malformed(name, adviceIDX, nil, "it begins with %08x, not with %08x", got, magic)
	}
	size, shape := int64(1), make([]int, dims)
	for i := range shape {
		d, limit := binary.BigEndian.Uint32(head[4+4*i:]), uint32(MaxSide)
		if i == 0 {
			limit = MaxItems
		}
		if d > limit || (i > 0 && d == 0) {
			return nil, nil, malformed(name, adviceIDX, nil, "dimension %d is %d, allowed are 1 to %d", i, d, limit)
		}
		shape[i] = int(d)
		size *= int64(d) // at most 2⁴⁰
	}
	if size > int64(most) {
		return nil, nil, malformed(name, adviceIDX, nil, "it announces %d bytes, at most %d are read", size, most)
	}
	var body bytes.Buffer
	n, err := io.CopyN(&body, r, size)
	if err != nil {
		return nil, nil, malformed(name, adviceCut, err, "it has %d of the %d bytes announced", n, size)
	}
	if n, err := io.CopyN(io.Discard, r, 1); n != 0 {
		return nil, nil, malformed(name, adviceIDX, nil, "it has more than the %d bytes announced", size)
	} else if !errors.Is(err, io.EOF) {
		return nil, nil, malformed(name, adviceCut, err, "its end cannot be read")
	}
	return shape, body.Bytes(), nil
}

// gunzip unpacks a gzip stream and leaves anything else alone.
func gunzip(r io.Reader, name string) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	if head, _ := buffered.Peek(2); len(head) < 2 || head[0] != 0x1f || head[1] != 0x8b {
		return buffered, nil
	}
	z, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, malformed(name, adviceCut, err, "it begins like gzip, but is not")
	}
	return z, nil
}

// EncodeImages returns the images of s as IDX, not compressed.
func EncodeImages(s Set) []byte {
	return encodeIDX(magicImages, s.Images, s.N, s.Rows, s.Cols)
}

// EncodeLabels returns the labels of s as IDX, not compressed.
func EncodeLabels(s Set) []byte { return encodeIDX(magicLabels, s.Labels, s.N) }

func encodeIDX(magic uint32, body []byte, dims ...int) []byte {
	out := make([]byte, 0, 4+4*len(dims)+len(body))
	out = binary.BigEndian.AppendUint32(out, magic)
	for _, d := range dims {
		out = binary.BigEndian.AppendUint32(out, uint32(min(uint64(d), math.MaxUint32)))
	}
	return append(out, body...)
}

// Gzip compresses b as well as it can, without name or time, so that the same
// bytes give the same file.
func Gzip(b []byte) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
