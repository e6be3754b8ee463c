package ledger

import "fmt"

// RoleParams are the staking rules of one role.
type RoleParams struct {
	MinStake Natn  `json:"min_stake"` // below it the role is inactive
	UnbondMS int64 `json:"unbond_ms"` // ledger time, independent of the work clock
}

// Params are the numbers of genesis, changed only by governance. Times are milliseconds; windows of tasks, votes and
// disputes run on the work clock.
type Params struct {
	// Staking.
	Proposer    RoleParams `json:"proposer"`
	Solver      RoleParams `json:"solver"`
	Coordinator RoleParams `json:"coordinator"`
	Aggregator  RoleParams `json:"aggregator"`
	Validator   RoleParams `json:"validator"`
	Provider    RoleParams `json:"provider"`

	// ReporterPerMille is the share of slashed stake that goes to a reporter; the rest goes to the treasury.
	ReporterPerMille uint64 `json:"reporter_per_mille"`
	// EquivocationPerMille of its stake is what a validator loses that signs two blocks at one height.
	EquivocationPerMille uint64 `json:"equivocation_per_mille"`

	// Windows of a task.
	OpenMS       int64 `json:"open_ms"`
	ClaimMS      int64 `json:"claim_ms"`
	CommitMS     int64 `json:"commit_ms"`
	TruthMS      int64 `json:"truth_ms"`
	RevealMS     int64 `json:"reveal_ms"`
	VoteCommitMS int64 `json:"vote_commit_ms"`
	VoteRevealMS int64 `json:"vote_reveal_ms"`
	OpeningMS    int64 `json:"opening_ms"`
	ChallengeMS  int64 `json:"challenge_ms"`
	JudgeMS      int64 `json:"judge_ms"`
	AggregateMS  int64 `json:"aggregate_ms"`
	EpochMS      int64 `json:"epoch_ms"`

	// Bounds of a task.
	MaxSlots     uint32 `json:"max_slots"`
	MaxSteps     uint32 `json:"max_steps"`
	MaxInterval  uint32 `json:"max_interval"`  // steps between checkpoints
	MaxIntervals uint32 `json:"max_intervals"` // ⌈steps / interval⌉
	MaxReplay    uint32 `json:"max_replay"`    // intervals replayed by one member of one solution
	Committee    uint32 `json:"committee"`     // default and least size
	MaxCommittee uint32 `json:"max_committee"`

	// Stake at risk and slashes.
	BondFloorPerMille  uint64 `json:"bond_floor_per_mille"`  // least bond of a claim, of the reward
	FloorPerMille      uint64 `json:"floor_per_mille"`       // of the reward, paid to solvers when the truth is not revealed
	TruthSlashPerMille uint64 `json:"truth_slash_per_mille"` // of the proposer's minimum stake
	MissSlash          Natn   `json:"miss_slash"`            // a solver that claimed, committed or revealed and then fell silent
	VoteSlash          Natn   `json:"vote_slash"`            // a member that did not commit or reveal its vote
	AlarmSlash         Natn   `json:"alarm_slash"`           // a fault voted and not followed by a challenge
	UnbackedSlash      Natn   `json:"unbacked_slash"`        // a vote whose replay was not done
	ChallengeBond      Natn   `json:"challenge_bond"`

	// Governance heartbeat.
	PulseIntervalMS  int64 `json:"pulse_interval_ms"`
	PulseBlockAgeMS  int64 `json:"pulse_block_age_ms"` // the block a pulse names is at most this old
	LeaseMS          int64 `json:"lease_ms"`
	WorkStepMS       int64 `json:"work_step_ms"`   // most the work clock advances in one block
	EmptyBlockMS     int64 `json:"empty_block_ms"` // between blocks of an idle chain
	GovernorPower    Natn  `json:"governor_power"` // needed to register
	GovernorAbsentMS int64 `json:"governor_absent_ms"`

	// The numbers of single modules.
	Governance GovernanceParams `json:"governance"`
	Pricing    PricingParams    `json:"pricing"`
	Traps      TrapParams       `json:"traps"`
	Shards     ShardParams      `json:"shards"`
	Disputes   DisputeParams    `json:"disputes"`
	Services   ServiceParams    `json:"services"`
	Yuma       YumaParams       `json:"yuma"`
}

const (
	second int64 = 1000
	minute       = 60 * second
	hour         = 60 * minute
	day          = 24 * hour
)

// DefaultParams are the numbers of a public network.
func DefaultParams() Params {
	return Params{
		Proposer:    RoleParams{MinStake: 100 * ATN, UnbondMS: 7 * day},
		Solver:      RoleParams{MinStake: 50 * ATN, UnbondMS: 3 * day},
		Coordinator: RoleParams{MinStake: 500 * ATN, UnbondMS: 14 * day},
		Aggregator:  RoleParams{MinStake: 1000 * ATN, UnbondMS: 14 * day},
		Validator:   RoleParams{MinStake: 10_000 * ATN, UnbondMS: 21 * day},
		Provider:    RoleParams{MinStake: 50 * ATN, UnbondMS: 3 * day},

		ReporterPerMille:     100,
		EquivocationPerMille: 50,

		OpenMS:       day,
		ClaimMS:      hour,
		CommitMS:     6 * hour,
		TruthMS:      hour,
		RevealMS:     hour,
		VoteCommitMS: 2 * hour,
		VoteRevealMS: hour,
		OpeningMS:    hour,
		ChallengeMS:  6 * hour,
		JudgeMS:      2 * hour,
		AggregateMS:  hour,
		EpochMS:      6 * hour,

		MaxSlots:     32,
		MaxSteps:     100_000,
		MaxInterval:  1000,
		MaxIntervals: 256,
		MaxReplay:    8,
		Committee:    3,
		MaxCommittee: 9,

		BondFloorPerMille:  100,
		FloorPerMille:      100,
		TruthSlashPerMille: 100,
		MissSlash:          5 * ATN,
		VoteSlash:          25 * ATN,
		AlarmSlash:         25 * ATN,
		UnbackedSlash:      25 * ATN,
		ChallengeBond:      25 * ATN,

		PulseIntervalMS:  minute,
		PulseBlockAgeMS:  minute,
		LeaseMS:          2 * minute,
		WorkStepMS:       minute,
		EmptyBlockMS:     5 * second,
		GovernorPower:    1000 * ATN,
		GovernorAbsentMS: 7 * day,

		Governance: defaultGovernanceParams(),
		Pricing:    defaultPricingParams(),
		Traps:      defaultTrapParams(),
		Shards:     defaultShardParams(),
		Disputes:   defaultDisputeParams(),
		Services:   defaultServiceParams(),
		Yuma:       defaultYumaParams(),
	}
}

// DevnetParams are the numbers of a swarm on one machine: the same rules in seconds. Phases end as soon as everybody
// has acted, so that only the challenge window is always waited for in full.
func DevnetParams() Params {
	p := DefaultParams()
	p.OpenMS = 60 * second
	p.ClaimMS = 10 * second
	p.CommitMS = 2 * minute
	p.TruthMS = 20 * second
	p.RevealMS = 20 * second
	p.VoteCommitMS = minute
	p.VoteRevealMS = 20 * second
	p.OpeningMS = 20 * second
	p.ChallengeMS = 5 * second
	p.JudgeMS = 20 * second
	p.AggregateMS = 30 * second
	p.EpochMS = minute
	p.PulseIntervalMS = 2 * second
	p.LeaseMS = 10 * second
	p.EmptyBlockMS = second / 2
	p.GovernorAbsentMS = hour
	p.Proposer.UnbondMS = 20 * second
	p.Solver.UnbondMS = 20 * second
	p.Coordinator.UnbondMS = 40 * second
	p.Aggregator.UnbondMS = 40 * second
	p.Validator.UnbondMS = minute
	p.Provider.UnbondMS = 20 * second
	p.Governance = p.Governance.devnet()
	p.Pricing = p.Pricing.devnet()
	p.Traps = p.Traps.devnet()
	p.Shards = p.Shards.devnet()
	p.Disputes = p.Disputes.devnet()
	p.Services = p.Services.devnet()
	return p
}

// Validate reports the first number that is out of its bounds.
func (p Params) Validate() error {
	for _, r := range []struct {
		name string
		role RoleParams
	}{
		{"proposer", p.Proposer},
		{"solver", p.Solver},
		{"coordinator", p.Coordinator},
		{"aggregator", p.Aggregator},
		{"validator", p.Validator},
		{"provider", p.Provider},
	} {
		if r.role.MinStake == 0 || r.role.MinStake > 1_000_000_000*ATN {
			return fmt.Errorf("%s.min_stake is %s: it must be between 1 nATN and 10⁹ ATN", r.name, r.role.MinStake)
		}
		if err := checkSpan(r.name+".unbond_ms", r.role.UnbondMS, 1, 365*day); err != nil {
			return err
		}
	}
	if err := p.validateTimes(); err != nil {
		return err
	}
	if err := p.validateBounds(); err != nil {
		return err
	}
	if err := p.validateMoney(); err != nil {
		return err
	}
	for _, module := range []struct {
		name string
		err  error
	}{
		{"governance", p.Governance.validate()},
		{"pricing", p.Pricing.validate()},
		{"traps", p.Traps.validate()},
		{"shards", p.Shards.validate()},
		{"disputes", p.Disputes.validate()},
		{"services", p.Services.validate()},
		{"yuma", p.Yuma.validate()},
	} {
		if module.err != nil {
			return fmt.Errorf("%s.%w", module.name, module.err)
		}
	}
	return nil
}

func (p Params) validateTimes() error {
	for _, w := range []struct {
		name string
		ms   int64
	}{
		{"open_ms", p.OpenMS},
		{"claim_ms", p.ClaimMS},
		{"commit_ms", p.CommitMS},
		{"truth_ms", p.TruthMS},
		{"reveal_ms", p.RevealMS},
		{"vote_commit_ms", p.VoteCommitMS},
		{"vote_reveal_ms", p.VoteRevealMS},
		{"opening_ms", p.OpeningMS},
		{"challenge_ms", p.ChallengeMS},
		{"judge_ms", p.JudgeMS},
		{"aggregate_ms", p.AggregateMS},
		{"epoch_ms", p.EpochMS},
		{"governor_absent_ms", p.GovernorAbsentMS},
	} {
		if err := checkSpan(w.name, w.ms, 100, 30*day); err != nil {
			return err
		}
	}
	if err := checkSpan("pulse_interval_ms", p.PulseIntervalMS, 100, hour); err != nil {
		return err
	}
	if err := checkSpan("lease_ms", p.LeaseMS, p.PulseIntervalMS, day); err != nil {
		return err
	}
	if err := checkSpan("pulse_block_age_ms", p.PulseBlockAgeMS, 100, hour); err != nil {
		return err
	}
	if err := checkSpan("work_step_ms", p.WorkStepMS, 100, hour); err != nil {
		return err
	}
	return checkSpan("empty_block_ms", p.EmptyBlockMS, 50, minute)
}

func (p Params) validateBounds() error {
	for _, b := range []struct {
		name          string
		n, least, top uint32
	}{
		{"max_slots", p.MaxSlots, 1, 32},
		{"max_steps", p.MaxSteps, 1, 1_000_000},
		{"max_interval", p.MaxInterval, 1, 2000},
		{"max_intervals", p.MaxIntervals, 1, 1024},
		{"max_replay", p.MaxReplay, 1, 32},
		{"committee", p.Committee, 3, 21},
		{"max_committee", p.MaxCommittee, p.Committee, 21},
	} {
		if b.n < b.least || b.n > b.top {
			return fmt.Errorf("%s is %d: it must be between %d and %d", b.name, b.n, b.least, b.top)
		}
	}
	return nil
}

func (p Params) validateMoney() error {
	for _, m := range []struct {
		name string
		n    uint64
	}{
		{"reporter_per_mille", p.ReporterPerMille},
		{"equivocation_per_mille", p.EquivocationPerMille},
		{"bond_floor_per_mille", p.BondFloorPerMille},
		{"floor_per_mille", p.FloorPerMille},
		{"truth_slash_per_mille", p.TruthSlashPerMille},
	} {
		if m.n > 1000 {
			return fmt.Errorf("%s is %d: it must be at most 1000", m.name, m.n)
		}
	}
	for _, m := range []struct {
		name string
		n    Natn
	}{
		{"miss_slash", p.MissSlash},
		{"vote_slash", p.VoteSlash},
		{"alarm_slash", p.AlarmSlash},
		{"unbacked_slash", p.UnbackedSlash},
		{"challenge_bond", p.ChallengeBond},
		{"governor_power", p.GovernorPower},
	} {
		if m.n > 1_000_000*ATN {
			return fmt.Errorf("%s is %s: it must be at most 10⁶ ATN", m.name, m.n)
		}
	}
	return nil
}

func checkSpan(name string, ms, least, most int64) error {
	if ms < least || ms > most {
		return fmt.Errorf("%s is %d ms: it must be between %d and %d", name, ms, least, most)
	}
	return nil
}
