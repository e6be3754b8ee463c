package codec

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"autonet/work/train"
)

const (
	formatState   = "autonet-state/1"
	formatWeights = "autonet-weights/1"
	keyFormat     = "format"
	keyModel      = "model"
	keyStep       = "step"
)

// EncodeState writes a state of the named model as a safetensors file: the
// weights, then the optimiser's tensors, with the metadata format, model and
// step. It refuses tensors that are not in the order of a State.
func EncodeState(s train.State, model string) ([]byte, error) {
	if err := checkOrder(s.Tensors); err != nil {
		return nil, err
	}
	return encode(s.Tensors, map[string]string{
		keyFormat: formatState, keyModel: model, keyStep: strconv.FormatUint(uint64(s.Step), 10),
	})
}

// DecodeState reads what EncodeState wrote and returns the model's name. Whether
// the tensors are that model's is for the model to say.
func DecodeState(raw []byte) (s train.State, model string, err error) {
	tensors, meta, err := Decode(raw)
	if err != nil {
		return train.State{}, "", fmt.Errorf("state: %w", err)
	}
	step, err := strconv.ParseUint(meta[keyStep], 10, 32)
	canonical := err == nil && strconv.FormatUint(step, 10) == meta[keyStep]
	if !canonical || meta[keyFormat] != formatState || meta[keyModel] == "" || len(meta) != 3 {
		return train.State{}, "", fmt.Errorf("state: %w: the metadata must be format %s, model and step, found %q", ErrFormat, formatState, slices.Sorted(maps.Keys(meta)))
	}
	if err := checkOrder(tensors); err != nil {
		return train.State{}, "", err
	}
	return train.State{Step: uint32(step), Tensors: tensors}, meta[keyModel], nil
}

// EncodeWeights writes the weights of the named model as a safetensors file,
// with the metadata format and model.
func EncodeWeights(w []train.Tensor, model string) ([]byte, error) {
	return encode(w, map[string]string{keyFormat: formatWeights, keyModel: model})
}

// DecodeWeights reads the weights from a safetensors file, of ours or of other
// tools; the optimiser's tensors of a state file are left out. The model's name
// is empty where the file names none.
func DecodeWeights(raw []byte) (w []train.Tensor, model string, err error) {
	tensors, meta, err := Decode(raw)
	if err != nil {
		return nil, "", fmt.Errorf("weights: %w", err)
	}
	w = slices.DeleteFunc(tensors, func(t train.Tensor) bool {
		return strings.HasPrefix(t.Name, train.OptimizerPrefix)
	})
	return w, meta[keyModel], nil
}

func encode(tensors []train.Tensor, meta map[string]string) ([]byte, error) {
	if err := Check(tensors, meta); err != nil {
		return nil, err
	}
	raw := Encode(tensors, meta)
	if raw == nil {
		return nil, fmt.Errorf("safetensors: %w: the header is over %d bytes", ErrFormat, MaxHeader)
	}
	return raw, nil
}

// checkOrder demands weights sorted by name, then the optimiser's tensors sorted
// by name, since the hash of a state covers their order.
func checkOrder(tensors []train.Tensor) error {
	ordered := slices.IsSortedFunc(tensors, func(a, b train.Tensor) int {
		optA, optB := strings.HasPrefix(a.Name, train.OptimizerPrefix), strings.HasPrefix(b.Name, train.OptimizerPrefix)
		if optA != optB {
			if optA {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Name, b.Name)
	})
	if !ordered {
		return fmt.Errorf("state: %w: tensors must be the weights sorted by name, then the optimiser's", ErrFormat)
	}
	return nil
}
