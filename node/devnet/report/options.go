package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"autonet/node/config"
)

// Run runs a swarm to its end and reports. It blocks; when ctx ends it stops every process it started and returns
// the context's error. Package devnet's Run is one.
type Run func(ctx context.Context, opts Options, obs Observer) (Report, error)

// Options say what swarm to run.
type Options struct {
	// Nodes is the number of processes, MinNodes to MaxNodes.
	Nodes int
	// Rounds is the number of training rounds, at least 1.
	Rounds int
	// Byzantine is the number of nodes that cheat; Cheats lists their ways in turn (empty = all known, in order).
	Byzantine int
	Cheats    []string
	// Kill is the number of processes killed in mid-round and started again.
	Kill int
	// Model is the kind of model; Data a folder with the full data set ("" = the embedded subset).
	Model, Data string
	// Seed fixes keys, data, salts and order; nil is random.
	Seed *uint64
	// Threads is the number of training threads per solver; 0 lets the swarm choose.
	Threads int
	// Keep leaves the swarm running after the report.
	Keep bool
	// Record is the file that receives every node's events as NDJSON; "" is none.
	Record string
	// Home is the folder of the swarm; "" is a temporary one.
	Home string
}

// Bounds of Options.
const (
	// MinNodes is the smallest swarm: one proposer, one solver, three coordinators, one aggregator.
	MinNodes = 6
	// MaxNodes is the largest swarm one machine is asked to hold.
	MaxNodes = 64
	// MaxRounds is the longest run.
	MaxRounds = 1000
	// MaxThreads is the most training threads per solver.
	MaxThreads = 256
)

// CheatKinds lists the kinds of cheating in the order they are dealt out.
func CheatKinds() []string { return config.Cheats() }

// DefaultOptions is the swarm of a bare `autonet up`.
func DefaultOptions() Options { return Options{Nodes: 8, Rounds: 3, Model: "simplenet"} }

// Validate reports everything that is wrong with the options.
func (o Options) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(o.Nodes >= MinNodes && o.Nodes <= MaxNodes, "--nodes %d: choose %d to %d", o.Nodes, MinNodes, MaxNodes)
	check(o.Rounds >= 1 && o.Rounds <= MaxRounds, "--rounds %d: choose 1 to %d", o.Rounds, MaxRounds)
	check(o.Byzantine >= 0 && o.Byzantine <= o.Nodes/2, "--byzantine %d: choose 0 to %d with %d nodes", o.Byzantine, o.Nodes/2, o.Nodes)
	check(o.Kill >= 0 && o.Kill <= o.Nodes/2, "--kill %d: choose 0 to %d with %d nodes", o.Kill, o.Nodes/2, o.Nodes)
	check(o.Threads >= 0 && o.Threads <= MaxThreads, "--threads %d: choose 0 to %d", o.Threads, MaxThreads)
	check(len(o.Cheats) == 0 || o.Byzantine > 0, "--cheat: say how many cheat with --byzantine")
	for _, c := range o.Cheats {
		check(slices.Contains(CheatKinds(), c), "--cheat %q: choose among %s", c, strings.Join(CheatKinds(), ", "))
	}
	return errors.Join(errs...)
}

// Observer is told how the run goes. Its methods return at once and may be called by several goroutines.
type Observer interface {
	// Update replaces the picture of the swarm.
	Update(s Snapshot)
	// Note adds one line to the log of what happened.
	Note(line string)
}

// Snapshot is the swarm at one moment.
type Snapshot struct {
	// Stage says what the run is doing: building, starting, meeting, training, reporting, stopping.
	Stage string
	// Round counts from 1; 0 is before the first.
	Round, Rounds int
	Nodes         []NodeState
	Task          TaskState
	// Accuracy holds the accuracy before the first round and after each one, 0 to 1.
	Accuracy []float64
	Elapsed  time.Duration
}

// NodeState is one process at one moment.
type NodeState struct {
	Name, Role string
	Height     int64
	Peers      int
	RSSMiB     int64
	// State says what it does, e.g. "training 120/400".
	State            string
	Alive, Byzantine bool
}

// TaskState is the round's task at one moment.
type TaskState struct {
	ID, State, Phase string
	// Slots is how many solvers the task wants; the others count how many acted.
	Slots, Claimed, Committed, Revealed int
	// Votes counts members that revealed, Committee how many there are.
	Votes, Committee int
	// Step is the mean training step over the solvers, of Steps.
	Step, Steps int
	// LossMilli is the mean training loss x 1000.
	LossMilli int64
	// DeadlineLeft is the time left in the phase.
	DeadlineLeft time.Duration
}
