package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"autonet/cmd/autonet/tui"
	"autonet/node/api/types"
	"autonet/node/devnet/report"
)

func (a *app) up() *cobra.Command {
	o := report.DefaultOptions()
	var seed uint64
	c := &cobra.Command{
		Use: "up", Short: "Run a whole swarm of real processes here, through complete training rounds, then report",
		Long: "Starts separate processes of this binary, each with its own home, key and port, lets them meet over loopback,\n" +
			"trains a real model in rounds on their ledger, and reports what was measured. Nothing is left behind but with --keep.",
		Example: "  autonet up\n  autonet up --rounds 3 --byzantine 2 --cheat skipped-steps,approve-all\n  autonet up --kill 1 --json\n  autonet up --seed 7 --data ~/mnist",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("seed") {
				o.Seed = &seed
			}
			if cmd.Flags().Changed("home") {
				o.Home = a.home
			}
			return a.swarm(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.IntVar(&o.Nodes, "nodes", o.Nodes, "processes")
	f.IntVar(&o.Rounds, "rounds", o.Rounds, "training rounds")
	f.IntVar(&o.Byzantine, "byzantine", o.Byzantine, "nodes that cheat")
	f.StringSliceVar(&o.Cheats, "cheat", nil, "ways they cheat, in turn: "+strings.Join(report.CheatKinds(), ", "))
	f.IntVar(&o.Kill, "kill", o.Kill, "processes killed in mid-round and started again")
	f.StringVar(&o.Model, "model", o.Model, "model to train")
	f.StringVar(&o.Data, "data", "", "folder with the full data set as IDX files; the embedded subset by default")
	f.Uint64Var(&seed, "seed", 0, "fix keys, data, salts and order, so that two runs make the same model; random by default")
	f.IntVar(&o.Threads, "threads", 0, "training threads per solver; 0 chooses")
	f.BoolVar(&o.Keep, "keep", false, "leave the swarm running")
	f.StringVar(&o.Record, "record", "", "append every node's events to this file as NDJSON")
	return c
}

func (a *app) swarm(ctx context.Context, o report.Options) error {
	if err := o.Validate(); err != nil {
		return usage("up", err)
	}
	if err := checkPaths(&o); err != nil {
		return err
	}
	var r report.Report
	run := func(obs report.Observer) (err error) {
		r, err = a.deps.Up(ctx, o, obs)
		return err
	}
	if err := a.observe(ctx, run); err != nil {
		return err
	}
	if err := a.printReport(r); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	if p := r.Problems(); len(p) > 0 {
		return types.NewError(types.CodeFailed, "the run broke a promise", strings.Join(p, "; "), "look at it with: autonet up --keep --record events.ndjson")
	}
	return nil
}

// checkPaths makes paths whole and refuses what cannot be read or written before anything starts.
func checkPaths(o *report.Options) error {
	for _, p := range []*string{&o.Data, &o.Record, &o.Home} {
		if *p == "" {
			continue
		}
		whole, err := filepath.Abs(*p)
		if err != nil {
			return usage("up", err)
		}
		*p = whole
	}
	if o.Data != "" {
		if info, err := os.Stat(o.Data); err != nil || !info.IsDir() {
			return types.NewError(types.CodeUsage, "--data", o.Data+" is not a folder", "name the folder that holds train-images-idx3-ubyte and its companions, plain or .gz")
		}
	}
	if o.Record == "" {
		return nil
	}
	f, err := openRecord(o.Record)
	if err != nil {
		return err
	}
	return f.Close()
}

func (a *app) printReport(r report.Report) error {
	if a.json {
		return r.JSON(a.streams.Out)
	}
	return r.Text(a.streams.Out)
}

// observe shows the run: as a live table on a terminal, else as lines.
func (a *app) observe(ctx context.Context, run func(report.Observer) error) error {
	if a.terminal(a.streams.Err) {
		return tui.ShowSwarm(ctx, a.streams.Err, a.plain(), run)
	}
	return run(&lines{w: a.streams.Err})
}

// lines tells of a run in plain lines, one per change.
type lines struct {
	w io.Writer

	mu       sync.Mutex
	stage    string
	task     string
	accuracy int
	alive    map[string]bool
}

// Update prints what changed since the last snapshot.
func (l *lines) Update(s report.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if stage := roundStage(s); stage != l.stage {
		l.stage = stage
		l.print("%s", stage)
	}
	if task := taskState(s.Task); task != l.task {
		l.task = task
		l.print("task %s: %s", types.Short(s.Task.ID), task)
	}
	for ; l.accuracy < len(s.Accuracy); l.accuracy++ {
		when := "before the first round"
		if l.accuracy > 0 {
			when = fmt.Sprintf("after round %d", l.accuracy)
		}
		l.print("accuracy %s: %.4f", when, s.Accuracy[l.accuracy])
	}
	l.processes(s)
}

func (l *lines) processes(s report.Snapshot) {
	if l.alive == nil {
		l.alive = map[string]bool{}
	}
	for _, n := range s.Nodes {
		if was, known := l.alive[n.Name]; known && was != n.Alive {
			l.print("%s %s", n.Name, map[bool]string{true: "is up again", false: "is down"}[n.Alive])
		}
		l.alive[n.Name] = n.Alive
	}
}

// Note prints a line.
func (l *lines) Note(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.print("%s", line)
}

func (l *lines) print(format string, args ...any) { _, _ = fmt.Fprintf(l.w, format+"\n", args...) }

func roundStage(s report.Snapshot) string {
	if s.Round == 0 {
		return s.Stage
	}
	return fmt.Sprintf("round %d of %d: %s", s.Round, s.Rounds, s.Stage)
}

// taskState is a task in words that change seldom: states and counts, not steps.
func taskState(t report.TaskState) string {
	if t.ID == "" {
		return ""
	}
	text := t.State
	if t.Phase != "" {
		text += "/" + t.Phase
	}
	return fmt.Sprintf("%s, %d of %d claimed, %d committed, %d revealed, %d of %d votes", text, t.Claimed, t.Slots, t.Committed, t.Revealed, t.Votes, t.Committee)
}
