package report

// Report is what a run measured; its JSON is what `autonet up --json` prints.
type Report struct {
	Network   string    `json:"network"`
	Seconds   float64   `json:"seconds"`
	Nodes     []Node    `json:"nodes"`
	Rounds    []Round   `json:"rounds"`
	Model     Model     `json:"model"`
	Ledger    Ledger    `json:"ledger"`
	Rewards   []Reward  `json:"rewards"`
	Cheats    []Cheat   `json:"cheats"`
	Killed    []Killed  `json:"killed"`
	Inference Inference `json:"inference"`
}

// Node is one process of the swarm.
type Node struct {
	Name      string `json:"name"`
	Role      string `json:"role"`
	PeerID    string `json:"peer_id"`
	PID       int    `json:"pid"`
	Byzantine bool   `json:"byzantine"`
	// RSSMiB is the largest resident memory seen, in MiB.
	RSSMiB int64 `json:"rss_mib"`
}

// Round is one training round: one task of the ledger.
type Round struct {
	Round int `json:"round"`
	// Solutions were committed; Rejected counts those dropped, convicted or scored zero.
	Solutions int `json:"solutions"`
	Accepted  int `json:"accepted"`
	Rejected  int `json:"rejected"`
	// Traps are forced errors: sealed, caught by a vote, missed by every vote.
	TrapsSealed int `json:"traps_sealed"`
	TrapsCaught int `json:"traps_caught"`
	TrapsMissed int `json:"traps_missed"`
	// AccuracyBefore and AccuracyAfter are fractions of the held-out images, 0 to 1.
	AccuracyBefore float64 `json:"accuracy_before"`
	AccuracyAfter  float64 `json:"accuracy_after"`
	// ReplayChecked counts intervals that coordinators recomputed, ReplayMismatch those that differed.
	ReplayChecked  int `json:"replay_checked"`
	ReplayMismatch int `json:"replay_mismatch"`
	// GossipBytes and ShardBytes are what all nodes sent in this round.
	GossipBytes uint64  `json:"gossip_bytes"`
	ShardBytes  uint64  `json:"shard_bytes"`
	Seconds     float64 `json:"seconds"`
}

// Model is the model the last round made.
type Model struct {
	CID          string `json:"cid"`
	MerkleRoot   string `json:"merkle_root"`
	Parameters   uint64 `json:"parameters"`
	Bytes        uint64 `json:"bytes"`
	DataShards   int    `json:"data_shards"`
	ParityShards int    `json:"parity_shards"`
	Providers    int    `json:"providers"`
}

// Ledger is the ledger's state after the last round, asked of every node.
type Ledger struct {
	Height     int64  `json:"height"`
	Validators int    `json:"validators"`
	Heartbeats uint64 `json:"heartbeats"`
	SupplyNatn uint64 `json:"supply_natn"`
	// Conserved says that on every node the parts of the supply make the total.
	Conserved bool `json:"conserved"`
	// AppHashAgrees says that every node has the same state at the same height.
	AppHashAgrees bool `json:"app_hash_agrees"`
}

// Reward is one account's sum over the run.
type Reward struct {
	Account     string `json:"account"`
	Role        string `json:"role"`
	EarnedNatn  uint64 `json:"earned_natn"`
	SlashedNatn uint64 `json:"slashed_natn"`
}

// Cheat is one planned fraud and its end.
type Cheat struct {
	Account string `json:"account"`
	Kind    string `json:"kind"`
	Caught  bool   `json:"caught"`
	// How names the proof: the ledger's event and what it rests on.
	How string `json:"how"`
}

// Killed is one process that was killed and started again.
type Killed struct {
	Name string `json:"name"`
	Role string `json:"role"`
	// Recovered says that it reached the others' height and state again.
	Recovered bool `json:"recovered"`
}

// Inference is a sample of the final model's answers through the network.
type Inference struct {
	Requests int `json:"requests"`
	Correct  int `json:"correct"`
}
