// Command generate makes the embedded part of MNIST from the full set. It
// promises the same choice on every machine, and must not be imported.
//
//	go run ./work/dataset/mnist/generate -from FOLDER -to work/dataset/mnist
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"autonet/work/dataset"
)

func main() {
	from := flag.String("from", "", "folder with the four files of the full MNIST set")
	to := flag.String("to", ".", "folder to write the chosen part to")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	train, test, err := dataset.Open(from)
	if err != nil {
		return err
	}
	if err := write(to, "train", train, 1200); err != nil {
		return err
	}
	return write(to, "t10k", test, 200)
}

func write(dir, prefix string, s dataset.Set, perClass int) error {
	chosen, err := choose(s, perClass)
	if err != nil {
		return fmt.Errorf("%s: %w", prefix, err)
	}
	for name, body := range map[string][]byte{
		prefix + "-images-idx3-ubyte.gz": dataset.EncodeImages(chosen),
		prefix + "-labels-idx1-ubyte.gz": dataset.EncodeLabels(chosen),
	} {
		packed, err := dataset.Gzip(body)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), packed, 0o600); err != nil {
			return err
		}
		fmt.Printf("%s: %d images, %d bytes\n", name, chosen.N, len(packed))
	}
	return nil
}

// choose takes perClass examples of every class, those whose hash comes first,
// and keeps them in the order of s.
func choose(s dataset.Set, perClass int) (dataset.Set, error) {
	type candidate struct {
		index int
		key   [32]byte
	}
	var classes [dataset.Classes][]candidate
	for i, label := range s.Labels {
		text := binary.BigEndian.AppendUint32(append([]byte("autonet/mnist/v1"), label), uint32(i))
		classes[label] = append(classes[label], candidate{i, sha256.Sum256(text)})
	}
	var indices []int
	for label, c := range classes {
		if len(c) < perClass {
			return dataset.Set{}, fmt.Errorf("class %d has %d images, %d are needed", label, len(c), perClass)
		}
		slices.SortFunc(c, func(a, b candidate) int {
			return cmp.Or(bytes.Compare(a.key[:], b.key[:]), cmp.Compare(a.index, b.index))
		})
		for _, chosen := range c[:perClass] {
			indices = append(indices, chosen.index)
		}
	}
	slices.Sort(indices)
	size := s.Rows * s.Cols
	out := dataset.Set{N: len(indices), Rows: s.Rows, Cols: s.Cols}
	for _, i := range indices {
		out.Images = append(out.Images, s.Images[i*size:(i+1)*size]...)
		out.Labels = append(out.Labels, s.Labels[i])
	}
	return out, nil
}
