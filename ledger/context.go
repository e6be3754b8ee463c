package ledger

// Msg is one message of a transaction: a plain struct, deterministic CBOR on the wire.
type Msg interface {
	// Kind returns "module/verb".
	Kind() string
	// Validate makes the checks that need no state: bounds and forms. It returns an [*Error] with CodeInvalid.
	Validate() error
}

// EventData is a typed event: a plain struct with json tags in snake case, encoded as deterministic CBOR.
type EventData interface {
	// EventKind returns "module/what".
	EventKind() string
}

// Event is one event of a block as it is stored and read back.
type Event struct {
	Height int64  `json:"height"`
	Index  int    `json:"index"`
	TimeMS int64  `json:"time_ms"`
	Kind   string `json:"kind"`
	Data   []byte `json:"data"` // CBOR of the EventData
	TxHash Hash   `json:"tx_hash"`
}

// Context is what a rule knows besides the state: where and when it runs and on whose behalf. In the begin and the end
// of a block Sender is empty.
type Context struct {
	Network   string
	Height    int64
	TimeMS    int64 // the block header's time
	WorkMS    int64 // the work clock at this block
	Hash      Hash  // of this block; the draw of committees and aggregators
	LeaseLive bool
	Protocol  uint64 // the version of the rules in force
	Params    Params
	Sender    Account
	Nonce     uint64 // of the transaction
	TxHash    Hash

	events []EventData
	fault  error
}

// Fault records an error of the ledger itself, met where no error can be returned. The first one is kept; the block
// that has one is not applied and the node stops.
func (c *Context) Fault(err error) {
	if c.fault == nil {
		c.fault = err
	}
}

// Faulted returns the error recorded by Fault.
func (c *Context) Faulted() error { return c.fault }

// Emit records an event. It becomes part of the block if the message is accepted.
func (c *Context) Emit(data EventData) { c.events = append(c.events, data) }

// Emitted returns the events recorded so far, in order.
func (c *Context) Emitted() []EventData { return c.events }
