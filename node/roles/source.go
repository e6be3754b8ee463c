package roles

import (
	"fmt"

	"autonet/work/dataset"
	"autonet/work/dataset/mnist"
	"autonet/work/truth"
)

// sampleSize is about how many held-out examples one task reveals.
const sampleSize = 1000

// source is the proposer's own data: what solvers train on, and what it keeps to itself.
type source struct {
	images, labels []byte // IDX files of the training examples, plain or gzipped
	heldOut        dataset.Set
}

// openSource reads the folder dir, or the built-in subset for an empty one.
func openSource(dir string) (source, error) {
	if dir == "" {
		images, err := mnist.File(mnist.TrainImagesFile)
		if err != nil {
			return source{}, err
		}
		labels, err := mnist.File(mnist.TrainLabelsFile)
		if err != nil {
			return source{}, err
		}
		heldOut, err := mnist.HeldOut()
		return source{images: images, labels: labels, heldOut: heldOut}, err
	}
	_, heldOut, err := dataset.Open(dir)
	if err != nil {
		return source{}, fmt.Errorf("open the data set: %w", err)
	}
	images, labels, err := dataset.TrainFiles(dir)
	if err != nil {
		return source{}, fmt.Errorf("open the data set: %w", err)
	}
	return source{images: images, labels: labels, heldOut: heldOut}, nil
}

// sample draws the held-out examples of one task by its seed.
func (s source) sample(seed [32]byte) dataset.Set {
	parts := max(1, s.heldOut.N/sampleSize)
	out := dataset.Set{Rows: s.heldOut.Rows, Cols: s.heldOut.Cols}
	size := out.Rows * out.Cols
	for _, i := range dataset.Partition(s.heldOut.N, parts, 0, seed) {
		out.Images = append(out.Images, s.heldOut.Images[i*size:(i+1)*size]...)
		out.Labels = append(out.Labels, s.heldOut.Labels[i])
		out.N++
	}
	return out
}

// exampleTruth states the examples and the scale of scores. A score of 0 lies where a model makes twice the base model's
// errors and a fiftieth of the examples more: an honest update, trained on a part of the data only, may fall behind the
// base by chance, and whether it is honest is for replay to say. A score of 1 is half of what the base still gets wrong.
func exampleTruth(sample dataset.Set, correct, total uint32) truth.Truth {
	wrong := total - correct
	base := correct - min(correct, wrong+total/50)
	bar := max(correct+(wrong+1)/2, base+1)
	return truth.Truth{
		Metric: truth.MetricAccuracy, BaseCorrect: base, BarCorrect: bar, Total: total,
		Images: dataset.EncodeImages(sample), Labels: dataset.EncodeLabels(sample),
	}
}
