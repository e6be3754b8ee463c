package app_test

import (
	"crypto/sha256"
	"fmt"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/project"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
	"autonet/shards/merkle"
)

func digest(parts ...any) ledger.Hash { return sha256.Sum256([]byte(fmt.Sprintln(parts...))) }

func manifest(parts ...any) string { return ledger.ManifestCID([]byte(fmt.Sprintln(parts...))) }

func create() project.Create {
	return project.Create{Name: "digits", Goal: 100 * atn, DeadlineMS: 30_000, PTBase: uint64(atn), PTSlope: 1000, Model: "simplenet"}
}

// proposal is what the owner's next transaction proposes.
func (c *chain) proposal(id string) task.Propose {
	taskID := ledger.TaskID(network, acct(owner), c.view().Nonce(acct(owner)))
	return task.Propose{
		Project: id, Spec: ledger.DocCID([]byte("spec")), Model: manifest("model"),
		Steps: 7, Interval: 2, Batch: 4, Slots: 2, Replay: 2,
		Truth: commitreveal.Commit(commitreveal.KindTruth, network, taskID, string(acct(owner)),
			ledger.DocCID([]byte(taskID)), digest("truth salt")),
		RewardPerSample: atn / 10, CoordinatorFee: 3 * atn, AggregatorFee: atn, StorageFee: atn, ProposerReward: 2 * atn,
	}
}

func (c *chain) truth(t task.Task) task.RevealTruth {
	return task.RevealTruth{Task: t.ID, CID: ledger.DocCID([]byte(t.ID)), Salt: digest("truth salt")}
}

// steps are the state hashes that training really gives.
func steps(t task.Task, account ledger.Account) [][]ledger.Hash {
	all := make([][]ledger.Hash, t.Intervals)
	for i := range t.Intervals {
		for j := range t.StepsIn(i) {
			all[i] = append(all[i], digest(t.ID, account, i, j))
		}
	}
	return all
}

func plain(hashes []ledger.Hash) [][32]byte {
	out := make([][32]byte, len(hashes))
	for i, h := range hashes {
		out[i] = h
	}
	return out
}

func roots(all [][]ledger.Hash) [][32]byte {
	var out [][32]byte
	for _, hashes := range all {
		out = append(out, merkle.RootHashes(plain(hashes)))
	}
	return out
}

func solution(t task.Task, account ledger.Account) []byte {
	all := steps(t, account)
	s := task.Solution{
		Task: t.ID, Account: account, Checkpoints: []string{""}, Boundary: []ledger.Hash{digest("base")},
		StepRoot: merkle.RootHashes(roots(all)), Steps: uint64(t.Steps), Samples: t.Samples(),
	}
	for i, hashes := range all {
		s.Checkpoints = append(s.Checkpoints, manifest(t.ID, account, i))
		s.Boundary = append(s.Boundary, hashes[len(hashes)-1])
	}
	doc, err := s.Encode()
	if err != nil {
		panic(err)
	}
	return doc
}

func commitment(kind string, t task.Task, account ledger.Account, doc []byte) ledger.Hash {
	return commitreveal.Commit(kind, network, t.ID, string(account), ledger.DocCID(doc), digest("salt", account))
}

// vote is a member's honest vote: 0.75 for everybody. One that lost its salt chain votes with any salt.
func vote(t task.Task, seat int, i int) ([]byte, ledger.Hash) {
	m := t.Committee[seat]
	chainSalt := commitreveal.SaltAt(saltSeed(i), 0)
	for range salts {
		if sha256.Sum256(chainSalt[:]) == [32]byte(m.SaltHead) {
			break
		}
		chainSalt = sha256.Sum256(chainSalt[:])
	}
	v := rewards.Vote{Task: t.ID, Account: m.Account}
	for at := range castSize { // in ascending account order
		for _, slot := range t.Slots {
			if !slot.Candidate() || slot.Account != sorted()[at] {
				continue
			}
			e := rewards.Entry{Solver: slot.Account, Score: 49151, Correct: 75, Total: 100}
			all := steps(t, slot.Account)
			for _, n := range commitreveal.DrawIntervals(chainSalt, t.DrawHash, t.ID, string(slot.Account), int(t.Intervals), int(t.Replay)) {
				e.Intervals = append(e.Intervals, uint32(n))
				e.Bindings = append(e.Bindings, commitreveal.Binding(string(m.Account), chainSalt, plain(all[n])))
			}
			v.Entries = append(v.Entries, e)
		}
	}
	doc, err := v.Encode()
	if err != nil {
		panic(err)
	}
	return doc, chainSalt
}

// openSteps opens what the votes drew.
func openSteps(t task.Task, slot task.Slot) task.OpenSteps {
	m := task.OpenSteps{Task: t.ID}
	all := steps(t, slot.Account)
	for _, n := range slot.Drawn {
		m.Intervals = append(m.Intervals, task.IntervalOpening{
			Index: n, Hashes: all[n], Path: hashes(merkle.Path(roots(all), int(n))),
		})
	}
	return m
}

func hashes(raw [][32]byte) []ledger.Hash {
	out := make([]ledger.Hash, len(raw))
	for i, h := range raw {
		out[i] = h
	}
	return out
}

// move is one message somebody could honestly send now.
type move struct {
	from int
	msg  ledger.Msg
}

// moves lists what the cast would do next about a task.
func (c *chain) moves(t task.Task) []move {
	var out []move
	switch t.State {
	case task.StateProposed:
		out = append(out, move{owner, task.Open{Task: t.ID}})
	case task.StateOpen:
		for n, slot := range t.Slots {
			from := solver + n
			switch {
			case slot.Account == "":
				out = append(out, move{from, task.Claim{Task: t.ID, Slot: uint32(n)}})
			case slot.Order == 0:
				doc := solution(t, slot.Account)
				out = append(out, move{index(slot.Account), task.Commit{Task: t.ID, Commitment: commitment(commitreveal.KindSolution, t, slot.Account, doc)}})
			}
		}
	case task.StateCommitted:
		out = append(out, move{owner, c.truth(t)})
	case task.StateTruthRevealed:
		for _, slot := range t.Slots {
			if slot.Live() && !slot.Revealed {
				out = append(out, move{index(slot.Account), task.Reveal{Task: t.ID, Doc: solution(t, slot.Account), Salt: digest("salt", slot.Account)}})
			}
		}
	case task.StateVoting:
		out = votingMoves(t)
	case task.StateChallenge:
		for _, slot := range t.Slots {
			if slot.Candidate() {
				out = append(out, move{member, dispute.Challenge{Task: t.ID, Solver: slot.Account, Interval: 0, Hashes: []ledger.Hash{digest(1), digest(2)}}})
			}
		}
		out = append(out, c.appealMoves(t)...)
		out = append(out, c.judgeMoves(t)...)
	case task.StateAggregated:
		m := right(t)
		if t.Phase == task.PhaseAggregateChallenge && t.Result.Manifest != m.Manifest {
			out = append(out, move{second, dispute.ChallengeAggregate{
				Task: t.ID, Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters,
			}})
		}
		out = append(out, c.judgeMoves(t)...)
	case task.StateRevealed, task.StateVerdict, task.StateExpired: // nobody acts
	case task.StateSettled:
		if t.Aggregator != "" {
			out = append(out, move{index(t.Aggregator), task.Aggregate{
				Task: t.ID, Manifest: manifest("result", t.ID), Root: digest("root"), Size: 400_000, Parameters: 105_866,
			}})
		}
	}
	return out
}

func votingMoves(t task.Task) []move {
	var out []move
	for seat, m := range t.Committee {
		from := index(m.Account)
		switch {
		case t.Phase == task.PhaseVoteCommit && !m.Committed:
			doc, _ := vote(t, seat, from)
			out = append(out, move{from, rewards.CommitVote{Task: t.ID, Commitment: commitment(commitreveal.KindVote, t, m.Account, doc)}})
		case t.Phase == task.PhaseVoteReveal && m.Committed && !m.Revealed:
			doc, salt := vote(t, seat, from)
			out = append(out, move{from, rewards.RevealVote{Task: t.ID, Doc: doc, Salt: digest("salt", m.Account), ChainSalt: salt}})
		}
	}
	if t.Phase == task.PhaseOpening {
		for _, slot := range t.Slots {
			if slot.Candidate() && !slot.Complete() {
				out = append(out, move{index(slot.Account), openSteps(t, slot)})
			}
		}
	}
	return out
}

// right is the model that the accepted updates give.
func right(t task.Task) dispute.Model {
	return dispute.Model{Manifest: manifest("result", t.ID), Root: digest("root"), Size: 400_000, Parameters: 105_866}
}

// judgeMoves lists what the drawn judges of a task would honestly send.
func (c *chain) judgeMoves(t task.Task) []move {
	var out []move
	for _, p := range c.view().Panels(t.ID) {
		f := dispute.Finding{Model: right(t)}
		if q := p.Question; !q.Aggregate() {
			f = dispute.Finding{State: steps(t, q.Solver)[q.Interval][q.Step]}
		}
		doc, err := dispute.JudgementCID(t.ID, p.Question, f)
		if err != nil {
			panic(err)
		}
		for _, j := range p.Judges {
			salt := digest("judge", j.Account)
			switch {
			case p.Stage == dispute.Sealing && !j.Silent && !j.Sealed():
				out = append(out, move{index(j.Account), dispute.Commit{
					Task: t.ID, Question: p.Question, Commitment: commitreveal.Commit(
						commitreveal.KindVerdict, network, t.ID, string(j.Account), doc, salt),
				}})
			case p.Stage == dispute.Revealing && !j.Silent && !j.Revealed:
				out = append(out, move{index(j.Account), dispute.Reveal{Task: t.ID, Question: p.Question, Finding: f, Salt: salt}})
			}
		}
	}
	return out
}

// appealMoves lets the validators support every open appeal.
func (c *chain) appealMoves(t task.Task) []move {
	var out []move
	for _, a := range c.view().Appeals(t.ID) {
		if a.Status != dispute.AppealOpen {
			continue
		}
		for i := range third + 1 {
			out = append(out, move{i, dispute.VoteAppeal{Task: t.ID, Solver: a.Solver, Appellant: a.Appellant, Support: true}})
		}
	}
	return out
}
