package engine_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/consensus/lease"
	"autonet/consensus/lease/leasetest"
	"autonet/work/aggregate"
	"autonet/work/codec"
	"autonet/work/dataset"
	"autonet/work/dataset/mnist"
	"autonet/work/engine"
	"autonet/work/train"
	"autonet/work/verify"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func digits(t *testing.T, n int) dataset.Set {
	t.Helper()
	s, err := mnist.Train()
	require.NoError(t, err)
	return s.Head(n)
}

func base(t *testing.T) train.State {
	t.Helper()
	m, err := train.Lookup("simplenet")
	require.NoError(t, err)
	return m.Init([32]byte{9})
}

func assignment() engine.Assignment {
	return engine.Assignment{Spec: spec(), Task: "t", Slot: 1, Account: "solver"}
}

// recorder keeps checkpoints and the Prior that goes with each.
type recorder struct {
	checkpoints []engine.Checkpoint
	priors      []engine.Prior
	prior       engine.Prior
}

func (r *recorder) take(c engine.Checkpoint) error {
	r.checkpoints = append(r.checkpoints, c)
	r.prior.Add(c)
	r.priors = append(r.priors, engine.Prior{Initial: r.prior.Initial, Hashes: slices.Clone(r.prior.Hashes)})
	return nil
}

// trained runs the whole assignment with one thread.
func trained(t *testing.T, set dataset.Set) (engine.Result, *recorder) {
	t.Helper()
	l, _, _ := leasetest.Live(t)
	r := &recorder{}
	result, err := engine.New(1).Train(l, assignment(), set, base(t), r.take, nil)
	require.NoError(t, err)
	return result, r
}

func TestTrainingDeliversEveryBoundary(t *testing.T) {
	result, r := trained(t, digits(t, 600))
	require.Len(t, r.checkpoints, 4)
	require.Len(t, result.Boundary, 4)
	require.Len(t, result.Hashes, 10)
	require.Equal(t, base(t).Hash(), result.Boundary[0])
	at := 0
	for j, c := range r.checkpoints {
		require.Equal(t, j, c.Index)
		require.Equal(t, result.Boundary[j], c.Boundary)
		require.Equal(t, c.Boundary, c.State.Hash())
		require.Equal(t, min(4*j, 10), int(c.State.Step))
		require.Equal(t, result.Hashes[at:at+len(c.Hashes)], append([][32]byte{}, c.Hashes...))
		at += len(c.Hashes)
	}
	require.Equal(t, 10, at)
	require.Equal(t, result.Boundary[3], result.Final.Hash())
	tree, err := verify.NewStepTree(result.Hashes, 4)
	require.NoError(t, err)
	require.Equal(t, tree.Root(), result.StepRoot)
}

func TestThreadsDoNotChangeABit(t *testing.T) {
	set := digits(t, 600)
	want, _ := trained(t, set)
	l, _, _ := leasetest.Live(t)
	for _, threads := range []int{0, 2, 3} {
		got, err := engine.New(threads).Train(l, assignment(), set, base(t), nil, nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestReplayingAnyIntervalFromItsCheckpointGivesTheSameHashes(t *testing.T) {
	set := digits(t, 600)
	result, r := trained(t, set)
	l, _, _ := leasetest.Live(t)
	for j, c := range r.checkpoints[:3] {
		for _, threads := range []int{1, 2} {
			hashes, end, err := engine.New(threads).Replay(l, assignment(), set, c.State, j)
			require.NoError(t, err)
			_, same := verify.CompareInterval(hashes, r.checkpoints[j+1].Hashes)
			require.True(t, same)
			require.Equal(t, result.Boundary[j+1], end.Hash())
			require.Equal(t, c.Boundary, c.State.Hash(), "the checkpoint is not written to")
		}
	}
}

func TestAReplayShowsTheFirstStepThatIsNotTheSolvers(t *testing.T) {
	set := digits(t, 600)
	_, r := trained(t, set)
	l, _, _ := leasetest.Live(t)
	from := r.checkpoints[1].State.Clone()
	from.Tensors[1].Data[0] = math.Nextafter32(from.Tensors[1].Data[0], 1)
	hashes, _, err := engine.New(1).Replay(l, assignment(), set, from, 1)
	require.NoError(t, err)
	step, same := verify.CompareInterval(hashes, r.checkpoints[2].Hashes)
	require.False(t, same)
	require.Zero(t, step)
}

func TestAnotherAccountOrSlotComputesSomethingElse(t *testing.T) {
	set := digits(t, 600)
	_, r := trained(t, set)
	l, _, _ := leasetest.Live(t)
	for _, change := range []func(*engine.Assignment){
		func(a *engine.Assignment) { a.Account = "copier" },
		func(a *engine.Assignment) { a.Slot = 0 },
		func(a *engine.Assignment) { a.Spec.Seed[31] = 1 },
	} {
		a := assignment()
		change(&a)
		hashes, _, err := engine.New(1).Replay(l, a, set, base(t), 0)
		require.NoError(t, err)
		step, _ := verify.CompareInterval(hashes, r.checkpoints[1].Hashes)
		require.Zero(t, step)
	}
}

func TestAResumedRunGivesTheHashesOfAnUninterruptedOne(t *testing.T) {
	set := digits(t, 600)
	want, r := trained(t, set)
	l, _, _ := leasetest.Live(t)
	for j, c := range r.checkpoints {
		file, err := codec.EncodeState(c.State, "simplenet")
		require.NoError(t, err)
		from, _, err := codec.DecodeState(file)
		require.NoError(t, err)
		a := assignment()
		a.Prior = r.priors[j]
		later := &recorder{}
		got, err := engine.New(2).Train(l, a, set, from, later.take, nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
		if j == 0 {
			require.Equal(t, r.checkpoints, later.checkpoints)
		} else {
			require.Equal(t, r.checkpoints[j+1:], append([]engine.Checkpoint{}, later.checkpoints...))
		}
	}
}

func TestTrainingStopsWithinOneStepOfTheLeasesEndAndResumes(t *testing.T) {
	set := digits(t, 600)
	want, _ := trained(t, set)
	for _, stop := range []int{1, 4, 6, 9} {
		l, clock, _ := leasetest.Live(t)
		r := &recorder{}
		steps := 0
		_, err := engine.New(1).Train(l, assignment(), set, base(t), r.take, func(step int, loss float32) {
			require.Equal(t, steps+1, step)
			require.Greater(t, loss, float32(0))
			if steps = step; step == stop {
				clock.Advance(lease.DefaultMaxSkew + 1)
			}
		})
		require.ErrorIs(t, err, lease.ErrLapsed)
		require.Equal(t, stop, steps, "not one step more")
		require.Len(t, r.checkpoints, 1+stop/4, "what was delivered stands")

		fresh, _, _ := leasetest.Live(t)
		a := assignment()
		a.Prior = r.prior
		got, err := engine.New(1).Train(fresh, a, set, r.checkpoints[len(r.checkpoints)-1].State, nil, nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestNothingIsDoneWithoutALease(t *testing.T) {
	set := digits(t, 600)
	lapsed, clock, _ := leasetest.Live(t)
	clock.Advance(time.Hour)
	e, w := engine.New(1), base(t).Weights()
	for want, l := range map[error]lease.Lease{lease.ErrNoLease: {}, lease.ErrLapsed: lapsed} {
		r := &recorder{}
		_, err := e.Train(l, assignment(), set, base(t), r.take, nil)
		require.ErrorIs(t, err, want)
		require.Empty(t, r.checkpoints)
		_, _, err = e.Replay(l, assignment(), set, base(t), 0)
		require.ErrorIs(t, err, want)
		_, _, err = e.Evaluate(l, "simplenet", w, set)
		require.ErrorIs(t, err, want)
		_, err = e.Infer(l, "simplenet", w, set.Images)
		require.ErrorIs(t, err, want)
		_, err = e.Aggregate(l, aggregate.RuleFedAvg, []aggregate.Update{{Account: "a", Samples: 1, Weights: w}})
		require.ErrorIs(t, err, want)
	}
}

func TestTheSinksErrorEndsTheTraining(t *testing.T) {
	set := digits(t, 600)
	l, _, _ := leasetest.Live(t)
	full := errors.New("disk full")
	for bad := range 4 {
		_, err := engine.New(1).Train(l, assignment(), set, base(t), func(c engine.Checkpoint) error {
			if c.Index == bad {
				return full
			}
			return nil
		}, nil)
		require.ErrorIs(t, err, full)
		require.ErrorContains(t, err, fmt.Sprintf("checkpoint %d", bad))
	}
}

func TestStatesThatAreNotOfTheRunAreRefused(t *testing.T) {
	set := digits(t, 600)
	_, r := trained(t, set)
	l, _, _ := leasetest.Live(t)
	e := engine.New(1)
	for name, change := range map[string]func(*train.State){
		"a tensor more":      func(s *train.State) { s.Tensors = append(s.Tensors, train.Tensor{Name: "opt.zz"}) },
		"a tensor less":      func(s *train.State) { s.Tensors = s.Tensors[:len(s.Tensors)-1] },
		"another order":      func(s *train.State) { s.Tensors[0], s.Tensors[1] = s.Tensors[1], s.Tensors[0] },
		"another name":       func(s *train.State) { s.Tensors[9].Name = "opt.x" },
		"another shape":      func(s *train.State) { s.Tensors[15].Shape = []int{64, 10} },
		"values missing":     func(s *train.State) { s.Tensors[9].Data = nil },
		"weight not finite":  func(s *train.State) { s.Tensors[0].Data[0] = float32(math.NaN()) },
		"momentum infinite":  func(s *train.State) { s.Tensors[8].Data[0] = float32(math.Inf(1)) },
		"between boundaries": func(s *train.State) { s.Step = 5 },
		"after the end":      func(s *train.State) { s.Step = 12 },
		"momentum at step 0": func(s *train.State) { s.Step = 0 },
	} {
		s := r.checkpoints[1].State.Clone()
		change(&s)
		a := assignment()
		a.Prior = r.priors[1]
		_, err := e.Train(l, a, set, s, nil, nil)
		require.ErrorIs(t, err, engine.ErrState, name)
		_, _, err = e.Replay(l, assignment(), set, s, int(s.Step)/4)
		require.ErrorIs(t, err, engine.ErrState, name)
	}
	_, _, err := e.Replay(l, assignment(), set, r.checkpoints[1].State, 2)
	require.ErrorIs(t, err, engine.ErrState)
	_, _, err = e.Replay(l, assignment(), set, r.checkpoints[3].State, 3)
	require.ErrorIs(t, err, engine.ErrState)
}

func TestAPriorThatDoesNotLeadToTheStateIsRefused(t *testing.T) {
	set := digits(t, 600)
	_, r := trained(t, set)
	l, _, _ := leasetest.Live(t)
	for at, prior := range map[int]engine.Prior{0: r.priors[1], 1: {}, 2: r.priors[1], 3: {Hashes: make([][32]byte, 10)}} {
		a := assignment()
		a.Prior = prior
		_, err := engine.New(1).Train(l, a, set, r.checkpoints[at].State, nil, nil)
		require.ErrorIs(t, err, engine.ErrState)
	}
}

func TestDataThatDoesNotServeIsRefused(t *testing.T) {
	l, _, _ := leasetest.Live(t)
	good := digits(t, 8)
	wide := dataset.Set{N: 8, Rows: 14, Cols: 56, Images: good.Images, Labels: good.Labels}
	broken := good
	broken.Labels = good.Labels[:7]
	for name, set := range map[string]dataset.Set{"none": good.Head(0), "one for two slots": good.Head(1), "wide": wide, "broken": broken} {
		a := assignment()
		a.Slot = 0
		_, err := engine.New(1).Train(l, a, set, base(t), nil, nil)
		require.ErrorIs(t, err, engine.ErrData, name)
	}
	for name, set := range map[string]dataset.Set{"none": good.Head(0), "wide": wide, "broken": broken} {
		_, _, err := engine.New(1).Evaluate(l, "simplenet", base(t).Weights(), set)
		require.ErrorIs(t, err, engine.ErrData, name)
	}
	for _, images := range [][]byte{nil, make([]byte, 783), make([]byte, 785)} {
		_, err := engine.New(1).Infer(l, "simplenet", base(t).Weights(), images)
		require.ErrorIs(t, err, engine.ErrData)
	}
	bad := assignment()
	bad.Slot = 9
	_, err := engine.New(1).Train(l, bad, good, base(t), nil, nil)
	require.ErrorIs(t, err, engine.ErrSpec)
	_, _, err = engine.New(1).Replay(l, bad, good, base(t), 0)
	require.ErrorIs(t, err, engine.ErrSpec)
}
