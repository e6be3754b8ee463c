package task_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/task"
)

func aSolution() task.Solution {
	return task.Solution{
		Task: ledger.TaskID(ledgertest.Network, ledgertest.Account(1), 1), Account: ledgertest.Account(2),
		Checkpoints: []string{"", manifest("a"), manifest("b")},
		Boundary:    []ledger.Hash{digest("0"), digest("1"), digest("2")},
		StepRoot:    digest("root"), Steps: 4, Samples: 16,
	}
}

func TestSolutionSurvivesItsEncoding(t *testing.T) {
	doc, err := aSolution().Encode()
	require.NoError(t, err)
	got, err := task.DecodeSolution(doc)
	require.NoError(t, err)
	require.Equal(t, aSolution(), got)
	require.Equal(t, manifest("b"), got.Weights())
	require.Equal(t, digest("2"), got.FinalState())
	require.Equal(t, ledger.DocCID(doc), task.DocCID(doc))
}

func TestSolutionThatIsNotWellFormedIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*task.Solution){
		"task":             func(s *task.Solution) { s.Task = "x" },
		"account":          func(s *task.Solution) { s.Account = "x" },
		"fewer boundaries": func(s *task.Solution) { s.Boundary = s.Boundary[:2] },
		"no interval":      func(s *task.Solution) { s.Boundary, s.Checkpoints = s.Boundary[:1], s.Checkpoints[:1] },
		"empty checkpoint": func(s *task.Solution) { s.Checkpoints[1] = "" },
		"raw checkpoint":   func(s *task.Solution) { s.Checkpoints[1] = ledger.DocCID(nil) },
		"no steps":         func(s *task.Solution) { s.Steps = 0 },
		"no samples":       func(s *task.Solution) { s.Samples = 0 },
		"too many intervals": func(s *task.Solution) {
			s.Boundary = make([]ledger.Hash, 2000)
			s.Checkpoints = make([]string, 2000)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := aSolution()
			spoil(&s)
			_, err := s.Encode()
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
			doc, err := ledger.Marshal(s)
			require.NoError(t, err)
			_, err = task.DecodeSolution(doc)
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
		})
	}
	_, err := task.DecodeSolution(make([]byte, task.MaxSolutionBytes+1))
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
	_, err = task.DecodeSolution(nil)
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
}

func TestSolutionOfTheLargestTaskFitsItsBound(t *testing.T) {
	s := aSolution()
	s.Checkpoints, s.Boundary = []string{""}, []ledger.Hash{digest("0")}
	for i := range 1024 {
		s.Checkpoints = append(s.Checkpoints, manifest(i))
		s.Boundary = append(s.Boundary, digest(i))
	}
	doc, err := s.Encode()
	require.NoError(t, err)
	_, err = task.DecodeSolution(doc)
	require.NoError(t, err)
}

func FuzzDecodeSolution(f *testing.F) {
	doc, err := aSolution().Encode()
	require.NoError(f, err)
	f.Add(doc)
	f.Add(append(bytes.Clone(doc), 0))
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, doc []byte) {
		s, err := task.DecodeSolution(doc)
		if err != nil {
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
			return
		}
		again, err := s.Encode()
		require.NoError(t, err)
		require.Equal(t, doc, again)
	})
}
