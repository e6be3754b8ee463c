package heartbeat

import "autonet/ledger"

// Register makes the sender a governor. It needs the genesis power.
type Register struct{}

// Kind implements ledger.Msg.
func (Register) Kind() string { return "heartbeat/register" }

// Validate implements ledger.Msg.
func (Register) Validate() error { return nil }

// Leave takes the sender off the register of governors.
type Leave struct{}

// Kind implements ledger.Msg.
func (Leave) Kind() string { return "heartbeat/leave" }

// Validate implements ledger.Msg.
func (Leave) Validate() error { return nil }

// Pulse is a governor's sign of life in one interval. It costs neither fee nor nonce.
type Pulse struct {
	Interval    uint64      `cbor:"interval" json:"interval"` // unix milliseconds / Params.PulseIntervalMS
	BlockHeight int64       `cbor:"block_height" json:"block_height"`
	BlockHash   ledger.Hash `cbor:"block_hash" json:"block_hash"` // of a block in the state's ring
}

// Kind implements ledger.Msg.
func (Pulse) Kind() string { return "heartbeat/pulse" }

// Validate implements ledger.Msg.
func (m Pulse) Validate() error {
	if m.BlockHeight <= 0 || m.BlockHash.IsZero() {
		return ledger.Refuse(ledger.CodeInvalid, "pulse: it must name a block")
	}
	return nil
}
