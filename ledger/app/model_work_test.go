package app_test

import (
	"slices"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/dao"
	"autonet/ledger/project"
	"autonet/ledger/shardreg"
	"autonet/ledger/task"
)

func (g *game) liveTasks() (out []string) {
	for _, id := range keys(g.r.jobs) {
		if g.r.jobs[id].state != task.StateExpired {
			out = append(out, id)
		}
	}
	return out
}

// work is what proposers and solvers do about live tasks, up to the truth.
func (g *game) work() (out []move) {
	for _, id := range g.liveTasks() {
		t := g.r.jobs[id]
		switch {
		case t.state == task.StateProposed && g.n(3) > 0:
			out = append(out, move{index(t.proposer), task.Open{Task: id}})
		case t.state == task.StateCommitted && g.n(9) == 0:
			out = append(out, move{index(t.proposer), task.RevealTruth{Task: id, CID: why(), Salt: digest("lie")}})
		case t.state == task.StateOpen:
			for n, s := range t.seats {
				from := index(s.solver)
				switch g.n(6) {
				case 0:
					out = append(out, move{max(from, solver+g.n(3)), task.Claim{Task: id, Slot: uint32(n)}})
				case 1:
					out = append(out, move{max(from, solver), task.Checkpoint{Task: id, Step: uint32(s.step) + 1, Hash: digest(2)}})
				case 2:
					out = append(out, move{max(from, solver), task.Commit{Task: id, Commitment: digest(3)}})
				}
			}
		}
	}
	return out
}

func (g *game) taskMove(from int) move {
	if g.n(4) == 0 && len(g.liveTasks()) < 4 {
		var ready []string
		for id, p := range g.r.projects {
			if p.state == project.Training || p.state == project.Deployed {
				ready = append(ready, id)
			}
		}
		slices.Sort(ready)
		id := one(g.tape, ready)
		if id != "" {
			m := task.Propose{
				Project: id, Spec: why(), Model: manifest("m"), Truth: digest("t"), Steps: 1 + uint32(g.n(9)), Batch: 1 + uint32(g.n(4)),
				Slots: 1 + uint32(g.n(3)), RewardPerSample: ledger.Natn(g.amount(uint64(atn)) % uint64(3*atn)), CoordinatorFee: atn,
				AggregatorFee: atn / 3, StorageFee: ledger.Natn(g.n(7)), ProposerReward: atn / 7, CommitMS: uint64(30_000 + g.n(20_000)),
			}
			m.Interval, m.Replay = max(1, m.Steps/2), (m.Steps+max(1, m.Steps/2)-1)/max(1, m.Steps/2)
			if !g.often() {
				return move{from, m}
			}
			return move{index(g.r.projects[id].owner), m}
		}
	}
	id := known(g.tape, g.r.jobs)
	t := g.r.jobs[id]
	if t != nil && t.state == task.StateProposed && g.often() {
		return move{index(t.proposer), task.Open{Task: id}}
	}
	if g.often() {
		from = solver + g.n(3)
	}
	switch g.n(8) {
	case 0, 1, 2:
		return move{from, task.Claim{Task: id, Slot: uint32(g.n(4))}}
	case 3, 4:
		return move{from, task.Checkpoint{Task: id, Step: 1 + uint32(g.n(9)), Hash: digest(1)}}
	case 5:
		return move{from, task.Commit{Task: id, Commitment: digest(commitreveal.KindSolution)}}
	case 6:
		return move{from, task.Open{Task: id}}
	default:
		if t != nil {
			from = index(t.proposer)
		}
		return move{from, task.RevealTruth{Task: id, CID: why(), Salt: digest("lie")}}
	}
}

// ballots are the validators' votes on what is open.
func (g *game) ballots() (out []move) {
	for _, id := range keys(g.r.proposals) {
		if g.r.proposals[id].state == dao.StateVoting && g.n(4) == 0 {
			out = append(out, move{g.n(third + 1), dao.Vote{Proposal: id, Choice: one(g.tape, []dao.Choice{dao.Yes, dao.Yes, dao.No})}})
		}
		if p := g.r.proposals[id]; p.open() && g.n(40) == 1 { // its proposer loses what it proposed with
			out = append(out, move{index(p.by), dao.Delegate{To: acct(g.n(castSize))}})
		}
	}
	return out
}

// opening fills the shelves, so that histories need not find out how.
func (g *game) opening() (out []move) {
	for _, f := range g.files {
		out = append(out, move{owner, shardreg.Register{
			Manifest: f.CID().String(), Root: f.Root, Size: f.Size, Data: uint8(f.K), Parity: uint8(f.M), Strategy: shardreg.Replica,
		}})
	}
	for _, f := range g.files {
		for i := range 2 {
			m := shardreg.Announce{Manifest: f.CID().String(), Root: f.Root, Size: f.Size, Data: uint8(f.K), Parity: uint8(f.M)}
			for c := range uint16(f.Shards()) {
				m.Columns = append(m.Columns, c)
			}
			out = append(out, move{provider + i, m})
		}
	}
	for range 2 {
		out = append(out, move{owner, project.Create{
			Name: "p", Goal: 20 * atn, DeadlineMS: 60_000, Model: "m", PTBase: uint64(atn) / 3, PTSlope: uint64(g.n(9)),
		}})
	}
	return out
}

func (g *game) orderMoves() (out []move) {
	for _, id := range keys(g.r.orders) {
		switch o := g.r.orders[id]; {
		case o.state == project.OrderAssigned && id[0] > '5' && g.n(3) > 0: // others are forgotten
			out = append(out, move{index(o.provider), project.Deliver{Order: id, Output: manifest("out")}})
		case o.state == project.OrderDelivered && g.n(12) == 0:
			out = append(out, move{index(o.payer), project.Reject{Order: id, Reason: "no"}})
		}
	}
	return append(out, g.holdersMoves()...)
}

// holdersMoves are those of who holds tokens that earned something: they draw it, or pass tokens on before or after.
func (g *game) holdersMoves() (out []move) {
	for _, id := range keys(g.r.projects) {
		p := g.r.projects[id]
		if p.undrawn == 0 {
			continue
		}
		for _, a := range keys(p.held) {
			switch held := p.held[a]; {
			case p.due(a) > 0 && g.n(8) == 0:
				out = append(out, move{index(a), project.Withdraw{Project: id}})
			case held > 0 && g.n(8) == 0:
				out = append(out, move{index(a), bank.Send{To: acct(g.n(castSize)), Denom: id, Amount: 1 + g.next(4)%held}})
			}
		}
	}
	return out
}
