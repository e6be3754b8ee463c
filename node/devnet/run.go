package devnet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"autonet/internal/freeport"
	"autonet/node/api/types"
	"autonet/node/devnet/report"
	"autonet/work/dataset"
	"autonet/work/dataset/mnist"
	"autonet/work/train"
)

const (
	readyTimeout = 90 * time.Second
	roundTimeout = 15 * time.Minute
	pollEvery    = 200 * time.Millisecond
	// enoughPeers is how many others a node must know before a swarm of any size begins.
	enoughPeers = 12
)

// swarm is a run in progress.
type swarm struct {
	opts    report.Options
	images  int // examples to train on
	obs     report.Observer
	root    string
	network string
	procs   []*process
	started time.Time
	rec     *recorder
	revived sync.WaitGroup // restarts of killed processes

	mu       sync.Mutex
	snap     report.Snapshot
	killed   []report.Killed
	down     map[*process]bool
	project  string
	rounds   []report.Round
	taskIDs  []string
	lastTask types.Task
}

// Run starts a swarm, leads it through its rounds, and reports. When ctx ends it stops every process it started and
// returns the context's error. It implements report.Run.
func Run(ctx context.Context, o report.Options, obs report.Observer) (rep report.Report, err error) {
	images, err := check(o)
	if err != nil {
		return report.Report{}, err
	}
	root, temporary, err := folder(o)
	if err != nil {
		return report.Report{}, err
	}
	s := &swarm{opts: o, images: images, obs: obs, root: root, started: time.Now()}
	s.snap.Rounds = o.Rounds
	keep := false
	defer func() {
		if keep {
			return
		}
		s.revived.Wait() // the round is over, and with it its restarts
		err = errors.Join(err, s.stopAll())
		if !temporary {
			return
		}
		if err == nil || ctx.Err() != nil {
			err = errors.Join(err, os.RemoveAll(root))
		} else {
			err = fmt.Errorf("%w\nThe nodes' homes and logs are kept in %s", err, root)
		}
	}()
	if err := s.launch(ctx); err != nil {
		return report.Report{}, err
	}
	for r := range o.Rounds {
		if err := s.round(ctx, r+1); err != nil {
			return report.Report{}, fmt.Errorf("round %d: %w", r+1, err)
		}
	}
	s.stage("reporting")
	if rep, err = s.report(ctx); err != nil {
		return report.Report{}, err
	}
	if err := s.rec.close(); err != nil {
		return rep, err
	}
	if keep = o.Keep; keep {
		s.tellKept()
	} else {
		s.stage("stopping")
	}
	return rep, nil
}

// check refuses what would fail only after the swarm has started, and counts the examples to train on.
func check(o report.Options) (images int, err error) {
	if err := o.Validate(); err != nil {
		return 0, usage(err.Error(), "")
	}
	if _, err := train.Lookup(o.Model); err != nil {
		return 0, usage("--model: "+err.Error(), "")
	}
	if o.Data == "" {
		return mnist.TrainSize, nil
	}
	set, _, err := dataset.Open(o.Data)
	if file, ok := errors.AsType[*dataset.FileError](err); ok {
		return 0, types.NewError(types.CodeFailed, "--data", file.File+": "+file.Problem, file.Advice)
	}
	return set.N, err
}

// usage is an error of how the run was asked for.
func usage(detail, advice string) error {
	return types.NewError(types.CodeUsage, "up", detail, advice)
}

// folder returns the swarm's folder and whether it is ours to remove.
func folder(o report.Options) (string, bool, error) {
	if o.Home == "" {
		dir, err := os.MkdirTemp("", "autonet-up-*")
		if err != nil {
			return "", false, fmt.Errorf("make the swarm's folder: %w", err)
		}
		return dir, !o.Keep, nil
	}
	dir, err := filepath.Abs(o.Home)
	if err != nil {
		return "", false, fmt.Errorf("--home: %w", err)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return "", false, usage("--home "+dir+" is not empty", "name a new or an empty folder: a swarm needs one of its own")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", false, fmt.Errorf("make the swarm's folder: %w", err)
	}
	return dir, false, nil
}

// launch makes the homes, starts every process and waits until they are one network that may work.
func (s *swarm) launch(ctx context.Context) error {
	s.stage("preparing")
	members, err := plan(s.opts)
	if err != nil {
		return usage(err.Error(), "")
	}
	bin, err := copyBinary(s.root)
	if err != nil {
		return err
	}
	ports, err := freeport.Find(len(members))
	if err != nil {
		return err
	}
	if s.network, err = settle(s.root, members, s.opts, ports); err != nil {
		return err
	}
	if s.rec, err = newRecorder(s.opts.Record); err != nil {
		return err
	}
	s.stage("starting")
	for _, m := range members {
		p := &process{m: m, bin: bin}
		if err := p.start(s.opts.Keep); err != nil {
			return err
		}
		s.procs = append(s.procs, p)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, errors.New("the swarm was not ready in time"))
	defer cancel()
	for _, p := range s.procs {
		if err := p.connect(ctx); err != nil {
			return err
		}
		s.rec.follow(ctx, p)
	}
	s.stage("meeting")
	if err := s.awaitAll(ctx); err != nil {
		return err
	}
	return s.fund(ctx)
}

// awaitAll waits until every node knows the others, or enough of them, has a ledger that moves and may work.
func (s *swarm) awaitAll(ctx context.Context) error {
	return s.until(ctx, func() (bool, error) {
		for _, p := range s.procs {
			st, err := s.look(ctx, p)
			if err != nil {
				return false, err
			}
			if st.Peers < min(len(s.procs)-1, enoughPeers) || st.Ledger.Height < 2 || !st.Lease.Live || st.Ledger.Peers < min(2, len(s.procs)-1) {
				return false, nil
			}
		}
		return true, nil
	})
}

// until polls cond until it holds, fails or ctx ends, and ends too when a process dies unasked.
func (s *swarm) until(ctx context.Context, cond func() (bool, error)) error {
	for {
		ok, err := cond()
		if ok || err != nil && ctx.Err() == nil {
			return err
		}
		for _, p := range s.procs {
			if !p.alive() && !s.beingKilled(p) {
				return fmt.Errorf("%s ended: %s", p.m.name, p.logTail())
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pollEvery):
		}
	}
}

// look asks a node how it is and updates the picture. A node being killed gives an empty answer.
func (s *swarm) look(ctx context.Context, p *process) (types.Status, error) {
	if s.beingKilled(p) {
		s.paint(p, types.Status{})
		return types.Status{}, nil
	}
	st, err := p.api().Status(ctx)
	if err != nil {
		if !p.alive() || s.beingKilled(p) {
			return types.Status{}, nil // until finds out
		}
		return st, fmt.Errorf("%s: %w", p.m.name, err)
	}
	s.paint(p, st)
	return st, nil
}

// proposer is the node that leads the rounds.
func (s *swarm) proposer() *process { return s.procs[0] }

// stopAll stops every process at once.
func (s *swarm) stopAll() error {
	errs := make([]error, len(s.procs)+1)
	var wg sync.WaitGroup
	for i, p := range s.procs {
		wg.Go(func() { errs[i] = p.stop() })
	}
	wg.Wait()
	errs[len(s.procs)] = s.rec.close()
	return errors.Join(errs...)
}

func (s *swarm) tellKept() {
	s.obs.Note("The swarm goes on running. Look at it with:")
	s.obs.Note(fmt.Sprintf("  autonet console --home %s", s.proposer().m.home.Dir()))
	s.obs.Note(fmt.Sprintf("  autonet status --home %s", s.procs[1].m.home.Dir()))
	s.obs.Note("and stop it with:")
	s.obs.Note(fmt.Sprintf("  for h in %s/*/config.toml; do autonet stop --home \"$(dirname \"$h\")\"; done", s.root))
}
