package ledger

// GovernanceParams are the numbers of the DAO, the constitution and protocol versions.
type GovernanceParams struct{}

func defaultGovernanceParams() GovernanceParams { return GovernanceParams{} }

// devnet returns the numbers of a swarm on one machine.
func (p GovernanceParams) devnet() GovernanceParams { return p }

func (p GovernanceParams) validate() error { return nil }
