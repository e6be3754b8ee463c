package types

// PinOptions say how a file is stored.
type PinOptions struct {
	Name   string `json:"name,omitempty" doc:"Name to show in lists"`
	Data   uint8  `json:"data,omitempty" doc:"Data columns k; 0 = the network's default"`
	Parity uint8  `json:"parity,omitempty" doc:"Parity columns m; 0 = the network's default"`
	Hash   string `json:"hash,omitempty" doc:"blake3 or sha256; empty = blake3"`
	Hold   bool   `json:"hold,omitempty" doc:"Keep every column on this node too"`
}

// Shard is a stored file: one manifest and its columns.
type Shard struct {
	CID       string   `json:"cid" doc:"CID of the manifest"`
	Name      string   `json:"name,omitempty" doc:"Name given when it was pinned"`
	Root      string   `json:"merkle_root" doc:"Merkle root over the columns, hex"`
	Size      int64    `json:"size_bytes" doc:"Length of the file, bytes"`
	Data      int      `json:"data_shards" doc:"Data columns k"`
	Parity    int      `json:"parity_shards" doc:"Parity columns m"`
	BlockSize int      `json:"block_size_bytes" doc:"Block length, bytes"`
	Stripes   int      `json:"stripes" doc:"Stripes"`
	Columns   []Column `json:"columns" doc:"Who holds what"`
	Providers int      `json:"providers" doc:"Distinct nodes that confirmed a column"`
	MayFail   int      `json:"may_fail" doc:"Providers that may be lost with the file still whole"`
	Complete  bool     `json:"complete" doc:"Whether every column landed"`
	Pinned    bool     `json:"pinned" doc:"Whether this node pinned it"`
}

// Column is one erasure-coded column and its holder.
type Column struct {
	Index     int    `json:"index" doc:"0 to k+m-1; below k it is data"`
	Holder    string `json:"holder,omitempty" doc:"Peer ID; empty = nobody"`
	Confirmed bool   `json:"confirmed" doc:"Whether the holder confirmed it on its disk"`
	Error     string `json:"error,omitempty" doc:"Why it did not land"`
}

// Shards is the answer to a request for a node's pins.
type Shards struct {
	Shards []Shard `json:"shards" doc:"Pinned and held files, ordered by CID"`
}

// GetStats say how a file was fetched. They follow the data.
type GetStats struct {
	Bytes   int64    `json:"bytes" doc:"Bytes delivered"`
	Holders int      `json:"holders" doc:"Nodes blocks came from"`
	Rebuilt int      `json:"rebuilt" doc:"Blocks rebuilt from parity"`
	Corrupt []string `json:"corrupt,omitempty" doc:"Peers that sent wrong blocks"`
}

// Unpinned says what an unpin freed.
type Unpinned struct {
	CID        string `json:"cid" doc:"CID of the manifest"`
	FreedBytes uint64 `json:"freed_bytes" doc:"Bytes freed on this node"`
}
