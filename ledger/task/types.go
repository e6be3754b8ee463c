package task

import (
	"slices"
	"strings"

	"autonet/ledger"
)

// State is the stage of a task's life.
type State string

// The states, in the order in which a task passes them. EXPIRED can follow any but AGGREGATED.
const (
	StateProposed      State = "PROPOSED"
	StateOpen          State = "OPEN"
	StateCommitted     State = "COMMITTED"
	StateTruthRevealed State = "TRUTH_REVEALED"
	StateRevealed      State = "REVEALED"
	StateVoting        State = "VOTING"
	StateVerdict       State = "VERDICT"
	StateChallenge     State = "CHALLENGE"
	StateSettled       State = "SETTLED"
	StateAggregated    State = "AGGREGATED"
	StateExpired       State = "EXPIRED"
)

// Phase is the part of VOTING or AGGREGATED a task is in; empty in every other state, and once a task is final.
type Phase string

// The phases of VOTING, and that of AGGREGATED in which the published model can be challenged.
const (
	PhaseVoteCommit         Phase = "VOTE_COMMIT"
	PhaseVoteReveal         Phase = "VOTE_REVEAL"
	PhaseOpening            Phase = "OPENING"
	PhaseAggregateChallenge Phase = "AGGREGATE_CHALLENGE"
)

// RuleEvaluateOnly is the rule by which the updates of an evaluate-only task are aggregated, whatever its spec says: robust,
// and every update weighs the same.
const RuleEvaluateOnly = "median"

// Pots of the escrow.
const (
	PotSolvers      = "solvers"
	PotCoordinators = "coordinators"
	PotProposer     = "proposer"
	PotAggregator   = "aggregator"
	PotStorage      = "storage"
)

// RoleOfPot is the role that a pot pays; the pot's own name where there is none.
func RoleOfPot(pot string) ledger.Role {
	switch pot {
	case PotSolvers:
		return ledger.RoleSolver
	case PotCoordinators:
		return ledger.RoleCoordinator
	case PotProposer:
		return ledger.RoleProposer
	case PotAggregator:
		return ledger.RoleAggregator
	case PotStorage:
		return ledger.RoleProvider
	default:
		return ledger.Role(pot)
	}
}

// Escrow is what a task still holds, by purpose.
type Escrow struct {
	Solvers      ledger.Natn `json:"solvers"`
	Coordinators ledger.Natn `json:"coordinators"`
	Proposer     ledger.Natn `json:"proposer"`
	Aggregator   ledger.Natn `json:"aggregator"`
	Storage      ledger.Natn `json:"storage"`
}

// Task is one training job as the ledger knows it.
type Task struct {
	ID       string         `json:"id"`
	Project  string         `json:"project"`
	Proposer ledger.Account `json:"proposer"`
	State    State          `json:"state"`
	Phase    Phase          `json:"phase,omitempty"`
	Deadline int64          `json:"deadline_work_ms"` // end of the present phase on the work clock; 0 when final
	Cause    string         `json:"cause,omitempty"`  // why the task expired

	Spec  string      `json:"spec"`  // CID of the spec document
	Model string      `json:"model"` // manifest CID of the base model
	Truth ledger.Hash `json:"truth"` // commitment to the ground truth

	Steps         uint32 `json:"steps"`
	Interval      uint32 `json:"interval"`  // steps between checkpoints
	Intervals     uint32 `json:"intervals"` // ⌈steps / interval⌉
	Batch         uint32 `json:"batch"`
	Replay        uint32 `json:"replay"`              // intervals a member replays of each solution
	CommitteeSize uint32 `json:"committee_size"`      // members wanted
	Detection     uint32 `json:"detection_per_mille"` // 0 of an evaluate-only task
	// EvaluateOnly tasks have private data or an external trainer: nobody can replay their bits. Votes are evaluations,
	// nothing is opened, no step can be challenged, updates are aggregated by [RuleEvaluateOnly], and a bond is at least the
	// full reward.
	EvaluateOnly bool `json:"evaluate_only"`

	RewardPerSample ledger.Natn `json:"reward_per_sample"`
	CoordinatorFee  ledger.Natn `json:"coordinator_fee"` // for the whole committee
	AggregatorFee   ledger.Natn `json:"aggregator_fee"`
	StorageFee      ledger.Natn `json:"storage_fee"`
	ProposerReward  ledger.Natn `json:"proposer_reward"`
	CommitMS        int64       `json:"commit_ms"`
	Escrow          Escrow      `json:"escrow"`

	ClaimDeadline int64 `json:"claim_deadline_work_ms,omitempty"`
	TruthDeadline int64 `json:"truth_deadline_work_ms,omitempty"`
	ClosedHeight  int64 `json:"closed_height,omitempty"` // block in which the commit phase closed

	Slots     []Slot      `json:"slots"` // as many as were offered, by index
	Committee []Member    `json:"committee,omitempty"`
	DrawHash  ledger.Hash `json:"draw_hash"` // hash of the block in which the committee was drawn; zero before
	Draws     uint32      `json:"draws"`     // attempts to draw a committee

	TruthCID  string      `json:"truth_cid,omitempty"`
	TruthSalt ledger.Hash `json:"truth_salt"`

	Accepted    uint32           `json:"accepted"` // solutions accepted at settlement
	Aggregator  ledger.Account   `json:"aggregator,omitempty"`
	Aggregators []ledger.Account `json:"aggregators_missed,omitempty"` // drawn and silent, of this round
	AggDraws    uint32           `json:"aggregator_draws,omitempty"`
	Result      *Result          `json:"result,omitempty"`
	Refuted     *Result          `json:"refuted,omitempty"` // the aggregator's result, when a dispute replaced it
}

// Slot is one place of a task and what its solver did in it.
type Slot struct {
	Index      uint32         `json:"index"`
	Account    ledger.Account `json:"account,omitempty"` // empty while free
	Bond       ledger.Natn    `json:"bond,omitempty"`
	Step       uint32         `json:"step,omitempty"` // of the last checkpoint
	StepHash   ledger.Hash    `json:"step_hash"`
	Commitment ledger.Hash    `json:"commitment"`
	Order      uint32         `json:"order,omitempty"` // place among the task's commitments, from 1; 0 = none
	Revealed   bool           `json:"revealed"`
	DocCID     string         `json:"doc_cid,omitempty"`
	Solution   *Solution      `json:"solution,omitempty"` // after the reveal; filled by reads
	Drawn      []uint32       `json:"drawn,omitempty"`    // intervals the solver must open, ascending
	Opened     []uint32       `json:"opened,omitempty"`   // intervals it opened, ascending
	Dropped    string         `json:"dropped,omitempty"`  // why its solver is out of the task; empty while in
	Verdict    *Verdict       `json:"verdict,omitempty"`
}

// Live reports whether the slot's solver is still in the task.
func (s Slot) Live() bool { return s.Account != "" && s.Dropped == "" }

// Candidate reports whether the slot holds a solution that is still in the task.
func (s Slot) Candidate() bool { return s.Live() && s.Revealed }

// Complete reports whether every demanded interval is opened.
func (s Slot) Complete() bool {
	opened := 0
	for _, want := range s.Drawn {
		for opened < len(s.Opened) && s.Opened[opened] < want {
			opened++
		}
		if opened == len(s.Opened) || s.Opened[opened] != want {
			return false
		}
	}
	return true
}

// Member is one coordinator of a task's committee.
type Member struct {
	Account   ledger.Account `json:"account"`
	Weight    uint64         `json:"weight"` // stake, capped at a third of the committee's sum
	SaltHead  ledger.Hash    `json:"salt_head"`
	Committed bool           `json:"committed"`
	Revealed  bool           `json:"revealed"`
}

// Verdict is what the committee, and after it the disputes, made of a solution. Final is set at settlement; before it
// Accepted is only the prospect.
type Verdict struct {
	Score     uint16      `json:"score"` // 65535 = 1.0
	Accepted  bool        `json:"accepted"`
	Suspended bool        `json:"suspended"` // by a replay mismatch that no dispute has settled
	Fraud     bool        `json:"fraud"`     // proven
	Final     bool        `json:"final"`
	Reason    string      `json:"reason"`
	Correct   uint32      `json:"correct"`
	Total     uint32      `json:"total"`
	Reward    ledger.Natn `json:"reward"` // paid at settlement
}

// Result is the model a task produced.
type Result struct {
	Manifest   string      `json:"manifest"`
	Root       ledger.Hash `json:"root"`
	Size       uint64      `json:"size"`
	Parameters uint64      `json:"parameters"`
	Version    uint64      `json:"version"` // of the project's model
}

// Final reports whether nothing can happen to the task any more.
func (t Task) Final() bool {
	return t.State == StateExpired || t.State == StateAggregated && t.Phase == ""
}

// Samples is what one solver trains on: steps × batch.
func (t Task) Samples() uint64 { return uint64(t.Steps) * uint64(t.Batch) }

// SlotOf returns the index of the account's slot.
func (t Task) SlotOf(account ledger.Account) (int, bool) {
	for i := range t.Slots {
		if t.Slots[i].Account == account && account != "" {
			return i, true
		}
	}
	return 0, false
}

// RevealedSlots returns the slots whose solutions are revealed, dropped or not, in ascending account order.
func (t Task) RevealedSlots() []Slot {
	var revealed []Slot
	for _, slot := range t.Slots {
		if slot.Revealed {
			revealed = append(revealed, slot)
		}
	}
	slices.SortFunc(revealed, func(a, b Slot) int { return strings.Compare(string(a.Account), string(b.Account)) })
	return revealed
}

// Insiders lists who had a part in the task: its committee, its claimants and its aggregator.
func (t Task) Insiders() []ledger.Account {
	var in []ledger.Account
	for _, m := range t.Committee {
		in = append(in, m.Account)
	}
	for _, slot := range t.Slots {
		if slot.Account != "" {
			in = append(in, slot.Account)
		}
	}
	if t.Aggregator != "" {
		in = append(in, t.Aggregator)
	}
	return in
}

// MemberOf returns the index of the account in the committee.
func (t Task) MemberOf(account ledger.Account) (int, bool) {
	for i := range t.Committee {
		if t.Committee[i].Account == account {
			return i, true
		}
	}
	return 0, false
}

// StepsIn is the number of steps of an interval: the last one may be shorter.
func (t Task) StepsIn(interval uint32) uint32 {
	if interval+1 == t.Intervals {
		return t.Steps - interval*t.Interval
	}
	return t.Interval
}
