package roles

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"

	"autonet/consensus/lease"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/node/journal"
	"autonet/shards/audit"
	"autonet/work/engine"
)

// Ledger is the chain as a role uses it. It is safe for concurrent use.
type Ledger interface {
	Account() ledger.Account
	Network() string
	// View reads the last committed state; the view must not leave fn.
	View(fn func(app.View) error) error
	// Send signs m, submits it and waits until a block holds it. A refusal is a *ledger.Error.
	Send(ctx context.Context, m ledger.Msg) (Receipt, error)
	// SendBuilt is Send for a message that depends on its own nonce. build may be called again with another nonce.
	SendBuilt(ctx context.Context, build func(nonce uint64) (ledger.Msg, error)) (Receipt, error)
}

// Receipt says where a message landed.
type Receipt struct {
	Height int64
	Hash   ledger.Hash
	Nonce  uint64
}

// Pinned is a file that all its columns' holders confirmed.
type Pinned struct {
	CID          string
	Root         ledger.Hash
	Size         uint64
	Data, Parity uint8
	Providers    int
}

// Files stores and fetches files as shards. It is safe for concurrent use.
type Files interface {
	// Pin stores data and returns once every column is confirmed landed.
	Pin(ctx context.Context, data []byte) (Pinned, error)
	// Fetch returns the whole file, verified; it fails above limit bytes.
	Fetch(ctx context.Context, cid string, limit int64) ([]byte, error)
	// Held says what this node holds of a file for others; no columns when it holds nothing.
	Held(ctx context.Context, cid string) (Held, error)
	// Prove shows a chunk of a column held here and its way to the file's root.
	Prove(ctx context.Context, cid string, at audit.Place) (audit.Proof, error)
}

// Held is what a node holds of a file, as its manifest describes the file. Auditable says that the ledger can audit it.
type Held struct {
	Columns      []uint16 // ascending
	Root         ledger.Hash
	Size         uint64
	Data, Parity uint8
	Auditable    bool
}

// Progress is what a job tells while it runs.
type Progress struct {
	Kind, Task, Phase string
	Step, Steps       uint32
	Loss              float32
	Done              bool
	Err               error
}

// Deps is what every role is made of. All fields but Cheat are required.
type Deps struct {
	Ledger  Ledger
	Files   Files
	Engine  *engine.Engine
	Lease   *lease.Keeper
	Journal *journal.Journal
	Salts   Salts
	Stuff   *Materials
	Report  func(Progress)
	// Announce tells solvers of a task before the ledger has it.
	Announce func(ctx context.Context, task, specCID string, spec []byte) error
	Log      *slog.Logger
	// Slot is the slot a solver asks for first; negative lets the task decide.
	Slot int
	// Cheat names a way to break the protocol; only test swarms set it.
	Cheat string
}

// Salts makes 32-byte salts: random, or for a test swarm a function of its seed, so that a run can be repeated.
type Salts struct{ seed string }

// NewSalts returns random salts for an empty seed.
func NewSalts(seed string) Salts { return Salts{seed: seed} }

// For returns the salt for one purpose in one task. Random salts differ at every call: journal before use.
func (s Salts) For(purpose, task string) (salt [32]byte) {
	if s.seed == "" {
		rand.Read(salt[:]) // never fails: the runtime ends the process first
		return salt
	}
	h := sha256.New()
	for _, part := range []string{"autonet/devnet-salt/v1", s.seed, purpose, task} {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return [32]byte(h.Sum(nil))
}
