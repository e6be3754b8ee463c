package devnet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"autonet/node/api/types"
	"autonet/node/devnet/report"
)

// downFor is how long a killed process stays down: long enough to miss blocks, shorter than any window.
const downFor = 2 * time.Second

// killPlan is one process to kill in mid-round.
type killPlan struct {
	victims []*process
	done    bool
	result  chan error // the restart's end; one value per victim
	revived int        // values taken from result
}

// planKill chooses this round's victims: one a round from the first on, the rest in the last round. The proposer leads
// the run and is spared; at most one validator dies in a round, so that blocks go on.
func (s *swarm) planKill(r int, _ types.ProposeTaskRequest) *killPlan {
	k := &killPlan{}
	n := 0
	if already := len(s.killed); already < s.opts.Kill {
		n = 1
		if r == s.opts.Rounds {
			n = s.opts.Kill - already
		}
	}
	var pool []*process
	for _, p := range s.procs[1:] {
		if p.m.cheat == "" && !slices.ContainsFunc(s.killed, func(d report.Killed) bool { return d.Name == p.m.name }) {
			pool = append(pool, p)
		}
	}
	validatorChosen := false
	for n > 0 && len(pool) > 0 {
		i := s.chance(fmt.Sprintf("kill %d %d", r, n), len(pool))
		p := pool[i]
		pool = slices.Delete(pool, i, i+1)
		if p.m.validator && validatorChosen {
			continue
		}
		validatorChosen = validatorChosen || p.m.validator
		k.victims = append(k.victims, p)
		n--
	}
	k.result = make(chan error, len(k.victims))
	return k
}

// killIfDue strikes when the round is in full swing: solvers at work, some checkpoint already kept.
func (s *swarm) killIfDue(ctx context.Context, k *killPlan, t types.Task) error {
	select {
	case err := <-k.result:
		if k.revived++; err != nil {
			return err
		}
	default:
	}
	if k.done || len(k.victims) == 0 || t.State != "OPEN" || s.meanStep() < int(t.Interval) {
		return nil
	}
	k.done = true
	for _, p := range k.victims {
		s.setKilling(p, true)
		if err := p.kill(); err != nil {
			return err
		}
		s.obs.Note(fmt.Sprintf("killed %s (process gone, nothing said)", p.m.name))
		s.revived.Go(func() { k.result <- s.revive(ctx, p) })
	}
	return nil
}

func (s *swarm) meanStep() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snap.Task.Step
}

// revive starts a killed process again and waits until it answers.
func (s *swarm) revive(ctx context.Context, p *process) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(downFor):
	}
	if err := p.start(s.opts.Keep); err != nil {
		return err
	}
	if err := p.connect(ctx); err != nil {
		return err
	}
	s.setKilling(p, false)
	s.rec.follow(ctx, p)
	s.obs.Note(fmt.Sprintf("started %s again", p.m.name))
	return nil
}

// awaitRecovery waits until the killed processes stand where the others stand.
func (s *swarm) awaitRecovery(ctx context.Context, k *killPlan) error {
	if len(k.victims) == 0 {
		return nil
	}
	if !k.done {
		return errors.New("the round ended before a process could be killed in it")
	}
	for ; k.revived < len(k.victims); k.revived++ {
		if err := <-k.result; err != nil {
			return err
		}
	}
	head, err := s.proposer().api().Status(ctx)
	if err != nil {
		return err
	}
	for _, p := range k.victims {
		err := s.until(ctx, func() (bool, error) {
			st, err := s.look(ctx, p)
			return st.Ledger.Height >= head.Ledger.Height && !st.Ledger.CatchingUp, err
		})
		if err != nil {
			return fmt.Errorf("%s did not catch up: %w", p.m.name, err)
		}
		same, err := s.sameState(ctx, head.Ledger.Height, []*process{s.proposer(), p})
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.killed = append(s.killed, report.Killed{Name: p.m.name, Role: p.m.role, Recovered: same})
		s.mu.Unlock()
	}
	return nil
}

func (s *swarm) setKilling(p *process, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down == nil {
		s.down = map[*process]bool{}
	}
	s.down[p] = on
}

func (s *swarm) beingKilled(p *process) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down[p]
}
