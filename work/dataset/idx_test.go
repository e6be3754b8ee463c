package dataset_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"autonet/work/dataset"
)

// small is a set of n images of 2×3 pixels.
func small(n int) dataset.Set {
	s := dataset.Set{N: n, Rows: 2, Cols: 3}
	for i := range n {
		for j := range 6 {
			s.Images = append(s.Images, byte(6*i+j))
		}
		s.Labels = append(s.Labels, byte(i%dataset.Classes))
	}
	return s
}

func gz(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := dataset.Gzip(b)
	require.NoError(t, err)
	return z
}

func TestWhatIsEncodedReadsBackPlainAndGzipped(t *testing.T) {
	for _, n := range []int{0, 1, 25} {
		s := small(n)
		require.NoError(t, s.Check())
		images, labels := dataset.EncodeImages(s), dataset.EncodeLabels(s)
		for _, pair := range [][2][]byte{{images, labels}, {gz(t, images), gz(t, labels)}, {images, gz(t, labels)}} {
			got, err := dataset.Parse(pair[0], pair[1])
			require.NoError(t, err)
			require.Equal(t, n, got.N)
			require.True(t, bytes.Equal(s.Images, got.Images))
			require.True(t, bytes.Equal(s.Labels, got.Labels))
		}
	}
}

func TestGzipGivesTheSameBytesAgain(t *testing.T) {
	first, second := gz(t, []byte("digits")), gz(t, []byte("digits"))
	require.Equal(t, first, second)
}

func TestAMalformedFileIsNamedWithItsProblemAndAdvice(t *testing.T) {
	images, labels := dataset.EncodeImages(small(4)), dataset.EncodeLabels(small(4))
	with := func(b []byte, at int, v uint32) []byte {
		c := bytes.Clone(b)
		binary.BigEndian.PutUint32(c[at:], v)
		return c
	}
	packed := gz(t, images)
	for name, c := range map[string]struct {
		images, labels []byte
		file, problem  string
	}{
		"empty":               {nil, labels, "images", "too short"},
		"a text":              {[]byte("<html>no such file, really</html>"), labels, "images", "begins with"},
		"labels for images":   {labels, labels, "images", "too short"},
		"images for labels":   {images, images, "labels", "begins with 00000803"},
		"cut short":           {images[:len(images)-1], labels, "images", "23 of the 24 bytes"},
		"trailing bytes":      {append(bytes.Clone(images), 0), labels, "images", "more than the 24 bytes"},
		"too many images":     {with(images, 4, dataset.MaxItems+1), labels, "images", "dimension 0"},
		"no rows":             {with(images, 8, 0), labels, "images", "dimension 1 is 0"},
		"huge rows":           {with(images, 8, 1<<31), labels, "images", "dimension 1"},
		"huge product":        {with(with(with(images, 4, 1<<20), 8, 1<<10), 12, 1<<10), labels, "images", "announces"},
		"a lying header":      {with(images, 4, 1<<20), labels, "images", "of the 6291456 bytes"},
		"fewer labels":        {images, dataset.EncodeLabels(small(3)), "labels", "3 labels, but images has 4"},
		"a label out of ten":  {images, append(labels[:len(labels)-1:len(labels)-1], 10), "labels", "label 10 of example 3"},
		"broken gzip":         {[]byte{0x1f, 0x8b, 0, 0}, labels, "images", "like gzip"},
		"gzip cut short":      {packed[:len(packed)-9], labels, "images", ""},
		"gzip with bad check": {append(packed[:len(packed)-8:len(packed)-8], 1, 2, 3, 4, 24, 0, 0, 0), labels, "images", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := dataset.Parse(c.images, c.labels)
			require.ErrorIs(t, err, dataset.ErrFormat)
			var file *dataset.FileError
			require.ErrorAs(t, err, &file)
			require.Equal(t, c.file, file.File)
			require.Contains(t, file.Problem, c.problem)
			require.NotEmpty(t, file.Advice)
			require.Contains(t, err.Error(), file.Advice)
		})
	}
}

func TestAFailingReaderIsReportedWithItsCause(t *testing.T) {
	cause := errors.New("disk on fire")
	_, err := dataset.Read(iotest.ErrReader(cause), "a", strings.NewReader(""), "b")
	require.ErrorIs(t, err, cause)
	require.ErrorIs(t, err, dataset.ErrFormat)
}

func TestABoundOnPixelsHolds(t *testing.T) {
	s := small(4)
	_, err := dataset.ParseWithin(gz(t, dataset.EncodeImages(s)), dataset.EncodeLabels(s), 24)
	require.NoError(t, err)
	_, err = dataset.ParseWithin(gz(t, dataset.EncodeImages(s)), dataset.EncodeLabels(s), 23)
	require.ErrorIs(t, err, dataset.ErrFormat)
}

func TestCheckRefusesASetThatDoesNotFitTogether(t *testing.T) {
	for _, change := range []func(*dataset.Set){
		func(s *dataset.Set) { s.N = -1 },
		func(s *dataset.Set) { s.N = 3 },
		func(s *dataset.Set) { s.Rows = 0 },
		func(s *dataset.Set) { s.Cols = dataset.MaxSide + 1 },
		func(s *dataset.Set) { s.Labels = s.Labels[:3] },
		func(s *dataset.Set) { s.Labels = []byte{0, 1, 2, 10} },
	} {
		s := small(4)
		change(&s)
		require.ErrorIs(t, s.Check(), dataset.ErrFormat)
	}
}

func TestHeadIsTheBeginning(t *testing.T) {
	s := small(4)
	require.Equal(t, small(2).Images, s.Head(2).Images)
	require.Equal(t, 4, s.Head(9).N)
	require.Equal(t, 0, s.Head(-1).N)
	require.NoError(t, s.Head(3).Check())
}

// folder writes the four files with the given names.
func folder(t *testing.T, names [4]string) string {
	t.Helper()
	dir := t.TempDir()
	train, test := small(20), small(5)
	for i, b := range [][]byte{
		dataset.EncodeImages(train), dataset.EncodeLabels(train), dataset.EncodeImages(test), dataset.EncodeLabels(test),
	} {
		if strings.HasSuffix(names[i], ".gz") {
			b = gz(t, b)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, names[i]), b, 0o600))
	}
	return dir
}

func TestOpenFindsTheFourFilesInTheirUsualNames(t *testing.T) {
	for _, names := range [][4]string{
		{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
		{"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"},
		{"train-images.idx3-ubyte", "train-labels.idx1-ubyte.gz", "t10k-images-idx3-ubyte", "t10k-labels.idx1-ubyte"},
	} {
		train, test, err := dataset.Open(folder(t, names))
		require.NoError(t, err)
		require.Equal(t, small(20), train)
		require.Equal(t, small(5), test)
	}
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	whole := [4]string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}
	for _, name := range whole {
		dir := folder(t, whole)
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
		_, _, err := dataset.Open(dir)
		require.ErrorIs(t, err, dataset.ErrMissing)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, "built-in subset")
	}
	for _, dir := range []string{filepath.Join(t.TempDir(), "nowhere"), filepath.Join(folder(t, whole), whole[0])} {
		_, _, err := dataset.Open(dir)
		require.ErrorIs(t, err, dataset.ErrMissing)
		require.ErrorContains(t, err, dir)
	}
}

func TestOpenNamesTheFileThatIsNotIDX(t *testing.T) {
	dir := folder(t, [4]string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"})
	path := filepath.Join(dir, "t10k-images-idx3-ubyte")
	require.NoError(t, os.WriteFile(path, []byte("not an index file at all"), 0o600))
	_, _, err := dataset.Open(dir)
	require.ErrorIs(t, err, dataset.ErrFormat)
	require.ErrorContains(t, err, path)
}

func FuzzIDX(f *testing.F) {
	s := small(3)
	images, labels := dataset.EncodeImages(s), dataset.EncodeLabels(s)
	packed, err := dataset.Gzip(images)
	require.NoError(f, err)
	f.Add(images, labels)
	f.Add(packed, labels)
	f.Add([]byte{0x1f, 0x8b}, []byte{0, 0, 8, 1})
	f.Fuzz(func(t *testing.T, images, labels []byte) {
		s, err := dataset.ParseWithin(images, labels, 1<<20)
		if err != nil {
			require.ErrorIs(t, err, dataset.ErrFormat)
			return
		}
		require.NoError(t, s.Check())
		again, err := dataset.Parse(dataset.EncodeImages(s), dataset.EncodeLabels(s))
		require.NoError(t, err)
		require.True(t, bytes.Equal(s.Images, again.Images) && bytes.Equal(s.Labels, again.Labels))
	})
}
