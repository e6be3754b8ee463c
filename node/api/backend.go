package api

import (
	"context"
	"io"

	"autonet/node/api/types"
)

// The interfaces below are all the server asks of a node. Every method may be called by many goroutines at once,
// stops when its context ends, and returns lists that the caller may keep. An error that implements
//
//	interface{ APIError() types.Error }
//
// anywhere in its chain is told to the client as it says; any other becomes types.CodeFailed.

// NodeBackend is the node itself and its place among its peers.
type NodeBackend interface {
	// Status is cheap: it is asked many times a second by screens.
	Status(ctx context.Context) (types.Status, error)
	ID(ctx context.Context) (types.Identity, error)
	Peers(ctx context.Context) ([]types.Peer, error)
	Connect(ctx context.Context, req types.ConnectRequest) (types.ConnectResult, error)
	Invite(ctx context.Context, req types.InviteRequest) (types.Invite, error)
	// Stop asks the node to stop and returns at once; the node stops after the answer is sent.
	Stop(ctx context.Context) error
}

// ShardBackend stores and fetches files.
type ShardBackend interface {
	// Pin reads r to its end and stores it; size is -1 when unknown. An incomplete placement is not an error:
	// the answer says which columns did not land.
	Pin(ctx context.Context, r io.Reader, size int64, opts types.PinOptions) (types.Shard, error)
	// Get writes the file in order. Once it has written, an error means that the output is cut short.
	Get(ctx context.Context, cid string, w io.Writer) (types.GetStats, error)
	List(ctx context.Context) ([]types.Shard, error)
	Stat(ctx context.Context, cid string) (types.Shard, error)
	Unpin(ctx context.Context, cid string) (types.Unpinned, error)
}

// TaskBackend is work: projects, tasks and inference.
type TaskBackend interface {
	CreateProject(ctx context.Context, req types.CreateProjectRequest) (types.Project, error)
	Projects(ctx context.Context) ([]types.Project, error)
	ProposeTask(ctx context.Context, req types.ProposeTaskRequest) (types.Proposed, error)
	Tasks(ctx context.Context) ([]types.Task, error)
	Task(ctx context.Context, id string) (types.Task, error)
	Infer(ctx context.Context, req types.InferRequest) (types.InferResult, error)
}

// LedgerBackend reads the last committed state.
type LedgerBackend interface {
	Ledger(ctx context.Context) (types.Ledger, error)
	Block(ctx context.Context, height int64) (types.Block, error)
	Accounts(ctx context.Context) ([]types.Account, error)
	Account(ctx context.Context, account string) (types.Account, error)
	// Rewards lists credits and slashes in ledger order, of one task or, with an empty id, of all.
	Rewards(ctx context.Context, task string) ([]types.Reward, error)
}

// StateBackend sends any message of the ledger and reads any part of its state, by name.
type StateBackend interface {
	// Kinds lists the kinds of messages in ascending order.
	Kinds(ctx context.Context) ([]string, error)
	// Submit signs a message, sends it and waits for its block.
	Submit(ctx context.Context, req types.SubmitRequest) (types.Submitted, error)
	// State reads one part of the last committed state.
	State(ctx context.Context, what string, args []string) (types.State, error)
	// KeepDocument keeps a text under its CID and announces it.
	KeepDocument(ctx context.Context, req types.DocumentRequest) (types.Document, error)
	// Document returns a text by its CID, from this node or its peers.
	Document(ctx context.Context, cid string) (types.Document, error)
	// RotateKey makes a new key and has the ledger put it in force from the next epoch on.
	RotateKey(ctx context.Context, req types.RotateKeyRequest) (types.Submitted, error)
	WalletBackend
}

// WalletBackend keeps the keys of the node's home.
type WalletBackend interface {
	// Wallets lists them, the node's own first.
	Wallets(ctx context.Context) ([]types.Wallet, error)
	// NewWallet makes another.
	NewWallet(ctx context.Context, req types.NewWalletRequest) (types.Wallet, error)
}

// EventBackend is the node's event stream.
type EventBackend interface {
	// Subscribe delivers the events that match, those held with Seq > after first. The channel is closed when
	// ctx ends, when the node stops, or when the reader falls behind by more than the backend holds for it: it
	// never blocks the node. Package feed is a ready implementation.
	Subscribe(ctx context.Context, filter types.EventFilter, after uint64) (<-chan types.Event, error)
}

// Backend is everything the server needs; none may be nil, but on a light node, which has no Shards, Tasks and State.
type Backend struct {
	// Light says that the node follows headers alone: requests for what it does not have are refused with that reason.
	Light bool

	Node   NodeBackend
	Shards ShardBackend
	Tasks  TaskBackend
	Ledger LedgerBackend
	State  StateBackend
	Proofs ProofBackend
	Events EventBackend
}
