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

// Register records a manifest.
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
	switch {
	case m.Root.IsZero():
		return ledger.Refuse(ledger.CodeInvalid, "register: the Merkle root is zero")
	case m.Size == 0 || m.Size > MaxSize:
		return ledger.Refuse(ledger.CodeInvalid, "register: a size of %d bytes; it must be between 1 and 2⁵⁰", m.Size)
	case m.Data == 0 || int(m.Data)+int(m.Parity) > MaxColumns:
		return ledger.Refuse(ledger.CodeInvalid, "register: %d data and %d parity columns; at least one and at most %d together", m.Data, m.Parity, MaxColumns)
	case m.Strategy != LayerWise && m.Strategy != TensorParallel && m.Strategy != Replica:
		return ledger.Refuse(ledger.CodeInvalid, "register: no strategy %q", ledger.Clip(m.Strategy))
	}
	return nil
}

// Announce states the columns of a manifest that the sender holds; it replaces the sender's earlier announcement, and an
// empty list withdraws it.
type Announce struct {
	Manifest string   `cbor:"manifest" json:"manifest"` // CID
	Columns  []uint16 `cbor:"columns" json:"columns"`   // strictly ascending
}

// Kind implements ledger.Msg.
func (Announce) Kind() string { return "shardreg/announce" }

// Validate implements ledger.Msg.
func (m Announce) Validate() error {
	if err := validManifest("announce", m.Manifest); err != nil {
		return err
	}
	if len(m.Columns) > MaxColumns {
		return ledger.Refuse(ledger.CodeInvalid, "announce: %d columns; there are at most %d", len(m.Columns), MaxColumns)
	}
	for i := 1; i < len(m.Columns); i++ {
		if m.Columns[i] <= m.Columns[i-1] {
			return ledger.Refuse(ledger.CodeInvalid, "announce: columns must ascend strictly")
		}
	}
	return nil
}

func validManifest(what, manifest string) error {
	if err := ledger.CheckCID(manifest, ledger.CodecDagCBOR); err != nil {
		return ledger.Refuse(ledger.CodeInvalid, "%s: %v", what, err)
	}
	return nil
}
