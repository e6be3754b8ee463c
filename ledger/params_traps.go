package ledger

import "fmt"

// TrapParams are the numbers of forced errors.
type TrapParams struct {
	// RatePerMille of the tasks it seals is what a governor traps by its private coin. It is published; the coin is not.
	RatePerMille uint64 `json:"rate_per_mille"`
	// LimitPerMille of the tasks it sealed is the most a governor can trap in the long run, beside its first and what it
	// saved up.
	LimitPerMille uint64 `json:"limit_per_mille"`
	Saved         uint64 `json:"saved"` // most traps a governor can have in store
	Seals         uint32 `json:"seals"` // of one governor for one task: always this many, dummies among them
	Sets          uint32 `json:"sets"`  // governors that can seal one task

	Jackpot   Natn `json:"jackpot"`    // shared by the coordinators that caught a trap
	MaxPay    Natn `json:"max_pay"`    // most that the treasury pays a trap's solver
	MissSlash Natn `json:"miss_slash"` // of a coordinator that scored a trap as good
	SealSlash Natn `json:"seal_slash"` // of a governor that leaves seals unopened, beside what the hidden solution could earn

	// What the solver of a trap must be, so that no trail gives it away.
	SolverAgeMS int64  `json:"solver_age_ms"` // ledger time since its first accepted solution
	SolverTasks uint64 `json:"solver_tasks"`  // accepted solutions
	SolverFunds Natn   `json:"solver_funds"`  // balance
}

func defaultTrapParams() TrapParams {
	return TrapParams{
		RatePerMille:  50,
		LimitPerMille: 100,
		Saved:         3,
		Seals:         2,
		Sets:          2,
		Jackpot:       50 * ATN,
		MaxPay:        50 * ATN,
		MissSlash:     25 * ATN,
		SealSlash:     25 * ATN,
		SolverAgeMS:   7 * day,
		SolverTasks:   10,
		SolverFunds:   10 * ATN,
	}
}

// devnet returns the numbers of a swarm on one machine.
func (p TrapParams) devnet() TrapParams {
	p.LimitPerMille = 500
	p.SolverAgeMS = second
	p.SolverTasks = 1
	return p
}

func (p TrapParams) validate() error {
	for _, b := range []struct {
		name          string
		n, least, top uint64
	}{
		{"rate_per_mille", p.RatePerMille, 0, 1000},
		{"limit_per_mille", p.LimitPerMille, p.RatePerMille, 1000},
		{"saved", p.Saved, 1, 1000},
		{"seals", uint64(p.Seals), 1, 8},
		{"sets", uint64(p.Sets), 1, 8},
		{"solver_tasks", p.SolverTasks, 0, 1_000_000},
		{"jackpot", uint64(p.Jackpot), 0, uint64(1_000_000 * ATN)},
		{"max_pay", uint64(p.MaxPay), 0, uint64(1_000_000 * ATN)},
		{"miss_slash", uint64(p.MissSlash), 0, uint64(1_000_000 * ATN)},
		{"seal_slash", uint64(p.SealSlash), 0, uint64(1_000_000 * ATN)},
		{"solver_funds", uint64(p.SolverFunds), 0, uint64(1_000_000 * ATN)},
	} {
		if b.n < b.least || b.n > b.top {
			return fmt.Errorf("%s is %d: it must be between %d and %d", b.name, b.n, b.least, b.top)
		}
	}
	return checkSpan("solver_age_ms", p.SolverAgeMS, 0, 365*day)
}
