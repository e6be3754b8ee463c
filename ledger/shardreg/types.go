package shardreg

import (
	"autonet/ledger"
)

// Reputation of a provider.
const (
	ReputationStart = 500
	ReputationMax   = 1000
)

// Provider is one account that stores shards. Its record outlives its leaving, so that nobody sheds a reputation by
// coming back.
type Provider struct {
	Account       ledger.Account `json:"account"`
	Capacity      uint64         `json:"capacity"`   // bytes
	Used          uint64         `json:"used"`       // bytes of announced columns
	Reputation    uint16         `json:"reputation"` // 0–1000
	Since         int64          `json:"since"`      // height
	Manifests     uint64         `json:"manifests"`  // of which it announced columns
	Left          bool           `json:"left,omitempty"`
	Quarantine    Finding        `json:"quarantine,omitempty"` // why it is not counted on; empty: it is
	QuarantinedMS int64          `json:"quarantined_ms,omitempty"`
	Audit         string         `json:"audit,omitempty"` // that it has to answer
	Passed        uint64         `json:"passed"`          // audits
	Failed        uint64         `json:"failed"`          // answered wrongly
	Missed        uint64         `json:"missed"`          // not answered in time
}

// Free is the capacity left, in bytes.
func (p Provider) Free() uint64 { return p.Capacity - min(p.Used, p.Capacity) }

// Finding is what an audit found. A slow disk and a lost one are different things.
type Finding string

// The findings against a provider.
const (
	FindingSilent  Finding = "silent"  // it did not answer in time
	FindingCorrupt Finding = "corrupt" // its answer does not lead to the registered root
)

// Manifest is one registration of a stored file. Several of one CID may differ in root and shape. Its blocks are hashed with BLAKE3.
type Manifest struct {
	CID       string         `json:"cid"`
	Root      ledger.Hash    `json:"root"`
	Size      uint64         `json:"size"`
	Data      uint8          `json:"data"`
	Parity    uint8          `json:"parity"`
	Strategy  string         `json:"strategy"`
	Publisher ledger.Account `json:"publisher"`
	Height    int64          `json:"height"`
	Whole     bool           `json:"whole,omitempty"` // every column was announced once: from then on it is kept in repair
	Place     uint64         `json:"place"`           // in the list that rounds go through
	Order     uint64         `json:"order"`           // among all registrations ever made: who comes first has the lower
}

// Holding is what one provider announced of one manifest.
type Holding struct {
	Manifest string         `json:"manifest"`
	Ref      string         `json:"ref"` // of the registration
	Provider ledger.Account `json:"provider"`
	Columns  []uint16       `json:"columns"` // ascending
}

// Audit asks a provider for one chunk that it announced.
type Audit struct {
	ID       string         `json:"id"`
	Provider ledger.Account `json:"provider"`
	Manifest string         `json:"manifest"`
	Ref      string         `json:"ref"` // of the registration
	Column   uint16         `json:"column"`
	Stripe   uint32         `json:"stripe"` // of the block in the column
	Chunk    uint32         `json:"chunk"`  // of 1024 bytes in the block
	Nonce    ledger.Hash    `json:"nonce"`  // that drew all of this
	Deadline int64          `json:"deadline_ms"`
	Height   int64          `json:"height"` // of the draw
}

// Repair is a call to restore missing columns of a manifest.
type Repair struct {
	Manifest string         `json:"manifest"`
	Root     ledger.Hash    `json:"root"`
	Live     int            `json:"live"`
	Missing  []uint16       `json:"missing"`
	Urgent   bool           `json:"urgent,omitempty"`
	Lost     bool           `json:"lost,omitempty"` // too few columns are live to restore any: nobody is called
	Repairer ledger.Account `json:"repairer,omitempty"`
	Call     uint32         `json:"call"` // counts from 1
	Deadline int64          `json:"deadline_ms"`
	Height   int64          `json:"height"`
}

// ProviderRegistered says that a provider declared its capacity.
type ProviderRegistered struct {
	Account  ledger.Account `json:"account"`
	Capacity uint64         `json:"capacity"`
	Used     uint64         `json:"used"`
}

// ProviderLeft says that a provider is no longer chosen; Remaining are the manifests it has still to withdraw.
type ProviderLeft struct {
	Account   ledger.Account `json:"account"`
	Remaining uint64         `json:"remaining"`
}

// Registered says that a manifest is known.
type Registered struct {
	Manifest  string         `json:"manifest"`
	Root      ledger.Hash    `json:"root"`
	Size      uint64         `json:"size"`
	Data      uint8          `json:"data"`
	Parity    uint8          `json:"parity"`
	Strategy  string         `json:"strategy"`
	Publisher ledger.Account `json:"publisher"`
}

// Unregistered says that a manifest that nobody held is no longer known.
type Unregistered struct {
	Manifest  string         `json:"manifest"`
	Root      ledger.Hash    `json:"root"`
	Publisher ledger.Account `json:"publisher"`
}

// Announced says which columns a provider holds now.
type Announced struct {
	Manifest string         `json:"manifest"`
	Root     ledger.Hash    `json:"root"`
	Provider ledger.Account `json:"provider"`
	Columns  []uint16       `json:"columns"`
	Used     uint64         `json:"used"`
}

// Withdrawn says that a provider holds nothing of a manifest any more.
type Withdrawn struct {
	Manifest string         `json:"manifest"`
	Root     ledger.Hash    `json:"root"`
	Provider ledger.Account `json:"provider"`
	Used     uint64         `json:"used"`
}

// AuditDrawn asks a provider for a chunk.
type AuditDrawn struct {
	Audit    string         `json:"audit"`
	Provider ledger.Account `json:"provider"`
	Manifest string         `json:"manifest"`
	Root     ledger.Hash    `json:"root"`
	Column   uint16         `json:"column"`
	Stripe   uint32         `json:"stripe"`
	Chunk    uint32         `json:"chunk"`
	Deadline int64          `json:"deadline_ms"`
}

// AuditClosed says how an audit ended and what it did to the provider's reputation.
type AuditClosed struct {
	Audit      string         `json:"audit"`
	Provider   ledger.Account `json:"provider"`
	Manifest   string         `json:"manifest"`
	Root       ledger.Hash    `json:"root"`
	Passed     bool           `json:"passed"`
	Finding    Finding        `json:"finding,omitempty"`
	Why        string         `json:"why,omitempty"`
	Before     uint16         `json:"before"`     // reputation
	Reputation uint16         `json:"reputation"` // after
}

// Quarantined warns a provider that its columns are not counted on until it passes an audit, and tells why.
type Quarantined struct {
	Provider ledger.Account `json:"provider"`
	Finding  Finding        `json:"finding"`
	Audit    string         `json:"audit"`
	Warning  string         `json:"warning"`
}

// Released says that a provider is counted on again.
type Released struct {
	Provider ledger.Account `json:"provider"`
	Audit    string         `json:"audit"`
}

// RepairNeeded calls one provider to restore columns.
type RepairNeeded struct {
	Manifest string         `json:"manifest"`
	Root     ledger.Hash    `json:"root"`
	Live     int            `json:"live"`
	Columns  int            `json:"columns"` // there should be
	Missing  []uint16       `json:"missing"`
	Urgent   bool           `json:"urgent,omitempty"`
	Repairer ledger.Account `json:"repairer,omitempty"` // empty: no provider has room
	Call     uint32         `json:"call"`
	Deadline int64          `json:"deadline_ms"`
}

// RepairClosed says that a manifest needs no repair any more.
type RepairClosed struct {
	Manifest string      `json:"manifest"`
	Root     ledger.Hash `json:"root"`
	Live     int         `json:"live"`
}

// Lost says that too few columns of a manifest are live to read it.
type Lost struct {
	Manifest string      `json:"manifest"`
	Root     ledger.Hash `json:"root"`
	Live     int         `json:"live"`
	Needed   int         `json:"needed"`
}

// EventKind implements ledger.EventData.
func (ProviderRegistered) EventKind() string { return "shardreg/provider-registered" }

// EventKind implements ledger.EventData.
func (ProviderLeft) EventKind() string { return "shardreg/provider-left" }

// EventKind implements ledger.EventData.
func (Registered) EventKind() string { return "shardreg/registered" }

// EventKind implements ledger.EventData.
func (Unregistered) EventKind() string { return "shardreg/unregistered" }

// EventKind implements ledger.EventData.
func (Announced) EventKind() string { return "shardreg/announced" }

// EventKind implements ledger.EventData.
func (Withdrawn) EventKind() string { return "shardreg/withdrawn" }

// EventKind implements ledger.EventData.
func (AuditDrawn) EventKind() string { return "shardreg/audit-drawn" }

// EventKind implements ledger.EventData.
func (AuditClosed) EventKind() string { return "shardreg/audit-closed" }

// EventKind implements ledger.EventData.
func (Quarantined) EventKind() string { return "shardreg/quarantined" }

// EventKind implements ledger.EventData.
func (Released) EventKind() string { return "shardreg/released" }

// EventKind implements ledger.EventData.
func (RepairNeeded) EventKind() string { return "shardreg/repair-needed" }

// EventKind implements ledger.EventData.
func (RepairClosed) EventKind() string { return "shardreg/repair-closed" }

// EventKind implements ledger.EventData.
func (Lost) EventKind() string { return "shardreg/lost" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{
		ProviderRegistered{},
		ProviderLeft{},
		Registered{},
		Unregistered{},
		Announced{},
		Withdrawn{},
		AuditDrawn{},
		AuditClosed{},
		Quarantined{},
		Released{},
		RepairNeeded{},
		RepairClosed{},
		Lost{},
	}
}
