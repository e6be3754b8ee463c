package task_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/ledgertest"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
	"autonet/shards/merkle"
)

const saltLength = 64

func saltAt(a ledger.Account, i int) [32]byte {
	return commitreveal.SaltAt(sha256.Sum256([]byte(a)), i)
}

// sim is a world with one task and the actors of a script: what each would send next.
type sim struct {
	*world
	id        string
	truth     string
	solutions map[string]*solution
	ballots   map[string]*ballot
}

// solution is what a solver made: honest, garbage (every step is wrong) or framing (checkpoints right, the steps between
// them wrong in one interval).
type solution struct {
	doc   []byte
	salt  ledger.Hash
	kind  string
	steps [][]ledger.Hash // by interval
	roots [][32]byte
}

type ballot struct {
	doc       []byte
	salt      ledger.Hash
	chainSalt ledger.Hash
}

func newSim() *sim {
	s := &sim{world: newWorld(), solutions: map[string]*solution{}, ballots: map[string]*ballot{}}
	s.fund(10_000 * ledger.ATN)
	s.stake("P", ledger.RoleProposer, 100*ledger.ATN)
	for _, name := range []string{"S1", "S2", "S3"} {
		s.stake(name, ledger.RoleSolver, 60*ledger.ATN)
	}
	for i, name := range []string{"C1", "C2", "C3"} {
		s.stake(name, ledger.RoleCoordinator, ledger.Natn(600+100*i)*ledger.ATN)
	}
	for _, name := range []string{"V1", "V2", "V3"} {
		s.stake(name, ledger.RoleValidator, 10_000*ledger.ATN)
	}
	for _, name := range []string{"A1", "A2"} {
		s.stake(name, ledger.RoleAggregator, 1000*ledger.ATN)
	}
	return s
}

func digest(parts ...any) ledger.Hash { return sha256.Sum256([]byte(fmt.Sprintln(parts...))) }

func manifest(parts ...any) string { return ledger.ManifestCID([]byte(fmt.Sprintln(parts...))) }

// state returns the task, which must exist.
func (s *sim) state() task.Task {
	t, _ := s.tasks.Task(s.kv, s.id)
	return t
}

func (s *sim) proposal(by string) task.Propose {
	s.id = ledger.TaskID(ledgertest.Network, s.account(by), s.nonce+1)
	s.truth = ledger.DocCID([]byte("truth of " + s.id))
	return task.Propose{
		Project: s.projects, Spec: ledger.DocCID([]byte("spec")), Model: manifest("model"),
		Steps: 8, Interval: 2, Batch: 4, Slots: 2, Replay: 2, Committee: 3,
		Truth:           commitreveal.Commit(commitreveal.KindTruth, ledgertest.Network, s.id, string(s.account(by)), s.truth, digest("truth")),
		RewardPerSample: ledger.ATN / 10, CoordinatorFee: 3 * ledger.ATN, AggregatorFee: ledger.ATN,
		StorageFee: ledger.ATN, ProposerReward: 2 * ledger.ATN,
	}
}

// honest returns the state hashes that training really gives an account, by interval.
func (s *sim) honest(account ledger.Account) [][]ledger.Hash {
	t := s.state()
	steps := make([][]ledger.Hash, t.Intervals)
	for i := range t.Intervals {
		for j := range t.StepsIn(i) {
			steps[i] = append(steps[i], digest("state", account, i, j))
		}
	}
	return steps
}

// train makes a solver's solution of a kind.
func (s *sim) train(name, kind string) *solution {
	t, account := s.state(), s.account(name)
	own := &solution{kind: kind, salt: digest("salt", name), steps: s.honest(account)}
	if kind == "garbage" {
		for i := range own.steps {
			for j := range own.steps[i] {
				own.steps[i][j] = digest("garbage", account, i, j)
			}
		}
	}
	if kind == "framing" {
		for i := range own.steps {
			own.steps[i][0] = digest("framing", account, i)
		}
	}
	doc := task.Solution{
		Task: s.id, Account: account, Checkpoints: []string{""}, Boundary: []ledger.Hash{digest("base")},
		Steps: uint64(t.Steps), Samples: t.Samples(),
	}
	for i, steps := range own.steps {
		plain := make([][32]byte, len(steps))
		for j, h := range steps {
			plain[j] = h
		}
		own.roots = append(own.roots, merkle.RootHashes(plain))
		doc.Checkpoints = append(doc.Checkpoints, manifest("weights", account, i))
		doc.Boundary = append(doc.Boundary, steps[len(steps)-1])
	}
	if !t.EvaluateOnly {
		doc.StepRoot = merkle.RootHashes(own.roots)
	}
	own.doc, _ = doc.Encode()
	s.solutions[name] = own
	return own
}

func (s *sim) commitment(name string) ledger.Hash {
	own := s.solutions[name]
	return commitreveal.Commit(commitreveal.KindSolution, ledgertest.Network, s.id, string(s.account(name)), task.DocCID(own.doc), own.salt)
}

// vote makes a member's vote. opinions say "NAME=how": a score, "lazy" (0.9 without a replay), "fault", or a kind of
// unusable; without one a member judges honestly.
func (s *sim) vote(name string, opinions []string) *ballot {
	t, account := s.state(), s.account(name)
	head := ledger.Hash{}
	if i, ok := t.MemberOf(account); ok {
		head = t.Committee[i].SaltHead
	}
	own := &ballot{salt: digest("vote salt", name)}
	for i := range saltLength {
		if sha := sha256.Sum256(slicesOf(saltAt(account, i))); sha == head {
			own.chainSalt = saltAt(account, i)
		}
	}
	vote := rewards.Vote{Task: s.id, Account: account}
	for _, slot := range t.RevealedSlots() {
		if slot.Dropped != "" {
			continue
		}
		solver := s.nameOf(slot.Account)
		how := ""
		for _, opinion := range opinions {
			if who, what, _ := strings.Cut(opinion, "="); who == solver {
				how = what
			}
		}
		vote.Entries = append(vote.Entries, s.entry(t, account, own.chainSalt, slot.Account, how))
	}
	own.doc, _ = vote.Encode()
	s.ballots[name] = own
	return own
}

func slicesOf(h [32]byte) []byte { return h[:] }

func (s *sim) entry(t task.Task, member ledger.Account, chainSalt ledger.Hash, solver ledger.Account, how string) rewards.Entry {
	e := rewards.Entry{Solver: solver, Score: 58981, Correct: 90, Total: 100}
	if how == rewards.FaultMalformed || how == rewards.FaultUnretrievable {
		return rewards.Entry{Solver: solver, Total: 100, Fault: &rewards.Fault{Kind: how}}
	}
	truth := s.honest(solver)
	drawn := commitreveal.DrawIntervals(chainSalt, t.DrawHash, t.ID, string(solver), int(t.Intervals), int(t.Replay))
	for _, at := range drawn {
		hashes := make([][32]byte, len(truth[at]))
		for j, h := range truth[at] {
			hashes[j] = h
		}
		if how == "lazy" {
			hashes = nil
		}
		e.Intervals = append(e.Intervals, uint32(at))
		e.Bindings = append(e.Bindings, commitreveal.Binding(string(member), chainSalt, hashes))
	}
	if how == "" && s.solutions[s.nameOf(solver)].kind == "garbage" {
		how = "fault"
	}
	var score uint32
	if n, _ := fmt.Sscanf(how, "%d", &score); n == 1 {
		e.Score, e.Correct = uint16(score*65535/100), score
	}
	if how == "fault" && len(e.Intervals) > 0 {
		e.Fault = &rewards.Fault{Interval: e.Intervals[0], Kind: rewards.FaultMismatch}
	}
	return e
}

func (s *sim) voteCommitment(name string) ledger.Hash {
	own := s.ballots[name]
	return commitreveal.Commit(commitreveal.KindVote, ledgertest.Network, s.id, string(s.account(name)), rewards.DocCID(own.doc), own.salt)
}

// openings opens intervals of a solver's solution; none named means all that are drawn and not open.
func (s *sim) openings(name string, which []uint32) task.OpenSteps {
	t := s.state()
	if i, ok := t.SlotOf(s.account(name)); ok && len(which) == 0 {
		for _, drawn := range t.Slots[i].Drawn {
			if !slices.Contains(t.Slots[i].Opened, drawn) {
				which = append(which, drawn)
			}
		}
	}
	m := task.OpenSteps{Task: s.id}
	own := s.solutions[name]
	for _, i := range which {
		opening := task.IntervalOpening{Index: i, Hashes: own.steps[i]}
		for _, h := range merkle.Path(own.roots, int(i)) {
			opening.Path = append(opening.Path, h)
		}
		m.Intervals = append(m.Intervals, opening)
	}
	return m
}

func (s *sim) challenge(solver string, interval uint32) dispute.Challenge {
	account := s.account(solver)
	return dispute.Challenge{Task: s.id, Solver: account, Interval: interval, Hashes: s.honest(account)[interval]}
}

// judge is what a judge would send next: its sealed judgement or, when all are sealed, the judgement itself. as says what it
// claims to have found; without it the judge is honest.
func (s *sim) judge(name, as string, q dispute.Question) ledger.Msg {
	f := s.finding(q, as)
	salt := digest("judge salt", name)
	if p, _ := s.disputes.Panel(s.kv, s.id, q); p.Stage == dispute.Revealing {
		return dispute.Reveal{Task: s.id, Question: q, Finding: f, Salt: salt}
	}
	doc, _ := dispute.JudgementCID(s.id, q, f)
	return dispute.Commit{Task: s.id, Question: q, Commitment: commitreveal.Commit(
		commitreveal.KindVerdict, ledgertest.Network, s.id, string(s.account(name)), doc, salt)}
}

func (s *sim) finding(q dispute.Question, as string) dispute.Finding {
	if as == "unusable" {
		return dispute.Finding{Unusable: true}
	}
	if q.Aggregate() {
		return dispute.Finding{Model: s.model(as)}
	}
	f := dispute.Finding{State: s.honest(q.Solver)[q.Interval][q.Step]}
	switch as {
	case "solver":
		f.State = s.solutions[s.nameOf(q.Solver)].steps[q.Interval][q.Step]
	case "other":
		f.State = digest("other")
	}
	return f
}

// model is what the accepted updates give; any other name gives another model.
func (s *sim) model(name string) dispute.Model {
	if name == "" {
		name = "right"
	}
	return dispute.Model{Manifest: manifest(name), Root: digest(name, "root"), Size: 10, Parameters: 5}
}

func (s *sim) nameOf(a ledger.Account) string {
	for i, account := range s.accounts {
		if account == a {
			return s.names[i]
		}
	}
	return string(a)
}

func (s *sim) must(t *testing.T, sender string, m ledger.Msg) {
	t.Helper()
	_, err := s.block(t, 100, false, s.account(sender), m)
	require.NoError(t, err)
}
