package types

// Ledger is the state of money and consensus as one node sees it.
type Ledger struct {
	Status    LedgerStatus  `json:"status" doc:"Where it stands"`
	Supply    Supply        `json:"supply" doc:"All money"`
	Heartbeat HeartbeatInfo `json:"heartbeat" doc:"Last governance heartbeat"`
	Accounts  int           `json:"accounts" doc:"Accounts with a balance or stake"`
	Set       []Validator   `json:"validators" doc:"Validator set, by power"`
}

// Supply adds up all ATN; Conserved says that the parts make the total.
type Supply struct {
	TotalNatn     uint64 `json:"total_natn" doc:"Supply allocated in genesis, less burns, nano-ATN"`
	BalancesNatn  uint64 `json:"balances_natn" doc:"Free balances, nano-ATN"`
	StakesNatn    uint64 `json:"stakes_natn" doc:"Bonded, nano-ATN"`
	UnbondingNatn uint64 `json:"unbonding_natn" doc:"Unbonding, nano-ATN"`
	EscrowsNatn   uint64 `json:"escrows_natn" doc:"Held by tasks and disputes, nano-ATN"`
	ProjectsNatn  uint64 `json:"projects_natn" doc:"Project budgets, nano-ATN"`
	GrantsNatn    uint64 `json:"grants_natn" doc:"Put aside for holders of invites, nano-ATN"`
	TrapsNatn     uint64 `json:"traps_natn" doc:"Jackpots and pay of sealed traps, nano-ATN"`
	SubsidiesNatn uint64 `json:"subsidies_natn" doc:"Pool of alignment subsidies, nano-ATN"`
	RevenuesNatn  uint64 `json:"revenues_natn" doc:"Token holders' revenue not drawn yet, nano-ATN"`
	OrdersNatn    uint64 `json:"orders_natn" doc:"Paid for inference not delivered yet, nano-ATN"`
	TreasuryNatn  uint64 `json:"treasury_natn" doc:"Treasury, nano-ATN"`
	Conserved     bool   `json:"conserved" doc:"Whether the parts make the total"`
}

// Validator is one member of the validator set.
type Validator struct {
	Account string `json:"account" doc:"Account"`
	Address string `json:"address" doc:"Consensus address, hex"`
	Power   int64  `json:"power" doc:"Voting power"`
}

// Block is one committed block.
type Block struct {
	Height   int64  `json:"height" doc:"Height"`
	TimeMS   int64  `json:"time_ms" doc:"Header time, Unix ms"`
	Hash     string `json:"hash" doc:"Block hash, hex"`
	AppHash  string `json:"app_hash" doc:"State hash in the header: that of the block before, hex"`
	Proposer string `json:"proposer" doc:"Consensus address, hex"`
	Txs      []Tx   `json:"txs" doc:"Transactions in order"`
}

// Tx is one transaction in a block.
type Tx struct {
	Hash   string `json:"hash" doc:"Hex"`
	Sender string `json:"sender" doc:"Account"`
	Kind   string `json:"kind" doc:"module/verb"`
	Code   string `json:"code" doc:"ok or why it was refused"`
	Text   string `json:"text,omitempty" doc:"The refusal in words"`
}

// Account is one account's money.
type Account struct {
	Account     string  `json:"account" doc:"Peer ID text"`
	Name        string  `json:"name,omitempty" doc:"Name, where known"`
	BalanceNatn uint64  `json:"balance_natn" doc:"Free ATN, nano-ATN"`
	LockedNatn  uint64  `json:"locked_natn" doc:"Stake locked by tasks and disputes, nano-ATN"`
	Stakes      []Stake `json:"stakes" doc:"By role"`
	Tokens      []Token `json:"tokens,omitempty" doc:"Project tokens"`
	Nonce       uint64  `json:"nonce" doc:"Next nonce"`
	Governor    bool    `json:"governor" doc:"Whether it is in the heartbeat register"`
}

// Stake is one role's stake.
type Stake struct {
	Role          string `json:"role" doc:"proposer, solver, coordinator, aggregator, validator or provider"`
	BondedNatn    uint64 `json:"bonded_natn" doc:"Bonded, nano-ATN"`
	LockedNatn    uint64 `json:"locked_natn" doc:"Locked by tasks, nano-ATN"`
	UnbondingNatn uint64 `json:"unbonding_natn" doc:"Unbonding, nano-ATN"`
	Active        bool   `json:"active" doc:"At or above the role's minimum"`
}

// Token is a holding of one project's token.
type Token struct {
	Denom  string `json:"denom" doc:"Denomination"`
	Amount uint64 `json:"amount" doc:"Units"`
}

// Accounts is the answer to a request for accounts.
type Accounts struct {
	Accounts []Account `json:"accounts" doc:"Ordered by account"`
}

// Reward is one credit or slash and its cause.
type Reward struct {
	Height  int64  `json:"height" doc:"Block"`
	TimeMS  int64  `json:"time_ms" doc:"Header time, Unix ms"`
	Task    string `json:"task" doc:"Task ID"`
	Account string `json:"account" doc:"Whose"`
	Role    string `json:"role" doc:"Role it was earned or lost in"`
	Earned  uint64 `json:"earned_natn" doc:"Credited, nano-ATN"`
	Slashed uint64 `json:"slashed_natn" doc:"Taken from stake, nano-ATN"`
	Cause   string `json:"cause" doc:"The event's kind"`
	Detail  string `json:"detail,omitempty" doc:"The cause in words"`
	// Evidence is what a slash rests on.
	Evidence string `json:"evidence,omitempty" doc:"What a slash rests on"`
}

// Rewards is the answer to a request for rewards.
type Rewards struct {
	Rewards []Reward `json:"rewards" doc:"In ledger order"`
}
