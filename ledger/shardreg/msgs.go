package shardreg

import "autonet/ledger"

// Strategies by which a model is laid out over providers.
const (
	LayerWise      = "LAYER_WISE"
	TensorParallel = "TENSOR_PARALLEL"
	Replica        = "REPLICA"
)

// Bounds of the register.
const (
	MaxCapacity = 1 << 55 // bytes
	MaxSize     = 1 << 50 // bytes
	MaxColumns  = 256     // data + parity; the field has 256 elements
)

// RegisterProvider declares the sender's capacity in bytes; again, it changes it.
type RegisterProvider struct {
	Capacity uint64 `cbor:"capacity" json:"capacity"`
}

// Kind implements ledger.Msg.
func (RegisterProvider) Kind() string { return "shardreg/register-provider" }

// Validate implements ledger.Msg.
func (m RegisterProvider) Validate() error {
	if m.Capacity == 0 || m.Capacity > MaxCapacity {
		return ledger.Refuse(ledger.CodeInvalid, "register-provider: a capacity of %d bytes; it must be between 1 and 2⁵⁵", m.Capacity)
	}
	return nil
}

// Register records a manifest. The same CID may be registered by others with another root or shape.
type Register struct {
	Manifest string      `cbor:"manifest" json:"manifest"` // CID
	Root     ledger.Hash `cbor:"root" json:"root"`         // Merkle root over the shard roots
	Size     uint64      `cbor:"size" json:"size"`         // bytes of the file
	Data     uint8       `cbor:"data" json:"data"`         // columns
	Parity   uint8       `cbor:"parity" json:"parity"`     // columns
	Strategy string      `cbor:"strategy" json:"strategy"`
}

// Kind implements ledger.Msg.
func (Register) Kind() string { return "shardreg/register" }

// Validate implements ledger.Msg.
func (m Register) Validate() error {
	if err := validManifest("register", m.Manifest); err != nil {
		return err
	}
	if err := validShape("register", m.Root, m.Size, m.Data, m.Parity); err != nil {
		return err
	}
	if m.Strategy != LayerWise && m.Strategy != TensorParallel && m.Strategy != Replica {
		return ledger.Refuse(ledger.CodeInvalid, "register: no strategy %q", ledger.Clip(m.Strategy))
	}
	return nil
}

// Unregister removes the sender's own registration of a manifest, if no provider holds columns of it.
type Unregister struct {
	Manifest string `cbor:"manifest" json:"manifest"` // CID
}

// Kind implements ledger.Msg.
func (Unregister) Kind() string { return "shardreg/unregister" }

// Validate implements ledger.Msg.
func (m Unregister) Validate() error { return validManifest("unregister", m.Manifest) }

// Announce states the columns of a manifest that the sender holds and verified, with the root and shape it verified them
// against; it replaces the sender's earlier announcement.
type Announce struct {
	Manifest string      `cbor:"manifest" json:"manifest"` // CID
	Root     ledger.Hash `cbor:"root" json:"root"`         // that the columns lead to
	Size     uint64      `cbor:"size" json:"size"`         // bytes of the file
	Data     uint8       `cbor:"data" json:"data"`         // columns
	Parity   uint8       `cbor:"parity" json:"parity"`     // columns
	Columns  []uint16    `cbor:"columns" json:"columns"`   // strictly ascending
}

// Kind implements ledger.Msg.
func (Announce) Kind() string { return "shardreg/announce" }

// Validate implements ledger.Msg.
func (m Announce) Validate() error {
	if err := validManifest("announce", m.Manifest); err != nil {
		return err
	}
	if len(m.Columns) == 0 || len(m.Columns) > MaxColumns {
		return ledger.Refuse(ledger.CodeInvalid, "announce: %d columns; there are between 1 and %d", len(m.Columns), MaxColumns)
	}
	if err := validShape("announce", m.Root, m.Size, m.Data, m.Parity); err != nil {
		return err
	}
	for i := 1; i < len(m.Columns); i++ {
		if m.Columns[i] <= m.Columns[i-1] {
			return ledger.Refuse(ledger.CodeInvalid, "announce: columns must ascend strictly")
		}
	}
	return nil
}

// Withdraw takes back the sender's announcement of a manifest.
type Withdraw struct {
	Manifest string `cbor:"manifest" json:"manifest"` // CID
}

// Kind implements ledger.Msg.
func (Withdraw) Kind() string { return "shardreg/withdraw" }

// Validate implements ledger.Msg.
func (m Withdraw) Validate() error { return validManifest("withdraw", m.Manifest) }

// Deregister ends the sender's service: it is no longer chosen, and what it announced is withdrawn.
type Deregister struct{}

// Kind implements ledger.Msg.
func (Deregister) Kind() string { return "shardreg/deregister" }

// Validate implements ledger.Msg.
func (Deregister) Validate() error { return nil }

// AnswerAudit shows the chunk that an audit asks for and its way to the registered root.
type AnswerAudit struct {
	Audit  string        `cbor:"audit" json:"audit"`
	Chunk  []byte        `cbor:"chunk" json:"chunk"`   // 1 to 1024 bytes
	Tree   []ledger.Hash `cbor:"tree" json:"tree"`     // siblings in the block's BLAKE3 tree, from the chunk up
	Block  []ledger.Hash `cbor:"block" json:"block"`   // from the block's digest to the column's root
	Column []ledger.Hash `cbor:"column" json:"column"` // from the column's root to the registered root
}

// Kind implements ledger.Msg.
func (AnswerAudit) Kind() string { return "shardreg/answer-audit" }

// Bounds of an answer.
const (
	maxTree   = 10 // 1024 chunks in a block of 1 MiB
	maxPath   = 30 // 2³⁰ blocks in a column
	maxColumn = 8  // 256 columns
)

// Validate implements ledger.Msg.
func (m AnswerAudit) Validate() error {
	switch {
	case !ledger.ValidID(m.Audit):
		return ledger.Refuse(ledger.CodeInvalid, "answer-audit: %q is not an audit's ID", ledger.Clip(m.Audit))
	case len(m.Chunk) == 0 || len(m.Chunk) > chunkSize:
		return ledger.Refuse(ledger.CodeInvalid, "answer-audit: a chunk of %d bytes; it has between 1 and %d", len(m.Chunk), chunkSize)
	case len(m.Tree) > maxTree || len(m.Block) > maxPath || len(m.Column) > maxColumn:
		return ledger.Refuse(ledger.CodeInvalid, "answer-audit: paths of %d, %d and %d hashes; at most %d, %d and %d",
			len(m.Tree), len(m.Block), len(m.Column), maxTree, maxPath, maxColumn)
	}
	return nil
}

func validManifest(what, manifest string) error {
	if err := ledger.CheckCID(manifest, ledger.CodecDagCBOR); err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "%s: %v", what, err)
	}
	return nil
}

func validShape(what string, root ledger.Hash, size uint64, data, parity uint8) error {
	switch {
	case root.IsZero():
		return ledger.Refuse(ledger.CodeInvalid, "%s: the Merkle root is zero", what)
	case size == 0 || size > MaxSize:
		return ledger.Refuse(ledger.CodeInvalid, "%s: a size of %d bytes; it must be between 1 and 2⁵⁰", what, size)
	case data == 0 || int(data)+int(parity) > MaxColumns:
		return ledger.Refuse(ledger.CodeInvalid, "%s: %d data and %d parity columns; at least one and at most %d together", what, data, parity, MaxColumns)
	}
	return nil
}
