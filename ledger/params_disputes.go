package ledger

// DisputeParams are the numbers of challenges, their judges and appeals.
type DisputeParams struct{}

func defaultDisputeParams() DisputeParams { return DisputeParams{} }

// devnet returns the numbers of a swarm on one machine.
func (p DisputeParams) devnet() DisputeParams { return p }

func (p DisputeParams) validate() error { return nil }
