package task

import "autonet/ledger"

// Kinds of this module's messages.
const (
	KindPropose     = "task/propose"
	KindOpen        = "task/open"
	KindClaim       = "task/claim"
	KindCheckpoint  = "task/checkpoint"
	KindCommit      = "task/commit"
	KindRevealTruth = "task/reveal-truth"
	KindReveal      = "task/reveal"
	KindOpenSteps   = "task/open-steps"
	KindAggregate   = "task/aggregate"
)

const (
	maxSlots      = 32
	maxOpenings   = 64   // intervals in one task/open-steps
	maxStepHashes = 4096 // step hashes in one task/open-steps
	maxPath       = 16
	maxReward     = uint64(1_000_000_000 * ledger.ATN)
	maxCommitMS   = 24 * 60 * 60 * 1000
)

// Propose creates a task in state PROPOSED and escrows its rewards from the project's budget. The task's ID is
// ledger.TaskID of the network, the sender and the transaction's nonce.
type Propose struct {
	Project         string      `json:"project"`
	Spec            string      `json:"spec"`
	Model           string      `json:"model"`
	Steps           uint32      `json:"steps"`
	Interval        uint32      `json:"interval"`
	Batch           uint32      `json:"batch"`
	Slots           uint32      `json:"slots"`
	Replay          uint32      `json:"replay"`
	Committee       uint32      `json:"committee"` // 0 = genesis default
	Truth           ledger.Hash `json:"truth"`
	RewardPerSample ledger.Natn `json:"reward_per_sample"`
	CoordinatorFee  ledger.Natn `json:"coordinator_fee"`
	AggregatorFee   ledger.Natn `json:"aggregator_fee"`
	StorageFee      ledger.Natn `json:"storage_fee"`
	ProposerReward  ledger.Natn `json:"proposer_reward"`
	CommitMS        uint64      `json:"commit_ms"` // 0 = genesis default
	// EvaluateOnly is for private data or an external trainer: replay must be 0 and the interval all steps.
	EvaluateOnly bool `json:"evaluate_only"`
}

// Open confirms that the encrypted truth has landed and opens the task for claims.
type Open struct {
	Task string `json:"task"`
}

// Claim takes a free slot and locks the solver's bond.
type Claim struct {
	Task string `json:"task"`
	Slot uint32 `json:"slot"`
}

// Checkpoint reports progress: the state hash after a step.
type Checkpoint struct {
	Task string      `json:"task"`
	Step uint32      `json:"step"`
	Hash ledger.Hash `json:"hash"`
}

// Commit binds the sender to a solution it will reveal.
type Commit struct {
	Task       string      `json:"task"`
	Commitment ledger.Hash `json:"commitment"`
}

// RevealTruth opens the proposer's commitment to the ground truth.
type RevealTruth struct {
	Task string      `json:"task"`
	CID  string      `json:"cid"`
	Salt ledger.Hash `json:"salt"`
}

// Reveal opens a solver's commitment: the document and the salt.
type Reveal struct {
	Task string      `json:"task"`
	Doc  []byte      `json:"doc"`
	Salt ledger.Hash `json:"salt"`
}

// IntervalOpening is the step hashes of one interval and the path of their root to the solution's step root.
type IntervalOpening struct {
	Index  uint32        `json:"index"`
	Hashes []ledger.Hash `json:"hashes"`
	Path   []ledger.Hash `json:"path"`
}

// OpenSteps opens intervals that votes drew or challenges demand. Several messages may share the work.
type OpenSteps struct {
	Task      string            `json:"task"`
	Intervals []IntervalOpening `json:"intervals"`
}

// Aggregate publishes the model made of the accepted solutions.
type Aggregate struct {
	Task       string      `json:"task"`
	Manifest   string      `json:"manifest"`
	Root       ledger.Hash `json:"root"`
	Size       uint64      `json:"size"`
	Parameters uint64      `json:"parameters"`
}

// Kind implements ledger.Msg.
func (Propose) Kind() string { return KindPropose }

// Kind implements ledger.Msg.
func (Open) Kind() string { return KindOpen }

// Kind implements ledger.Msg.
func (Claim) Kind() string { return KindClaim }

// Kind implements ledger.Msg.
func (Checkpoint) Kind() string { return KindCheckpoint }

// Kind implements ledger.Msg.
func (Commit) Kind() string { return KindCommit }

// Kind implements ledger.Msg.
func (RevealTruth) Kind() string { return KindRevealTruth }

// Kind implements ledger.Msg.
func (Reveal) Kind() string { return KindReveal }

// Kind implements ledger.Msg.
func (OpenSteps) Kind() string { return KindOpenSteps }

// Kind implements ledger.Msg.
func (Aggregate) Kind() string { return KindAggregate }

// Validate implements ledger.Msg.
func (m Propose) Validate() error {
	switch {
	case !ledger.ValidID(m.Project):
		return invalid("%q is no project", bounded(m.Project))
	case !anyCID(m.Spec):
		return invalid("the spec %q is no CID", bounded(m.Spec))
	case !manifestCID(m.Model):
		return invalid("the model %q is no manifest CID", bounded(m.Model))
	case m.Steps == 0 || m.Interval == 0 || m.Batch == 0 || m.Slots == 0:
		return invalid("steps, interval, batch and slots must be at least 1")
	case m.EvaluateOnly && (m.Replay != 0 || m.Interval != m.Steps):
		return invalid("an evaluate-only task has no replay and one interval of all its %d steps", m.Steps)
	case !m.EvaluateOnly && m.Replay == 0:
		return invalid("replay must be at least 1: only an evaluate-only task goes without")
	case m.Interval > m.Steps:
		return invalid("an interval of %d steps in a task of %d", m.Interval, m.Steps)
	case m.Slots > maxSlots:
		return invalid("%d slots; at most %d", m.Slots, maxSlots)
	case m.Replay > intervals(m.Steps, m.Interval):
		return invalid("%d intervals to replay out of %d", m.Replay, intervals(m.Steps, m.Interval))
	case m.Truth.IsZero():
		return invalid("no commitment to the truth")
	case m.RewardPerSample == 0:
		return invalid("no reward per sample")
	case m.CommitMS > maxCommitMS:
		return invalid("a commit window of %d ms; at most %d", m.CommitMS, maxCommitMS)
	}
	for _, amount := range []ledger.Natn{m.RewardPerSample, m.CoordinatorFee, m.AggregatorFee, m.StorageFee, m.ProposerReward} {
		if uint64(amount) > maxReward {
			return invalid("an amount of %s; at most %s", amount, ledger.Natn(maxReward))
		}
	}
	return nil
}

// Validate implements ledger.Msg.
func (m Open) Validate() error { return validTask(m.Task) }

// Validate implements ledger.Msg.
func (m Claim) Validate() error {
	if m.Slot >= maxSlots {
		return invalid("slot %d; a task has at most %d", m.Slot, maxSlots)
	}
	return validTask(m.Task)
}

// Validate implements ledger.Msg.
func (m Checkpoint) Validate() error {
	if m.Step == 0 || m.Hash.IsZero() {
		return invalid("a checkpoint needs a step from 1 and a state hash")
	}
	return validTask(m.Task)
}

// Validate implements ledger.Msg.
func (m Commit) Validate() error {
	if m.Commitment.IsZero() {
		return invalid("an empty commitment")
	}
	return validTask(m.Task)
}

// Validate implements ledger.Msg.
func (m RevealTruth) Validate() error {
	if !anyCID(m.CID) {
		return invalid("the truth %q is no CID", bounded(m.CID))
	}
	return validTask(m.Task)
}

// Validate implements ledger.Msg.
func (m Reveal) Validate() error {
	if len(m.Doc) == 0 || len(m.Doc) > MaxSolutionBytes {
		return invalid("a solution of %d bytes; the bound is %d", len(m.Doc), MaxSolutionBytes)
	}
	return validTask(m.Task)
}

// Validate implements ledger.Msg.
func (m OpenSteps) Validate() error {
	if len(m.Intervals) == 0 || len(m.Intervals) > maxOpenings {
		return invalid("%d intervals; between 1 and %d in one message", len(m.Intervals), maxOpenings)
	}
	hashes := 0
	for i, opening := range m.Intervals {
		if i > 0 && opening.Index <= m.Intervals[i-1].Index {
			return invalid("intervals must be in ascending order, each once")
		}
		if len(opening.Hashes) == 0 || len(opening.Path) > maxPath {
			return invalid("interval %d: %d hashes and a path of %d", opening.Index, len(opening.Hashes), len(opening.Path))
		}
		hashes += len(opening.Hashes)
	}
	if hashes > maxStepHashes {
		return invalid("%d step hashes; at most %d in one message", hashes, maxStepHashes)
	}
	return validTask(m.Task)
}

// Validate implements ledger.Msg.
func (m Aggregate) Validate() error {
	if err := ledger.CheckModel(m.Manifest, m.Root, m.Size, m.Parameters); err != nil {
		return invalid("%v", err)
	}
	return validTask(m.Task)
}

// Messages returns one zero message of every kind, for decoders.
func Messages() []ledger.Msg {
	return []ledger.Msg{Propose{}, Open{}, Claim{}, Checkpoint{}, Commit{}, RevealTruth{}, Reveal{}, OpenSteps{}, Aggregate{}}
}

func validTask(id string) error {
	if !ledger.ValidID(id) {
		return invalid("%q is no task", bounded(id))
	}
	return nil
}

func manifestCID(text string) bool { return ledger.CheckCID(text, ledger.CodecDagCBOR) == nil }

// anyCID accepts a document stored as one leaf and one stored as shards.
func anyCID(text string) bool {
	return manifestCID(text) || ledger.CheckCID(text, ledger.CodecRaw) == nil
}

func invalid(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeInvalid, format, args...)
}

func refused(format string, args ...any) error {
	return ledger.Refuse(ledger.CodeRefused, format, args...)
}

func intervals(steps, interval uint32) uint32 {
	return uint32((uint64(steps) + uint64(interval) - 1) / uint64(interval))
}
