package forcederror

import "autonet/ledger"

// Set is one governor's seals for one task.
type Set struct {
	Task        string         `json:"task"`
	Governor    ledger.Account `json:"governor"`
	Height      int64          `json:"height"`
	Commitments []ledger.Hash  `json:"commitments"`
	Jackpot     ledger.Natn    `json:"jackpot"` // of each seal
	Pay         ledger.Natn    `json:"pay"`     // of each seal
	Held        ledger.Natn    `json:"held"`    // of the escrow, still
	Bond        ledger.Natn    `json:"bond"`    // of the governor's stake, locked until the opening
	Role        ledger.Role    `json:"role"`    // in which it is locked
	Opened      bool           `json:"opened"`
	Closed      bool           `json:"closed"` // nothing can happen to it any more
}

// Trap is a solution that was opened as a trap.
type Trap struct {
	Task     string         `json:"task"`
	Solver   ledger.Account `json:"solver"`
	Governor ledger.Account `json:"governor"`
	Doc      string         `json:"doc"`
	Counts   bool           `json:"counts"` // whether it pays and costs: if not, it is only out of the task
	Reason   string         `json:"reason,omitempty"`
	Restored ledger.Natn    `json:"restored,omitempty"` // of the bond a proof had taken before the opening

	// At the task's settlement.
	Settled bool             `json:"settled"`
	Proven  bool             `json:"proven"` // a panel found other bits
	Caught  []ledger.Account `json:"caught,omitempty"`
	Missed  []ledger.Account `json:"missed,omitempty"`
	Share   ledger.Natn      `json:"share,omitempty"` // of the jackpot, for each that caught it
	Pay     ledger.Natn      `json:"pay,omitempty"`
}

// Outcome is what became of an opened trap's votes.
type Outcome struct {
	Solver ledger.Account
	Proven bool             // a panel found other bits than the solver's
	Caught []ledger.Account // coordinators that reported it
	Missed []ledger.Account // coordinators that scored it as good
}

// Warden is what a governor may still trap.
type Warden struct {
	Credit uint64 `json:"credit"` // thousandths of a trap
	Sets   uint64 `json:"sets"`   // tasks it sealed
	Traps  uint64 `json:"traps"`  // that counted
	Failed uint64 `json:"failed"` // sets it left unopened
}

// Figures are a coordinator's encounters with traps, public for everybody. Those of the whole network are the sums.
type Figures struct {
	Caught uint64      `json:"caught"`
	Missed uint64      `json:"missed"`
	Won    ledger.Natn `json:"won"`  // of jackpots
	Lost   ledger.Natn `json:"lost"` // slashed for misses
}

// CatchPerMille is the share of encounters that were caught, per mille; 0 without any.
func (f Figures) CatchPerMille() uint64 {
	if f.Caught+f.Missed == 0 {
		return 0
	}
	return f.Caught * perMille / (f.Caught + f.Missed)
}

// Totals are the figures of the whole network.
type Totals struct {
	Figures
	Sets   uint64 `json:"sets"`   // sealed
	Traps  uint64 `json:"traps"`  // opened, that counted
	Proven uint64 `json:"proven"` // of them by a panel
}

const perMille = 1000
