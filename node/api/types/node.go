package types

import "time"

// Status is everything a person asks of a node at a glance.
type Status struct {
	Version   string       `json:"version" doc:"Version of the binary"`
	Network   string       `json:"network" doc:"Network name"`
	Genesis   string       `json:"genesis_hash" doc:"SHA-256 of the genesis file, hex"`
	Name      string       `json:"name" doc:"Name the owner gave the node"`
	PeerID    string       `json:"peer_id" doc:"Peer ID, which is its account"`
	PID       int          `json:"pid" doc:"Process ID"`
	Home      string       `json:"home" doc:"Folder that holds its state"`
	StartedMS int64        `json:"started_ms" doc:"Start, Unix ms"`
	UptimeMS  int64        `json:"uptime_ms" doc:"Time since start, ms"`
	Roles     []string     `json:"roles" doc:"Roles it acts in"`
	Addrs     []string     `json:"addrs" doc:"Multiaddrs others can dial"`
	Peers     int          `json:"peers" doc:"Connected peers"`
	Ledger    LedgerStatus `json:"ledger" doc:"Where its ledger stands"`
	Lease     LeaseStatus  `json:"lease" doc:"Its right to work"`
	Jobs      []Job        `json:"jobs" doc:"Work it does at this moment"`
	Store     StoreStatus  `json:"store" doc:"Its block store"`
	Traffic   Traffic      `json:"traffic" doc:"Bytes since start"`
	RSSMiB    int64        `json:"rss_mib" doc:"Resident memory, MiB"`
	Light     *LightStatus `json:"light,omitempty" doc:"Of a light node: what it trusts"`
}

// LedgerStatus is where a node's ledger stands.
type LedgerStatus struct {
	Height      int64  `json:"height" doc:"Last committed height"`
	TimeMS      int64  `json:"time_ms" doc:"Header time of that block, Unix ms"`
	WorkMS      int64  `json:"work_ms" doc:"Work clock, ms"`
	Hash        string `json:"hash" doc:"Block hash, hex"`
	AppHash     string `json:"app_hash" doc:"Hash of the state after that block, hex"`
	Validators  int    `json:"validators" doc:"Size of the validator set"`
	IsValidator bool   `json:"is_validator" doc:"Whether this node is one"`
	Peers       int    `json:"peers" doc:"Consensus peers connected"`
	CatchingUp  bool   `json:"catching_up" doc:"Whether it is syncing"`
	SkewMS      int64  `json:"skew_ms" doc:"How far this node's clock is ahead of the validators', ms; 0 while not known"`
}

// LeaseStatus is a node's right to work.
type LeaseStatus struct {
	Live      bool          `json:"live" doc:"Whether work may go on"`
	LeftMS    int64         `json:"left_ms" doc:"Time until it lapses unless renewed, ms"`
	Reason    string        `json:"reason,omitempty" doc:"Why it is not live"`
	Heartbeat HeartbeatInfo `json:"heartbeat" doc:"The heartbeat it derives from"`
}

// HeartbeatInfo is the last governance heartbeat on the ledger.
type HeartbeatInfo struct {
	Count      uint64 `json:"count" doc:"Heartbeats so far"`
	Interval   uint64 `json:"interval" doc:"Interval number: Unix ms / pulse interval"`
	Height     int64  `json:"height" doc:"Block that carried it; 0 = none yet"`
	TimeMS     int64  `json:"time_ms" doc:"Header time of that block, Unix ms"`
	IntervalMS int64  `json:"interval_ms" doc:"Length of a pulse interval, ms"`
	LeaseMS    int64  `json:"lease_ms" doc:"Length of a lease, ms"`
	NextMS     int64  `json:"next_ms" doc:"Time until the next interval begins, ms"`
}

// Job is one piece of work in a node.
type Job struct {
	Kind  string `json:"kind" doc:"train, replay, evaluate, aggregate, pin, ..."`
	Task  string `json:"task,omitempty" doc:"Task it belongs to"`
	Phase string `json:"phase,omitempty" doc:"What it does within its kind"`
	Step  uint32 `json:"step" doc:"Steps done"`
	Steps uint32 `json:"steps" doc:"Steps in all; 0 = unknown"`
	State string `json:"state" doc:"running, waiting or failed"`
	Error string `json:"error,omitempty" doc:"Why it failed"`
}

// StoreStatus is the state of a block store.
type StoreStatus struct {
	Blocks     uint64 `json:"blocks" doc:"Blocks held"`
	UsedBytes  uint64 `json:"used_bytes" doc:"Bytes on disk"`
	LimitBytes uint64 `json:"limit_bytes" doc:"Quota, bytes; 0 = the disk's"`
	Pins       int    `json:"pins" doc:"Files pinned here"`
}

// Traffic counts a node's bytes since its start.
type Traffic struct {
	GossipSent     uint64 `json:"gossip_sent_bytes" doc:"Gossip sent, bytes"`
	GossipReceived uint64 `json:"gossip_received_bytes" doc:"Gossip received, bytes"`
	ShardSent      uint64 `json:"shard_sent_bytes" doc:"Shard blocks sent, bytes"`
	ShardReceived  uint64 `json:"shard_received_bytes" doc:"Shard blocks received, bytes"`
}

// Identity is who a node is.
type Identity struct {
	PeerID    string   `json:"peer_id" doc:"Peer ID"`
	Account   string   `json:"account" doc:"Ledger account; the peer ID unless a wallet key is configured"`
	PublicKey string   `json:"public_key" doc:"Ed25519 public key, hex"`
	ConsKey   string   `json:"cons_key" doc:"Ed25519 public key that signs blocks, base64"`
	Network   string   `json:"network" doc:"Network name"`
	Name      string   `json:"name" doc:"Name the owner gave the node"`
	Agent     string   `json:"agent" doc:"User agent it tells its peers"`
	Addrs     []string `json:"addrs" doc:"Multiaddrs with the peer ID"`
}

// Peer is one connected peer.
type Peer struct {
	PeerID      string   `json:"peer_id" doc:"Peer ID"`
	Addrs       []string `json:"addrs" doc:"Addresses of its connections"`
	Direction   string   `json:"direction" doc:"inbound or outbound"`
	Transport   string   `json:"transport" doc:"tcp or quic"`
	Agent       string   `json:"agent,omitempty" doc:"User agent"`
	LatencyMS   int64    `json:"latency_ms" doc:"Smoothed round trip, ms; 0 = not measured"`
	ConnectedMS int64    `json:"connected_ms" doc:"Age of the oldest connection, ms"`
	Topics      []string `json:"topics,omitempty" doc:"Gossip topics it is in"`
	Score       float64  `json:"score" doc:"Gossip score; negative is bad"`
}

// Peers is the answer to a request for peers.
type Peers struct {
	Peers []Peer `json:"peers" doc:"Connected peers, ordered by peer ID"`
}

// ConnectRequest asks a node to dial peers.
type ConnectRequest struct {
	Addrs  []string `json:"addrs,omitempty" maxItems:"64" doc:"Multiaddrs with /p2p/<peer id>"`
	Invite string   `json:"invite,omitempty" maxLength:"8192" doc:"An invite of the same network, in place of addresses"`
}

// ConnectResult says which dials succeeded.
type ConnectResult struct {
	Connected []string     `json:"connected" doc:"Peer IDs now connected"`
	Failed    []FailedDial `json:"failed" doc:"Addresses that did not answer"`
}

// FailedDial is an address that did not answer.
type FailedDial struct {
	Addr  string `json:"addr" doc:"Multiaddr"`
	Error string `json:"error" doc:"Why"`
}

// InviteRequest asks for an invite.
type InviteRequest struct {
	Addrs     []string `json:"addrs,omitempty" maxItems:"16" doc:"Multiaddrs to put in; empty = the node's own"`
	GrantNatn uint64   `json:"grant_natn,omitempty" doc:"Escrow this much for whoever joins with the invite, nano-ATN"`
	GrantMS   int64    `json:"grant_ms,omitempty" minimum:"0" doc:"Time until an unclaimed grant returns, ms; 0 = 30 days"`
}

// Invite lets another home enter the network.
type Invite struct {
	Invite  string   `json:"invite" doc:"The invite, one word of text"`
	Network string   `json:"network" doc:"Network name"`
	Genesis string   `json:"genesis_hash" doc:"SHA-256 of the genesis file, hex"`
	Addrs   []string `json:"addrs" doc:"Multiaddrs it carries"`
	// GrantNatn is what its one-use key opens.
	GrantNatn uint64 `json:"grant_natn,omitempty" doc:"ATN it carries, nano-ATN; whoever has the invite can take it"`
	EndsMS    int64  `json:"grant_ends_ms,omitempty" doc:"When an unclaimed grant returns, Unix ms"`
}

// Stopping is the answer to a request to stop: the node stops after it is sent.
type Stopping struct {
	PID int `json:"pid" doc:"Process that is stopping"`
}

// Endpoint is the content of a home's api.json: where its node answers and the word that opens.
type Endpoint struct {
	Addr    string    `json:"addr"`
	Token   string    `json:"token"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
}
