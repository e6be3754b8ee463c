package explain

import (
	"math/bits"

	"autonet/ledger"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
	"autonet/node/api/types"
)

const (
	fullScore      = 65535
	fullMultiplier = 1_500_000 // of a coordinator's fee: the committee's pot covers it
)

// paid tells what a task paid out of its escrow.
func (b *book) paid(e Event, d task.EventPaid) {
	x := types.ExplainedAmount{What: Earned, Role: string(task.RoleOfPot(d.Pot)), AmountNatn: uint64(d.Amount), Cause: d.Cause}
	switch d.Pot {
	case task.PotSolvers:
		b.solver(&x, d.Account)
	case task.PotCoordinators:
		b.coordinator(&x, d.Account)
	case task.PotProposer:
		b.proposer(&x)
	case task.PotAggregator:
		b.whole(&x, "aggregator_fee", b.task.AggregatorFee)
	case task.PotStorage:
		x.Inputs = []types.ExplainedInput{input("storage_fee", b.task.StorageFee)}
	}
	b.add(d.Account, at(e, x))
}

// solver explains a reward by samples and score.
func (b *book) solver(x *types.ExplainedAmount, account ledger.Account) {
	x.Votes = b.votesOn(account)
	s, ok := b.settled[account]
	if !ok {
		return
	}
	x.Inputs = []types.ExplainedInput{
		input("reward_per_sample", b.task.RewardPerSample), input("samples", s.Samples), input("score", s.Score), input("full_score", fullScore),
	}
	full, over := product(uint64(b.task.RewardPerSample), s.Samples)
	if !over && scaled(full, uint64(s.Score), fullScore) == x.AmountNatn {
		x.Formula = "reward_per_sample × samples × score ÷ 65535"
	}
}

// coordinator explains a member's fee.
func (b *book) coordinator(x *types.ExplainedAmount, account ledger.Account) {
	x.Votes = b.votesBy(account)
	x.Inputs = []types.ExplainedInput{input("coordinator_fee", b.task.CoordinatorFee), input("committee_size", b.task.CommitteeSize)}
	m, ok := b.members[account]
	if !ok {
		return
	}
	x.Inputs = append(x.Inputs, input("multiplier_millionths", m.Multiplier), input("multiplier_epoch", m.Epoch))
	if b.task.CommitteeSize > 0 && scaled(uint64(b.task.CoordinatorFee)/uint64(b.task.CommitteeSize), m.Multiplier, fullMultiplier) == x.AmountNatn {
		x.Formula = "(coordinator_fee ÷ committee_size) × multiplier ÷ 1500000"
	}
}

// proposer explains the proposer's reward by how much could be learned.
func (b *book) proposer(x *types.ExplainedAmount) {
	l := b.learned
	if l == nil || uint64(l.Reward) != x.AmountNatn {
		return
	}
	x.Inputs = []types.ExplainedInput{input("proposer_reward", b.task.ProposerReward), input("mean_score", l.Mean), input("share", l.Share)}
	if scaled(uint64(b.task.ProposerReward), uint64(l.Share), fullScore) == x.AmountNatn {
		x.Formula = "proposer_reward × share ÷ 65535, share = 4 × mean × (65535 − mean) ÷ 65535, a quarter at least if any solution was accepted"
	}
}

// whole explains an amount that is a fee in full.
func (b *book) whole(x *types.ExplainedAmount, name string, fee ledger.Natn) {
	x.Inputs = []types.ExplainedInput{input(name, fee)}
	if uint64(fee) == x.AmountNatn {
		x.Formula = name
	}
}

func (b *book) votesOn(solver ledger.Account) []types.ExplainedVote {
	return b.votes(func(v rewards.EventEntry) bool { return v.Solver == solver })
}

func (b *book) votesBy(member ledger.Account) []types.ExplainedVote {
	return b.votes(func(v rewards.EventEntry) bool { return v.Account == member })
}

func (b *book) votes(keep func(rewards.EventEntry) bool) []types.ExplainedVote {
	var out []types.ExplainedVote
	for _, v := range b.entries {
		if keep(v) {
			out = append(out, types.ExplainedVote{
				Member: string(v.Account), Solver: string(v.Solver), Status: string(v.Status), Score: v.Score, Clipped: v.Clipped, Detail: v.Detail,
			})
		}
	}
	return out
}

func product(a, b uint64) (p uint64, over bool) {
	high, low := bits.Mul64(a, b)
	return low, high != 0
}

// scaled is a × b ÷ c, rounded down; b must be at most c.
func scaled(a, b, c uint64) uint64 {
	high, low := bits.Mul64(a, b)
	if high >= c {
		return 0
	}
	quotient, _ := bits.Div64(high, low, c)
	return quotient
}
