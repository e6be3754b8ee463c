package engine_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/work/aggregate"
	"autonet/work/codec"
	"autonet/work/engine"
	"autonet/work/train"
)

const someCID = "bafkr4ihkr4ld3m4gqkjf4reryxsy2s5tkbxprqkow6fin2iiyvreuzzab4"

func spec() engine.Spec {
	return engine.Spec{
		Trainer: engine.TrainerNative, Model: "simplenet", Seed: [32]byte{1, 2, 3},
		Steps: 10, Interval: 4, Batch: 16, Slots: 2, Replay: 2,
		LearningRateMicro: 50_000, MomentumMicro: 900_000, Rule: aggregate.RuleFedAvg,
		BaseModel: someCID, TrainImages: someCID, TrainLabels: someCID,
	}
}

func TestASpecReadsBack(t *testing.T) {
	raw, err := spec().Encode()
	require.NoError(t, err)
	got, err := engine.DecodeSpec(raw)
	require.NoError(t, err)
	require.Equal(t, spec(), got)
	require.Equal(t, 3, got.Intervals())
	require.Equal(t, uint64(160), got.Samples())
	require.Equal(t, train.Hyper{LearningRate: 0.05, Momentum: 0.9}, got.Hyper())
}

func TestASpecOutOfBoundsIsRefused(t *testing.T) {
	for name, change := range map[string]func(*engine.Spec){
		"trainer":             func(s *engine.Spec) { s.Trainer = "pytorch" },
		"model":               func(s *engine.Spec) { s.Model = "gpt" },
		"rule":                func(s *engine.Spec) { s.Rule = "sum" },
		"no steps":            func(s *engine.Spec) { s.Steps = 0 },
		"too many steps":      func(s *engine.Spec) { s.Steps = engine.MaxSteps + 1 },
		"no interval":         func(s *engine.Spec) { s.Interval = 0 },
		"long interval":       func(s *engine.Spec) { s.Interval = 11 },
		"no batch":            func(s *engine.Spec) { s.Batch = 0 },
		"large batch":         func(s *engine.Spec) { s.Batch = engine.MaxBatch + 1 },
		"no slots":            func(s *engine.Spec) { s.Slots = 0 },
		"too many slots":      func(s *engine.Spec) { s.Slots = engine.MaxSlots + 1 },
		"no replay":           func(s *engine.Spec) { s.Replay = 0 },
		"replay over all":     func(s *engine.Spec) { s.Replay = 4 },
		"no learning rate":    func(s *engine.Spec) { s.LearningRateMicro = 0 },
		"large learning rate": func(s *engine.Spec) { s.LearningRateMicro = engine.MaxLearningRateMicro + 1 },
		"momentum of one":     func(s *engine.Spec) { s.MomentumMicro = 1_000_000 },
		"base model":          func(s *engine.Spec) { s.BaseModel = "" },
		"images":              func(s *engine.Spec) { s.TrainImages = "b" + strings.Repeat("a", 128) },
		"labels":              func(s *engine.Spec) { s.TrainLabels = "../../../etc/passwd" },
	} {
		s := spec()
		change(&s)
		_, err := engine.EncodeSpec(s)
		require.ErrorIs(t, err, engine.ErrSpec, name)
		raw, err := codec.EncodeCBOR(s)
		require.NoError(t, err)
		_, err = engine.DecodeSpec(raw)
		require.ErrorIs(t, err, engine.ErrSpec, name)
	}
	_, err := engine.DecodeSpec(make([]byte, engine.MaxSpecBytes+1))
	require.ErrorIs(t, err, engine.ErrSpec)
}

func TestEverySlotAndAccountHasItsOwnSeed(t *testing.T) {
	seen := map[[32]byte]bool{}
	for slot := range uint32(2) {
		for _, account := range []string{"a", "b", "ab"} {
			for task := range byte(2) {
				a := engine.Assignment{Spec: spec(), Slot: slot, Account: account}
				a.Spec.Seed[0] = task
				seed := a.Seed()
				require.Equal(t, seed, a.Seed())
				seen[seed] = true
			}
		}
	}
	require.Len(t, seen, 12)
}

func TestSlotsShareNoExampleAndAccountsInTheSameSlotDo(t *testing.T) {
	first := engine.Assignment{Spec: spec(), Slot: 0, Account: "a"}
	second := engine.Assignment{Spec: spec(), Slot: 1, Account: "a"}
	other := engine.Assignment{Spec: spec(), Slot: 0, Account: "b"}
	require.Equal(t, first.Partition(100), other.Partition(100))
	for _, i := range first.Partition(100) {
		require.NotContains(t, second.Partition(100), i)
	}
}

func TestAnAssignmentOutOfBoundsIsRefused(t *testing.T) {
	good := engine.Assignment{Spec: spec(), Slot: 1, Account: "a"}
	require.NoError(t, good.Validate())
	for _, change := range []func(*engine.Assignment){
		func(a *engine.Assignment) { a.Slot = 2 },
		func(a *engine.Assignment) { a.Account = "" },
		func(a *engine.Assignment) { a.Account = strings.Repeat("a", 129) },
		func(a *engine.Assignment) { a.Spec.Steps = 0 },
	} {
		a := good
		change(&a)
		require.ErrorIs(t, a.Validate(), engine.ErrSpec)
	}
}

func FuzzSpec(f *testing.F) {
	raw, err := spec().Encode()
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := engine.DecodeSpec(raw)
		if err != nil {
			require.ErrorIs(t, err, engine.ErrSpec)
			return
		}
		again, err := s.Encode()
		require.NoError(t, err)
		require.Equal(t, raw, again)
	})
}
