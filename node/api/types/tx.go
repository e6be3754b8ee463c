package types

import "encoding/json"

// SubmitRequest is a message for the ledger, signed by the node with the account's key.
type SubmitRequest struct {
	Kind string          `json:"kind" minLength:"3" maxLength:"64" pattern:"^[a-z]+/[a-z-]+$" doc:"module/verb, e.g. bank/send"`
	Msg  json.RawMessage `json:"msg,omitempty" doc:"The message's fields; empty = none"`
	From string          `json:"from,omitempty" maxLength:"64" doc:"Wallet that signs; empty = the node's own key"`
}

// Submitted says which block took a message and what it brought about.
type Submitted struct {
	Kind    string        `json:"kind" doc:"module/verb"`
	Sender  string        `json:"sender" doc:"Account"`
	Hash    string        `json:"hash" doc:"Transaction, hex"`
	Height  int64         `json:"height" doc:"Block"`
	Nonce   uint64        `json:"nonce" doc:"The transaction's"`
	FeeNatn uint64        `json:"fee_natn" doc:"Charged, nano-ATN"`
	Events  []LedgerEvent `json:"events" doc:"What the ledger noted about it"`
}

// LedgerEvent is one typed event of the ledger.
type LedgerEvent struct {
	Height int64           `json:"height" doc:"Block"`
	Index  int             `json:"index" doc:"In the block"`
	TimeMS int64           `json:"time_ms" doc:"Header time, Unix ms"`
	Kind   string          `json:"kind" doc:"module/what"`
	Data   json.RawMessage `json:"data" doc:"Its fields"`
	TxHash string          `json:"tx_hash,omitempty" doc:"Transaction it came from, hex; empty for what a block does by itself"`
}

// Kinds is the answer to a request for the kinds of messages.
type Kinds struct {
	Kinds []string `json:"kinds" doc:"Ascending"`
}

// State is a part of the ledger's state, as its module keeps it.
type State struct {
	What   string          `json:"what" doc:"What was asked for"`
	Height int64           `json:"height" doc:"Block whose state it is"`
	Value  json.RawMessage `json:"value" doc:"As the module keeps it"`
}

// DocumentRequest is a text to keep where everybody can fetch it.
type DocumentRequest struct {
	Text string `json:"text" minLength:"1" maxLength:"262144" doc:"UTF-8"`
}

// Document is a text that the ledger names by its CID.
type Document struct {
	CID  string `json:"cid" doc:"Raw CIDv1"`
	Text string `json:"text" doc:"The text"`
}

// RotateKeyRequest replaces a key of the node's account from the next epoch on.
type RotateKeyRequest struct {
	Consensus bool `json:"consensus,omitempty" doc:"The key that signs blocks; else the one that signs messages"`
}

// Wallet is a key in the node's home.
type Wallet struct {
	Name    string `json:"name" doc:"Name; node = the node's own key"`
	Account string `json:"account" doc:"Peer ID text"`
}

// Wallets is the answer to a request for the home's keys.
type Wallets struct {
	Wallets []Wallet `json:"wallets" doc:"The node's own first, the others by name"`
}

// NewWalletRequest makes a key in the node's home.
type NewWalletRequest struct {
	Name string `json:"name" minLength:"1" maxLength:"32" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"Name of the new key"`
}
