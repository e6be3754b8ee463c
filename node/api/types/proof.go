package types

import "encoding/json"

// Proof is a record of the ledger with its proof.
type Proof struct {
	Proven   Proven `json:"proven" doc:"What the document proves, given its header"`
	Document []byte `json:"document" doc:"The proof, to be checked with: autonet ledger verify; base64"`
}

// Proven is what a proof says.
type Proven struct {
	What       []string        `json:"what" doc:"The record in words"`
	Network    string          `json:"network" doc:"Network"`
	Height     int64           `json:"height" doc:"The state is the one after this block"`
	Header     int64           `json:"header_height" doc:"Height of the header that commits to the state"`
	HeaderHash string          `json:"header_hash" doc:"Hash of that header, hex"`
	TimeMS     int64           `json:"time_ms" doc:"Its time, Unix ms"`
	Key        string          `json:"key" doc:"Where the record lies in the state, hex"`
	Found      bool            `json:"found" doc:"Whether there is such a record; its absence is proven too"`
	Record     json.RawMessage `json:"record,omitempty" doc:"The record's fields"`
	Event      *LedgerEvent    `json:"event,omitempty" doc:"The event, when one is proven"`
}

// Header is a header to be trusted by a verifier, with the validators behind it.
type Header struct {
	Network    string `json:"network" doc:"Network"`
	Height     int64  `json:"height" doc:"Height"`
	TimeMS     int64  `json:"time_ms" doc:"Its time, Unix ms"`
	Hash       string `json:"hash" doc:"Its hash, hex"`
	AppHash    string `json:"app_hash" doc:"Root of the state before its block, hex"`
	Validators int    `json:"validators" doc:"Size of the validator set"`
	Document   []byte `json:"document" doc:"The header with its signatures and validators; base64"`
}

// TxResult is what became of a transaction.
type TxResult struct {
	Hash    string        `json:"hash" doc:"Hex"`
	Height  int64         `json:"height" doc:"Block"`
	Index   int           `json:"index" doc:"In the block"`
	TimeMS  int64         `json:"time_ms" doc:"Header time, Unix ms"`
	Sender  string        `json:"sender" doc:"Account"`
	Kind    string        `json:"kind" doc:"module/verb"`
	Nonce   uint64        `json:"nonce" doc:"The sender's"`
	FeeNatn uint64        `json:"fee_natn" doc:"Charged, nano-ATN"`
	Code    string        `json:"code" doc:"ok or why it was refused"`
	Text    string        `json:"text,omitempty" doc:"The refusal in words"`
	Events  []LedgerEvent `json:"events" doc:"What the ledger noted about it"`
}

// EventQuery says which events of the ledger are wanted: those for which everything given holds.
type EventQuery struct {
	Account, Task, Project, Kind string
	From, To                     int64 // heights; 0: no bound
	Limit                        int   // 0: as many as one answer holds
	Cursor                       string
}

// LedgerEvents is a page of events.
type LedgerEvents struct {
	Events []LedgerEvent `json:"events" doc:"In ledger order"`
	Cursor string        `json:"cursor" doc:"Where to go on"`
	Done   bool          `json:"done" doc:"Whether there are no further ones up to now"`
}
