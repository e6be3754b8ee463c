package ledger

// TrapParams are the numbers of forced errors.
type TrapParams struct{}

func defaultTrapParams() TrapParams { return TrapParams{} }

// devnet returns the numbers of a swarm on one machine.
func (p TrapParams) devnet() TrapParams { return p }

func (p TrapParams) validate() error { return nil }
