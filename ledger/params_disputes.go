package ledger

import "fmt"

// DisputeParams are the numbers of challenges, their judges and appeals. Windows run on the work clock.
type DisputeParams struct {
	// Judges is the size of the fresh committee that settles a question; fewer judge when fewer can be drawn.
	Judges uint32 `json:"judges"`
	// JudgeRevealMS is the window to reveal sealed judgements; the window to seal them is Params.JudgeMS.
	JudgeRevealMS int64 `json:"judge_reveal_ms"`
	// JudgeSlash is what a judge loses that does not seal or does not reveal its judgement.
	JudgeSlash Natn `json:"judge_slash"`
	// JudgeFee is what a judge of the majority gets, whoever loses: more for one outcome would buy it.
	JudgeFee Natn `json:"judge_fee"`
	// JudgeSharePerMille of what the loser of a dispute loses is the most that its judges get together.
	JudgeSharePerMille uint64 `json:"judge_share_per_mille"`

	// AggregateChallengeMS is how long a published aggregate can be challenged.
	AggregateChallengeMS int64 `json:"aggregate_challenge_ms"`
	// AggregateBond is what a challenger of an aggregate risks.
	AggregateBond Natn `json:"aggregate_bond"`

	// AppealMS is the window to vote on an appeal.
	AppealMS int64 `json:"appeal_ms"`
	// AppealBond is what an appellant risks.
	AppealBond Natn `json:"appeal_bond"`
	// AppealQuorum of all governance power must vote on an appeal.
	AppealQuorum Ratio `json:"appeal_quorum"`
	// AppealMajority of the power that votes must support an appeal.
	AppealMajority Ratio `json:"appeal_majority"`
}

func defaultDisputeParams() DisputeParams {
	return DisputeParams{
		Judges:               5,
		JudgeRevealMS:        hour,
		JudgeSlash:           5 * ATN,
		JudgeFee:             4 * ATN,
		JudgeSharePerMille:   500,
		AggregateChallengeMS: 6 * hour,
		AggregateBond:        100 * ATN,
		AppealMS:             3 * day,
		AppealBond:           100 * ATN,
		AppealQuorum:         Ratio{1, 5},
		AppealMajority:       Ratio{33, 50},
	}
}

// devnet returns the numbers of a swarm on one machine.
func (p DisputeParams) devnet() DisputeParams {
	p.Judges = 3
	p.JudgeRevealMS = 20 * second
	p.AggregateChallengeMS = 3 * second
	p.AppealMS = 10 * second
	return p
}

func (p DisputeParams) validate() error {
	if p.Judges < 1 || p.Judges > 21 {
		return fmt.Errorf("judges is %d: it must be between 1 and 21", p.Judges)
	}
	for _, w := range []struct {
		name string
		ms   int64
	}{
		{"judge_reveal_ms", p.JudgeRevealMS},
		{"aggregate_challenge_ms", p.AggregateChallengeMS},
		{"appeal_ms", p.AppealMS},
	} {
		if err := checkSpan(w.name, w.ms, 100, 30*day); err != nil {
			return err
		}
	}
	for _, m := range []struct {
		name string
		n    Natn
	}{
		{"judge_slash", p.JudgeSlash},
		{"judge_fee", p.JudgeFee},
		{"aggregate_bond", p.AggregateBond},
		{"appeal_bond", p.AppealBond},
	} {
		if m.n == 0 || m.n > 1_000_000*ATN {
			return fmt.Errorf("%s is %s: it must be between 1 nATN and 10⁶ ATN", m.name, m.n)
		}
	}
	if p.JudgeSharePerMille > 900 {
		return fmt.Errorf("judge_share_per_mille is %d: it must be at most 900", p.JudgeSharePerMille)
	}
	if err := checkRatio("appeal_quorum", p.AppealQuorum, Ratio{1, 100}); err != nil {
		return err
	}
	return checkRatio("appeal_majority", p.AppealMajority, Ratio{1, 2})
}
