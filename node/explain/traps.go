package explain

import (
	"autonet/ledger"
	"autonet/ledger/forcederror"
	"autonet/node/api/types"
)

// trap tells what a trap brought those who caught it and its solver. What those who missed it lost are slashes.
func (b *book) trap(e Event, d forcederror.EventSettled) {
	inputs := []types.ExplainedInput{input("jackpot", d.Jackpot), input("caught", uint64(len(d.Caught)))}
	for _, account := range d.Caught {
		b.add(account, at(e, types.ExplainedAmount{
			What: Earned, Role: string(ledger.RoleCoordinator), AmountNatn: uint64(d.Share),
			Cause: "caught the trap of " + string(d.Solver) + ": " + d.Reason, Formula: "jackpot ÷ caught", Inputs: inputs,
			Votes: b.votesBy(account),
		}))
	}
	if d.Pay > 0 {
		b.add(d.Solver, at(e, types.ExplainedAmount{
			What: Earned, Role: string(ledger.RoleSolver), AmountNatn: uint64(d.Pay), Cause: "pay of a trap: " + d.Reason,
		}))
	}
}
