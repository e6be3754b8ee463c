package ledger

import "fmt"

// GovernanceParams are the numbers of the DAO, the constitution and protocol versions. Times are ledger time: governance
// is never halted. Which of them only the constitution may change is for [Entrenched] to say.
type GovernanceParams struct {
	// The DAO.
	ProposePower Natn  `json:"propose_power"` // for each open proposal of an account, held until its vote closes
	DelayMS      int64 `json:"delay_ms"`      // from a proposal to its vote
	VoteMS       int64 `json:"vote_ms"`
	TimelockMS   int64 `json:"timelock_ms"` // from the close of a vote to what it decided
	Quorum       Ratio `json:"quorum"`      // of all power, that must have voted
	Majority     Ratio `json:"majority"`    // of yes and no, that yes must exceed

	// Treasury grants. Within a window up to GrantPerMille of the treasury needs no more than any proposal.
	GrantPerMille uint64 `json:"grant_per_mille"`
	GrantWindowMS int64  `json:"grant_window_ms"`
	GrantQuorum   Ratio  `json:"grant_quorum"`
	GrantMajority Ratio  `json:"grant_majority"` // that yes must reach

	// Protocol versions: the validators' power that must have signalled, exceeded.
	SignalMajority Ratio `json:"signal_majority"`

	// The constitution.
	AmendMajority Ratio `json:"amend_majority"` // of all power that is not asleep
	AmendQuorum   Ratio `json:"amend_quorum"`   // of all power, asleep or not
	AmendMS       int64 `json:"amend_ms"`       // for which an amendment can be signed
	DormantMS     int64 `json:"dormant_ms"`     // without a signature, after which notice may be given
	NoticeMS      int64 `json:"notice_ms"`      // from the notice until the power leaves the denominator

	// Evaluators.
	VerdictCommitMS int64  `json:"verdict_commit_ms"`
	VerdictRevealMS int64  `json:"verdict_reveal_ms"`
	VerdictMajority Ratio  `json:"verdict_majority"`
	VerdictQuorum   uint32 `json:"verdict_quorum"` // evaluators that must have revealed

	HeartbeatQuorum Ratio `json:"heartbeat_quorum"` // of the registered governors' power
}

func defaultGovernanceParams() GovernanceParams {
	return GovernanceParams{
		ProposePower: 1000 * ATN,
		DelayMS:      day,
		VoteMS:       7 * day,
		TimelockMS:   2 * day,
		Quorum:       Ratio{1, 5},
		Majority:     Ratio{1, 2},

		GrantPerMille: 20,
		GrantWindowMS: 30 * day,
		GrantQuorum:   Ratio{2, 5},
		GrantMajority: Ratio{2, 3},

		SignalMajority: Ratio{2, 3},

		AmendMajority: Ratio{19, 20},
		AmendQuorum:   Ratio{2, 3},
		AmendMS:       90 * day,
		DormantMS:     365 * day,
		NoticeMS:      30 * day,

		VerdictCommitMS: 2 * day,
		VerdictRevealMS: day,
		VerdictMajority: Ratio{2, 3},
		VerdictQuorum:   3,

		HeartbeatQuorum: Ratio{2, 3},
	}
}

// devnet returns the numbers of a swarm on one machine.
func (p GovernanceParams) devnet() GovernanceParams {
	p.DelayMS = 2 * second
	p.VoteMS = 20 * second
	p.TimelockMS = 2 * second
	p.GrantWindowMS = 2 * minute
	p.AmendMS = 5 * minute
	p.DormantMS = 2 * minute
	p.NoticeMS = 20 * second
	p.VerdictCommitMS = 10 * second
	p.VerdictRevealMS = 10 * second
	p.VerdictQuorum = 1
	return p
}

func (p GovernanceParams) validate() error {
	if p.ProposePower == 0 || p.ProposePower > 1_000_000*ATN {
		return fmt.Errorf("propose_power is %s: it must be between 1 nATN and 10⁶ ATN", p.ProposePower)
	}
	if p.GrantPerMille > 1000 {
		return fmt.Errorf("grant_per_mille is %d: it must be at most 1000", p.GrantPerMille)
	}
	if p.VerdictQuorum < 1 || p.VerdictQuorum > 1000 {
		return fmt.Errorf("verdict_quorum is %d: it must be between 1 and 1000", p.VerdictQuorum)
	}
	for _, w := range []struct {
		name        string
		ms, longest int64
	}{
		{"delay_ms", p.DelayMS, 30 * day},
		{"vote_ms", p.VoteMS, 60 * day},
		{"timelock_ms", p.TimelockMS, 60 * day},
		{"grant_window_ms", p.GrantWindowMS, 365 * day},
		{"amend_ms", p.AmendMS, 180 * day},
		{"dormant_ms", p.DormantMS, 3650 * day},
		{"notice_ms", p.NoticeMS, 365 * day},
		{"verdict_commit_ms", p.VerdictCommitMS, 30 * day},
		{"verdict_reveal_ms", p.VerdictRevealMS, 30 * day},
	} {
		if err := checkSpan(w.name, w.ms, second, w.longest); err != nil {
			return err
		}
	}
	half, none := Ratio{1, 2}, Ratio{0, 1}
	for _, r := range []struct {
		name     string
		r, least Ratio
	}{
		{"quorum", p.Quorum, none},
		{"majority", p.Majority, half},
		{"grant_quorum", p.GrantQuorum, none},
		{"grant_majority", p.GrantMajority, half},
		{"signal_majority", p.SignalMajority, half},
		{"amend_majority", p.AmendMajority, half},
		{"amend_quorum", p.AmendQuorum, half},
		{"verdict_majority", p.VerdictMajority, half},
		{"heartbeat_quorum", p.HeartbeatQuorum, half},
	} {
		if err := checkRatio(r.name, r.r, r.least); err != nil {
			return err
		}
	}
	return nil
}
