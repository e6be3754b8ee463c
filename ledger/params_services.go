package ledger

// ServiceParams are the numbers of what projects sell: inference and the sharing of its revenue.
type ServiceParams struct{}

func defaultServiceParams() ServiceParams { return ServiceParams{} }

// devnet returns the numbers of a swarm on one machine.
func (p ServiceParams) devnet() ServiceParams { return p }

func (p ServiceParams) validate() error { return nil }
