package light

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"autonet/ledger"
	"autonet/ledger/proof"
)

// Bounds of following.
const (
	clockDrift = 10 * time.Second // a header may lie this far in this node's future
	maxSteps   = 4096             // headers looked at to reach one height
	maxAsked   = 5                // sources asked for their last header
	maxWitness = 4                // sources that a header is compared with
	maxStruck  = 256
	keepKnown  = 256 // verified headers remembered by height
	askTimeout = 15 * time.Second
)

// Errors that a caller decides on.
var (
	// ErrExpired reports that the last trusted header is older than the trusting period: the owner has to name a newer one.
	ErrExpired = errors.New("the last trusted header is too old to go on from; start once with a header to trust")
	// ErrConflict reports that two headers of one height verify: see [Status.Conflict].
	ErrConflict = errors.New("two signed headers of one height contradict each other; find out which is right and start once with it as the header to trust")
	// ErrNoSource reports that no source gave what was asked for.
	ErrNoSource = errors.New("no peer gave an answer that can be believed")
	// ErrNoHeader is what a source returns that does not have a height.
	ErrNoHeader = errors.New("no such header")
)

// Source is where headers and proofs come from: a peer. Nothing it says is believed.
type Source interface {
	// Name tells sources apart.
	Name() string
	// LightBlock returns the encoded light block of a height, the last one for 0, or an error such as [ErrNoHeader].
	LightBlock(ctx context.Context, height int64) ([]byte, error)
	// Proof returns the encoded proof of a record in the state after a block.
	Proof(ctx context.Context, words []string, height int64) ([]byte, error)
}

// Validator is one of the first validators.
type Validator struct {
	Key   []byte // Ed25519
	Power int64
}

// Config says what a client begins with.
type Config struct {
	Network     string
	Validators  []Validator // of the first block, as genesis says
	GenesisTime time.Time
	// Period is how long a trusted header may be gone on from; it must be shorter than validators' unbonding.
	Period time.Duration
	// File keeps the last trusted header and the evidence of a conflict.
	File string
	// Root is an encoded proof.Header that the owner trusts. It replaces an older trusted header, and it resolves a
	// conflict. Optional.
	Root []byte
	// Sources lists whom to ask now. It may be called at any time.
	Sources func() []Source
	// Now is the clock. Optional.
	Now func() time.Time
	// Log is told of liars and conflicts. Optional.
	Log *slog.Logger
}

// Status is where a client stands.
type Status struct {
	Network      string
	Height       int64 // of the last trusted header; 0: genesis
	TimeMS       int64
	Hash         ledger.Hash
	AppHash      ledger.Hash
	Validators   int
	TrustUntilMS int64 // until when the header can be gone on from
	Sources      int   // that can be asked now
	Witnesses    int   // that agreed with the header
	Conflict     string
	Struck       map[string]string // sources that are not asked any more, and why
}

// Client follows one chain. It is safe for concurrent use.
type Client struct {
	cfg Config

	work sync.Mutex // held by whoever goes on

	mu        sync.Mutex
	head      *types.LightBlock // last trusted; height 0 stands for genesis
	prev      *types.LightBlock // trusted before it
	known     map[int64]ledger.Hash
	witnesses int
	conflict  *Conflict
	struck    map[string]string
}

// Conflict is the evidence of an attack: two headers of one height that both follow from a trusted one.
type Conflict struct {
	Height int64  `cbor:"height"`
	Base   int64  `cbor:"base"`   // height of the trusted header
	First  []byte `cbor:"first"`  // light block
	Second []byte `cbor:"second"` // light block
	From   string `cbor:"from"`   // the source of the second
}

// New makes a client and reads what it trusted before. It asks nobody.
func New(cfg Config) (*Client, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Period <= 0 || cfg.File == "" || cfg.Sources == nil {
		return nil, errors.New("light node: a trusting period, a file and sources are needed")
	}
	first, err := cfg.genesis()
	if err != nil {
		return nil, fmt.Errorf("light node: genesis: %w", err)
	}
	c := &Client{cfg: cfg, head: first, prev: first, known: map[int64]ledger.Hash{}, struck: map[string]string{}}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, c.root()
}

// genesis is what stands for the header before the first.
func (cfg Config) genesis() (*types.LightBlock, error) {
	var list []*types.Validator
	for _, v := range cfg.Validators {
		if len(v.Key) != ed25519.PubKeySize || v.Power <= 0 {
			return nil, errors.New("a validator without an Ed25519 key or without power")
		}
		list = append(list, types.NewValidator(ed25519.PubKey(v.Key), v.Power))
	}
	if len(list) == 0 || cfg.GenesisTime.IsZero() || !ledger.ValidNetwork(cfg.Network) {
		return nil, errors.New("it names no network, no validators or no time")
	}
	set := types.NewValidatorSet(list)
	header := &types.Header{
		ChainID: cfg.Network, Time: cfg.GenesisTime.Add(-time.Nanosecond), // the first block has the time of genesis
		ValidatorsHash: set.Hash(), NextValidatorsHash: set.Hash(),
	}
	return &types.LightBlock{SignedHeader: &types.SignedHeader{Header: header}, ValidatorSet: set}, nil
}

// Status reports where the client stands.
func (c *Client) Status() Status {
	sources := len(c.sources())
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{
		Network: c.cfg.Network, Height: c.head.Height, TimeMS: c.head.Time.UnixMilli(), Validators: c.head.ValidatorSet.Size(),
		TrustUntilMS: c.head.Time.Add(c.cfg.Period).UnixMilli(), Sources: sources, Witnesses: c.witnesses, Struck: map[string]string{},
	}
	if c.head.Height > 0 {
		f := proof.FactsOf(c.head)
		s.Hash, s.AppHash = f.Hash, f.AppHash
	}
	maps.Copy(s.Struck, c.struck)
	if c.conflict != nil {
		s.Conflict = fmt.Sprintf("height %d: %s and, from %s, %s", c.conflict.Height,
			c.factsOf(c.conflict.First).Hash, c.conflict.From, c.factsOf(c.conflict.Second).Hash)
	}
	return s
}

func (c *Client) factsOf(raw []byte) proof.Facts {
	block, err := proof.Light(raw, c.cfg.Network)
	if err != nil {
		return proof.Facts{}
	}
	return proof.FactsOf(block)
}

// Evidence returns the contradicting headers that stopped the client; nil when there are none.
func (c *Client) Evidence() *Conflict {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conflict
}

// sources lists whom to ask, without liars.
func (c *Client) sources() []Source {
	all := c.cfg.Sources()
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := make([]Source, 0, len(all))
	for _, s := range all {
		if _, bad := c.struck[s.Name()]; !bad {
			kept = append(kept, s)
		}
	}
	return kept
}

// strike stops asking a source.
func (c *Client) strike(s Source, why error) {
	if _, ok := s.(anySource); ok {
		return // nobody in particular
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.struck[s.Name()]; known || len(c.struck) >= maxStruck {
		return
	}
	c.struck[s.Name()] = why.Error()
	c.cfg.Log.Warn("a peer sent what does not verify and is not asked again", slog.String("peer", s.Name()), slog.Any("error", why))
}

func (c *Client) stand() (head, prev *types.LightBlock, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conflict != nil {
		return nil, nil, ErrConflict
	}
	return c.head, c.prev, nil
}
