package explain

import (
	"cmp"
	"fmt"
	"slices"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/forcederror"
	"autonet/ledger/rewards"
	"autonet/ledger/staking"
	"autonet/ledger/task"
	"autonet/node/api/types"
)

// What an amount was to its account.
const (
	Earned   = "earned"
	Slashed  = "slashed"
	Locked   = "locked"
	Released = "released"
	Returned = "returned" // to the project
	Noted    = "noted"    // nothing was paid, and why
)

// Event is one event of a task, decoded.
type Event struct {
	ledger.Event
	Data any // as app.DecodeEvent returns it
}

// Task explains every amount of a task, given all events that name it in ledger order.
func Task(t task.Task, events []Event) types.Explanation {
	b := &book{task: t, accounts: map[string]*types.ExplainedAccount{}}
	for _, e := range events {
		b.learn(e)
	}
	for _, e := range events {
		b.tell(e)
	}
	out := types.Explanation{
		Task: t.ID, Project: t.Project, State: string(t.State), Inputs: inputsOf(t), Accounts: []types.ExplainedAccount{},
		Returned: b.returned,
	}
	if len(events) > 0 {
		out.Height = events[len(events)-1].Height
	}
	for _, a := range b.accounts {
		out.Accounts = append(out.Accounts, *a)
	}
	slices.SortFunc(out.Accounts, func(a, b types.ExplainedAccount) int { return cmp.Compare(a.Account, b.Account) })
	return out
}

// inputsOf are the numbers that a task was proposed with.
func inputsOf(t task.Task) []types.ExplainedInput {
	return []types.ExplainedInput{
		input("reward_per_sample", t.RewardPerSample), input("samples", t.Samples()), input("coordinator_fee", t.CoordinatorFee),
		input("committee_size", t.CommitteeSize), input("proposer_reward", t.ProposerReward), input("aggregator_fee", t.AggregatorFee),
		input("storage_fee", t.StorageFee),
	}
}

// book is what is known of a task while it is told.
type book struct {
	task     task.Task
	settled  map[ledger.Account]rewards.EventSettled
	members  map[ledger.Account]rewards.EventMember
	learned  *rewards.EventLearnability
	entries  []rewards.EventEntry
	notes    []note
	accounts map[string]*types.ExplainedAccount
	returned []types.ExplainedAmount
}

// note is what a module said about a slash beside what staking did.
type note struct {
	height   int64
	account  ledger.Account
	amount   ledger.Natn
	cause    string
	solver   ledger.Account
	evidence string
}

// learn takes in what explains other events.
func (b *book) learn(e Event) {
	switch d := e.Data.(type) {
	case rewards.EventSettled:
		if b.settled == nil {
			b.settled = map[ledger.Account]rewards.EventSettled{}
		}
		b.settled[d.Solver] = d
	case rewards.EventMember:
		if b.members == nil {
			b.members = map[ledger.Account]rewards.EventMember{}
		}
		b.members[d.Account] = d
	case rewards.EventLearnability:
		b.learned = &d
	case rewards.EventEntry:
		b.entries = append(b.entries, d)
	case rewards.EventSlashed:
		b.notes = append(b.notes, note{e.Height, d.Account, d.Amount, d.Cause, d.Solver, d.Evidence})
	case dispute.EventSlashed:
		b.notes = append(b.notes, note{e.Height, d.Account, d.Amount, d.Cause, "", d.Evidence})
	}
}

// tell writes down what an event did to whom.
func (b *book) tell(e Event) {
	switch d := e.Data.(type) {
	case task.EventPaid:
		b.paid(e, d)
	case task.EventReturned:
		b.returned = append(b.returned, at(e, types.ExplainedAmount{
			What: Returned, AmountNatn: uint64(d.Amount), Cause: d.Cause, Role: d.Pot,
		}))
	case staking.Slashed:
		b.slashed(e, d)
	case staking.Locked:
		b.add(d.Account, at(e, types.ExplainedAmount{
			What: Locked, Role: string(d.Role), AmountNatn: uint64(d.Amount), Cause: "stake held for " + d.Purpose,
		}))
	case staking.Unlocked:
		b.add(d.Account, at(e, types.ExplainedAmount{
			What: Released, Role: string(d.Role), AmountNatn: uint64(d.Amount), Cause: "stake no longer held for " + d.Purpose,
		}))
	case rewards.EventSettled:
		if d.Reward == 0 {
			b.add(d.Solver, at(e, types.ExplainedAmount{
				What: Noted, Role: string(ledger.RoleSolver), Cause: d.Reason, Votes: b.votesOn(d.Solver),
			}))
		}
	case rewards.EventMember:
		if d.Fee == 0 {
			b.add(d.Account, at(e, types.ExplainedAmount{
				What: Noted, Role: string(ledger.RoleCoordinator), Cause: d.Reason, Votes: b.votesBy(d.Account),
			}))
		}
	case forcederror.EventSettled:
		b.trap(e, d)
	case task.EventDropped:
		b.add(d.Account, at(e, types.ExplainedAmount{
			What: Noted, Role: string(ledger.RoleSolver), Cause: "out of the task: " + d.Cause, Evidence: d.Evidence,
		}))
	case dispute.EventClosed:
		b.add(d.Challenger, at(e, types.ExplainedAmount{
			What: Noted, Cause: fmt.Sprintf("dispute about %s, interval %d, step %d: %s", d.Solver, d.Interval, d.Step, d.Outcome),
		}))
	}
}

// slashed tells what an account lost, and what its reporter got of it.
func (b *book) slashed(e Event, d staking.Slashed) {
	lost := types.ExplainedAmount{
		What: Slashed, Role: string(d.Role), AmountNatn: uint64(d.Amount), Cause: d.Cause, Evidence: d.Evidence,
	}
	if d.Amount <= d.Due {
		lost.Formula = "what was due, as far as the stake sufficed"
		lost.Inputs = []types.ExplainedInput{input("due", d.Due), input("taken", d.Amount), input("left_bonded", d.Total)}
	}
	for _, n := range b.notes {
		if n.height == e.Height && n.account == d.Account && n.cause == d.Cause {
			if lost.Evidence == "" {
				lost.Evidence = n.evidence
			}
			if n.solver != "" {
				lost.Votes = b.votes(func(v rewards.EventEntry) bool { return v.Solver == n.solver && v.Account == d.Account })
			}
		}
	}
	b.add(d.Account, at(e, lost))
	if d.Reporter != "" && d.Share > 0 {
		b.add(d.Reporter, at(e, types.ExplainedAmount{
			What: Earned, Role: "reporter", AmountNatn: uint64(d.Share), Cause: "reported: " + d.Cause, Evidence: d.Evidence,
			Formula: "the reporter's share of what was taken",
			Inputs:  []types.ExplainedInput{input("taken", d.Amount), input("share", d.Share)},
		}))
	}
}

// add books an amount on an account.
func (b *book) add(account ledger.Account, x types.ExplainedAmount) {
	if account == "" {
		return
	}
	a, ok := b.accounts[string(account)]
	if !ok {
		a = &types.ExplainedAccount{Account: string(account)}
		b.accounts[string(account)] = a
	}
	switch x.What {
	case Earned:
		a.EarnedNatn += x.AmountNatn
	case Slashed:
		a.SlashedNatn += x.AmountNatn
	case Locked:
		a.LockedNatn += x.AmountNatn
	case Released:
		a.ReleasedNatn += x.AmountNatn
	}
	a.Amounts = append(a.Amounts, x)
}

// at places an amount where its event stands.
func at(e Event, x types.ExplainedAmount) types.ExplainedAmount {
	x.Kind, x.Height, x.Index, x.TimeMS = e.Kind, e.Height, e.Index, e.TimeMS
	return x
}

func input(name string, value any) types.ExplainedInput {
	if n, ok := value.(ledger.Natn); ok {
		value = uint64(n)
		name += "_natn"
	}
	return types.ExplainedInput{Name: name, Value: fmt.Sprint(value)}
}
