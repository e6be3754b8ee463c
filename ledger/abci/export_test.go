package abci

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	comet "github.com/cometbft/cometbft/abci/types"

	"autonet/internal/atomicfile"
	"autonet/ledger"
	"autonet/ledger/app"
)

// TestKind is the one message that [TestRules] know.
const TestKind = "test/put"

// Put writes a value. Some keys make the rules misbehave: see run.
type Put struct {
	Key   string `cbor:"key"`
	Value []byte `cbor:"value"`
}

// Kind implements ledger.Msg.
func (Put) Kind() string { return TestKind }

// Validate implements ledger.Msg.
func (Put) Validate() error { return nil }

// Keys with a meaning.
const (
	KeyRefuse    = "!refuse"    // the transaction is refused in its block
	KeyBreach    = "!breach"    // the block ends unsound
	KeyPanic     = "!panic"     // the rules panic
	KeyValidator = "!validator" // value: a consensus key and one byte of power
)

// TestRules are a state machine small enough to reason about: a nonce per sender and the values that were put. An event
// per transaction carries its nonce.
type TestRules struct{}

type testGenesis struct {
	Validators []testValidator `json:"validators"`
}

type testValidator struct {
	Key   []byte `json:"key"`
	Power int64  `json:"power"`
}

func (TestRules) genesis(kv ledger.KV, raw []byte, timeMS int64) ([]validatorUpdate, error) {
	var g testGenesis
	if err := json.Unmarshal(raw, &g); err != nil {
		return nil, err
	}
	kv.Set([]byte("genesis"), binary.BigEndian.AppendUint64(nil, uint64(timeMS)))
	var updates []validatorUpdate
	for _, v := range g.Validators {
		updates = append(updates, validatorUpdate{key: v.Key, power: v.Power})
	}
	return updates, nil
}

func (TestRules) check(kv ledger.KV, at block, raw []byte, trusted bool) error {
	_, err := admit(kv, at, raw, trusted)
	return err
}

func admit(kv ledger.KV, at block, raw []byte, trusted bool) (ledger.Body, error) {
	tx, body, err := ledger.DecodeTx(raw)
	if err != nil {
		return body, err
	}
	if !trusted {
		if err := ledger.VerifyTx(tx, body, at.network); err != nil {
			return body, err
		}
	}
	key := ledger.Key("nonce", string(tx.Sender()))
	if want := number(kv.Get(key)); body.Nonce != want {
		return body, ledger.Refuse(ledger.CodeNonce, "nonce %d instead of %d", body.Nonce, want)
	}
	kv.Set(key, binary.BigEndian.AppendUint64(nil, body.Nonce+1))
	return body, nil
}

func number(raw []byte) uint64 {
	if len(raw) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(raw)
}

func (TestRules) run(kv ledger.KV, at block, txs [][]byte) (out outcome, err error) {
	for _, f := range at.faults {
		if f.kind == app.LightClientAttack {
			kv.Set([]byte("attacks"), binary.BigEndian.AppendUint64(nil, Attacks(kv)+1))
		}
		kv.Set([]byte("faults"), binary.BigEndian.AppendUint64(nil, Faults(kv)+1))
	}
	for _, raw := range txs {
		result := TxResult{Kind: TestKind}
		body, err := admit(kv, at, raw, false)
		var put Put
		if err == nil {
			err = ledger.Unmarshal(body.Msg, &put)
		}
		if err == nil && put.Key == KeyRefuse {
			err = ledger.Refuse(ledger.CodeRefused, "as asked")
		}
		if err != nil {
			result.Code, result.Text = ledger.CodeOf(err), err.Error()
			out.results = append(out.results, result)
			continue
		}
		switch put.Key {
		case KeyBreach:
			return out, ErrTestBreach
		case KeyPanic:
			panic("as asked")
		case KeyValidator:
			out.updates = append(out.updates, validatorUpdate{key: put.Value[:32], power: int64(put.Value[32])})
		}
		kv.Set(ledger.Key("value", put.Key), put.Value)
		out.results = append(out.results, result)
		out.events = append(out.events, ledger.Event{
			Kind: TestKind, Data: binary.BigEndian.AppendUint64(nil, body.Nonce), TxHash: ledger.TxHash(raw),
		})
	}
	return out, nil
}

// ErrTestBreach is the unsound state of [KeyBreach].
var ErrTestBreach = errors.New("the books do not balance")

// NewTestEngine makes an engine for [TestRules].
func NewTestEngine(cfg Config) (*Engine, error) {
	return newEngine(cfg, TestRules{}, func(path string) (genesis, error) {
		raw, err := loadGenesis(path)
		if err != nil {
			return genesis{}, err
		}
		doc, err := decodeGenesis(raw)
		if err != nil {
			return genesis{}, err
		}
		return genesis{doc: doc, hash: ledger.TxHash(doc.AppState), emptyBlocks: time.Second}, nil
	})
}

// WriteTestGenesis writes a genesis for [TestRules] in which every key has the same power.
func WriteTestGenesis(path, network string, at time.Time, keys ...[]byte) error {
	var g testGenesis
	var updates []validatorUpdate
	for _, key := range keys {
		g.Validators = append(g.Validators, testValidator{Key: key, Power: 10})
		updates = append(updates, validatorUpdate{key: key, power: 10})
	}
	state, err := json.Marshal(g)
	if err != nil {
		return err
	}
	raw, err := encodeDoc(newGenesisDoc(network, state, at, updates))
	if err != nil {
		return err
	}
	return atomicfile.Write(path, raw, genesisFileMode)
}

// Read calls fn with the last committed state of a test engine.
func (e *Engine) Read(fn func(ledger.KV) error) error { return e.read(fn) }

// Nonce is an account's next nonce under [TestRules].
func Nonce(kv ledger.KV, account ledger.Account) uint64 {
	return number(kv.Get(ledger.Key("nonce", string(account))))
}

// Faults is the number of faults of validators that were reported under [TestRules].
func Faults(kv ledger.KV) uint64 { return number(kv.Get([]byte("faults"))) }

// Bench is a chain without consensus: the test plays CometBFT.
type Bench struct {
	dir    string
	stores *stores
	chain  *chain
	Fault  error
}

// OpenBench opens the stores in a folder as a starting node does.
func OpenBench(dir, network string) (*Bench, error) {
	b := &Bench{dir: dir}
	var err error
	b.stores = &stores{comet: map[string]*lastingDB{}}
	if b.stores.state, err = openState(filepath.Join(dir, "app")); err != nil {
		return nil, err
	}
	if b.stores.log, err = openEvents(filepath.Join(dir, "events")); err != nil {
		return nil, err
	}
	b.chain = newChain(TestRules{}, network, b.stores.state, b.stores.log, 100, func(err error) error {
		b.Fault = err
		return err
	})
	if version := b.stores.state.version(); version > 0 {
		err = b.chain.resume(block{network: network, height: version})
	}
	return b, err
}

// Close closes the stores as a crash would find them.
func (b *Bench) Close() error { return b.stores.close() }

// Init plays InitChain.
func (b *Bench) Init(at time.Time) error {
	_, err := b.chain.InitChain(nil, &comet.RequestInitChain{Time: at, AppStateBytes: []byte(`{}`)}) //nolint:staticcheck // unused
	return err
}

// Height is what the handshake would be told.
func (b *Bench) Height() int64 { return b.stores.state.version() }

// Execute plays FinalizeBlock and returns the application hash.
func (b *Bench) Execute(height int64, at time.Time, txs ...[]byte) (ledger.Hash, error) {
	res, err := b.chain.FinalizeBlock(nil, &comet.RequestFinalizeBlock{ //nolint:staticcheck // unused
		Height: height, Time: at, Txs: txs, Hash: []byte(fmt.Sprintf("block %d", height)),
	})
	if err != nil {
		return ledger.Hash{}, err
	}
	return toHash(res.AppHash), nil
}

// WriteEvents writes the executed block's events as the first half of Commit does.
func (b *Bench) WriteEvents() error {
	return b.chain.log.write(b.chain.staged.at.height, b.chain.staged.events, b.chain.staged.results)
}

// Commit plays Commit.
func (b *Bench) Commit() error {
	_, err := b.chain.Commit(nil, nil) //nolint:staticcheck // unused
	return err
}

// Check plays CheckTx.
func (b *Bench) Check(raw []byte) ledger.Code {
	res, err := b.chain.CheckTx(nil, &comet.RequestCheckTx{Tx: raw}) //nolint:staticcheck // unused
	if err != nil {
		return ledger.CodeInternal
	}
	return ledger.Code(res.Code)
}

// Events reads the log from a cursor.
func (b *Bench) Events(from Cursor, most int) ([]ledger.Event, Cursor, error) {
	now, _ := b.chain.snapshot()
	return b.chain.log.read(from, now.height, most)
}

// Versions are the heights whose state can be read.
func (b *Bench) Versions() []int { return b.stores.state.tree.AvailableVersions() }

// dissenter finds fault with every block that holds a transaction.
type dissenter struct{ TestRules }

func (d dissenter) run(kv ledger.KV, at block, txs [][]byte) (outcome, error) {
	if len(txs) > 0 {
		return outcome{}, ErrTestBreach
	}
	return d.TestRules.run(kv, at, txs)
}

// NewDissentingEngine makes a test engine that, if asked, finds fault with the first transaction it executes.
func NewDissentingEngine(cfg Config, dissents bool) (*Engine, error) {
	e, err := NewTestEngine(cfg)
	if err == nil && dissents {
		e.rules = dissenter{}
	}
	return e, err
}

// FailDisk makes a running node's block store refuse everything.
func (e *Engine) FailDisk() error { return e.running.Load().stores.comet["blockstore"].shut() }

// FailEvents makes a running node's event log refuse everything.
func (e *Engine) FailEvents() error { return e.running.Load().stores.log.close() }

// FailDisk makes the event log refuse everything.
func (b *Bench) FailDisk() error { return b.stores.log.close() }

// ParseGenesis reads a genesis from bytes and returns its hash, and its bytes written again.
func ParseGenesis(raw []byte) (hash ledger.Hash, again []byte, err error) {
	from, g, err := parseGenesis(raw)
	if err != nil {
		return hash, nil, err
	}
	again, err = encodeGenesis(g, from.doc.GenesisTime)
	return from.hash, again, err
}
