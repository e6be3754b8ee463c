package ledger

// Role is what an account stakes for. One account may hold several, each with its own stake.
type Role string

// The roles.
const (
	RoleProposer    Role = "proposer"
	RoleSolver      Role = "solver"
	RoleCoordinator Role = "coordinator"
	RoleAggregator  Role = "aggregator"
	RoleValidator   Role = "validator"
	RoleProvider    Role = "provider"
)

// Roles lists every role in the order in which records are kept and reports are written.
func Roles() []Role {
	return []Role{RoleProposer, RoleSolver, RoleCoordinator, RoleAggregator, RoleValidator, RoleProvider}
}

// Valid reports whether the role exists.
func (r Role) Valid() bool {
	switch r {
	case RoleProposer, RoleSolver, RoleCoordinator, RoleAggregator, RoleValidator, RoleProvider:
		return true
	default:
		return false
	}
}

// Role returns the staking rules of a role; those of an unknown role are zero.
func (p Params) Role(r Role) RoleParams {
	switch r {
	case RoleProposer:
		return p.Proposer
	case RoleSolver:
		return p.Solver
	case RoleCoordinator:
		return p.Coordinator
	case RoleAggregator:
		return p.Aggregator
	case RoleValidator:
		return p.Validator
	case RoleProvider:
		return p.Provider
	default:
		return RoleParams{}
	}
}
