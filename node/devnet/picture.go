package devnet

import (
	"fmt"
	"slices"
	"time"

	"autonet/node/api/types"
	"autonet/node/devnet/report"
)

// stage tells the observer what the run is doing.
func (s *swarm) stage(name string) {
	s.mu.Lock()
	s.snap.Stage = name
	s.mu.Unlock()
	s.tell()
}

// tell hands the observer a picture of its own.
func (s *swarm) tell() {
	s.mu.Lock()
	snap := s.snap
	snap.Nodes = slices.Clone(s.snap.Nodes)
	snap.Accuracy = slices.Clone(s.snap.Accuracy)
	snap.Elapsed = time.Since(s.started)
	s.mu.Unlock()
	s.obs.Update(snap)
}

// paint puts what a node said of itself into the picture.
func (s *swarm) paint(p *process, st types.Status) {
	n := report.NodeState{
		Name: p.m.name, Role: p.m.role, Height: st.Ledger.Height, Peers: st.Peers, RSSMiB: st.RSSMiB,
		State: doing(st), Alive: p.alive(), Byzantine: p.m.cheat != "",
	}
	p.sawRSS(st.RSSMiB)
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.snap.Nodes, func(o report.NodeState) bool { return o.Name == n.Name })
	if at < 0 {
		s.snap.Nodes = append(s.snap.Nodes, n)
		return
	}
	s.snap.Nodes[at] = n
}

func doing(st types.Status) string {
	switch {
	case len(st.Jobs) > 0 && st.Jobs[0].Steps > 0:
		return fmt.Sprintf("%s %d/%d", st.Jobs[0].Kind, st.Jobs[0].Step, st.Jobs[0].Steps)
	case len(st.Jobs) > 0:
		return st.Jobs[0].Kind
	case st.Ledger.Height == 0:
		return "starting"
	case !st.Lease.Live:
		return "halted"
	default:
		return "idle"
	}
}

// paintTask puts the round's task into the picture.
func (s *swarm) paintTask(t types.Task) {
	p := report.TaskState{
		ID: t.ID, State: t.State, Phase: t.Phase, Slots: int(t.Slots), Committee: len(t.Committee), Steps: int(t.Steps),
		DeadlineLeft: time.Duration(t.DeadlineLeftMS) * time.Millisecond,
	}
	for _, sol := range t.Solutions {
		p.Claimed++
		if sol.State != stateClaimed {
			p.Committed++
		}
		if sol.CID != "" {
			p.Revealed++
		}
	}
	for _, v := range t.Votes {
		if v.Revealed {
			p.Votes++
		}
	}
	s.mu.Lock()
	steps, n := 0, 0
	for _, node := range s.snap.Nodes {
		var at, of int
		if _, err := fmt.Sscanf(node.State, "train %d/%d", &at, &of); err == nil {
			steps, n = steps+at, n+1
		}
	}
	switch {
	case p.Claimed > 0 && p.Committed == p.Claimed:
		p.Step = p.Steps
	case n+p.Committed > 0:
		p.Step = (steps + p.Committed*p.Steps) / (n + p.Committed)
	}
	s.snap.Task = p
	s.mu.Unlock()
}
