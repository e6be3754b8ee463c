package ledger

// ShardParams are the numbers of audits, availability and repair of stored models.
type ShardParams struct{}

func defaultShardParams() ShardParams { return ShardParams{} }

// devnet returns the numbers of a swarm on one machine.
func (p ShardParams) devnet() ShardParams { return p }

func (p ShardParams) validate() error { return nil }
