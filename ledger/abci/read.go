package abci

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	cometkey "github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/types"

	"autonet/ledger"
	"autonet/ledger/app"
)

// Validator is one member of the validator set.
type Validator struct {
	Address string `json:"address"` // hexadecimal, as in block headers
	Key     []byte `json:"key"`     // Ed25519
	Power   int64  `json:"power"`
}

// Status is where the node's ledger stands.
type Status struct {
	Network     string      `json:"network"`
	Height      int64       `json:"height"`
	TimeMS      int64       `json:"time_ms"` // of the last block
	Hash        ledger.Hash `json:"hash"`    // of the last block
	AppHash     ledger.Hash `json:"app_hash"`
	Validators  []Validator `json:"validators"` // by address
	Peers       []string    `json:"peers"`      // node identifiers of the connected ones, sorted
	Waiting     int         `json:"waiting"`    // transactions in the mempool
	CatchingUp  bool        `json:"catching_up"`
	IsValidator bool        `json:"is_validator"`
	SkewMS      int64       `json:"skew_ms"` // how far this node's clock is ahead of the validators'; 0 while not known
	First       int64       `json:"first"`   // smallest height whose block is kept; 0 without blocks
}

// BlockInfo is one block as this node stores it.
type BlockInfo struct {
	Height   int64       `json:"height"`
	TimeMS   int64       `json:"time_ms"`
	Hash     ledger.Hash `json:"hash"`
	AppHash  ledger.Hash `json:"app_hash"` // of the state before this block
	Proposer string      `json:"proposer"` // consensus address
	Size     int         `json:"size"`     // bytes
	Txs      []TxResult  `json:"txs"`
}

// View calls fn with reads of the last committed state. All of them see the same state, however long fn takes. What it
// returns must not be used after fn has.
func (e *Engine) View(fn func(app.View) error) error {
	return e.read(func(kv ledger.KV) error { return fn(e.views.View(kv)) })
}

func (e *Engine) read(fn func(ledger.KV) error) error {
	r, release, err := e.use()
	if err != nil {
		return err
	}
	defer release()
	now, release := r.chain.hold()
	defer release()
	return guarded("read the ledger", func() error { return fn(now.kv) })
}

// hold returns the last committed state, kept until release.
func (c *chain) hold() (s snapshot, release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current, c.state.hold(c.current.height)
}

// Status reports where the ledger stands. It is zero but for CatchingUp when the ledger is not running.
func (e *Engine) Status() Status {
	r, release, err := e.use()
	if err != nil {
		return Status{CatchingUp: true}
	}
	defer release()
	now, _ := r.chain.snapshot()
	s := Status{
		Network: r.chain.network, Height: now.height, TimeMS: now.timeMS, Hash: now.hash, AppHash: now.appHash,
		Waiting: r.node.Mempool().Size(), CatchingUp: r.node.ConsensusReactor().WaitSync(),
		SkewMS: r.chain.clock.skew().Milliseconds(), First: r.node.BlockStore().Base(),
	}
	for _, peer := range r.node.Switch().Peers().Copy() {
		s.Peers = append(s.Peers, string(peer.ID()))
	}
	slices.Sort(s.Peers)
	s.Validators = r.chain.listValidators()
	s.IsValidator = slices.ContainsFunc(s.Validators, func(v Validator) bool { return bytes.Equal(v.Key, r.pub) })
	return s
}

func (c *chain) listValidators() []Validator {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]Validator, 0, len(c.validators))
	for key, power := range c.validators {
		list = append(list, Validator{Address: ConsensusAddress([]byte(key)), Key: []byte(key), Power: power})
	}
	slices.SortFunc(list, func(a, b Validator) int { return strings.Compare(a.Address, b.Address) })
	return list
}

// ConsensusAddress is how blocks name the validator with this consensus key.
func ConsensusAddress(key []byte) string {
	if len(key) != cometkey.PubKeySize {
		return ""
	}
	return hex.EncodeToString(cometkey.PubKey(key).Address())
}

// Block returns a block, the last one for height 0.
func (e *Engine) Block(height int64) (info BlockInfo, err error) {
	r, release, err := e.use()
	if err != nil {
		return info, err
	}
	defer release()
	err = guarded("read a block", func() error {
		if height, err = r.height(height); err != nil {
			return err
		}
		meta, body := r.node.BlockStore().LoadBlockMeta(height), r.node.BlockStore().LoadBlock(height)
		if meta == nil || body == nil {
			return fmt.Errorf("height %d: %w", height, ErrNoBlock)
		}
		info = BlockInfo{
			Height: height, TimeMS: meta.Header.Time.UnixMilli(), Hash: toHash(meta.BlockID.Hash),
			AppHash: toHash(meta.Header.AppHash), Proposer: hex.EncodeToString(meta.Header.ProposerAddress),
			Size: meta.BlockSize, Txs: make([]TxResult, 0, len(body.Txs)),
		}
		for i, raw := range body.Txs {
			hash := ledger.TxHash(raw)
			result, found, err := r.stores.log.result(hash, height)
			if err != nil {
				return err
			}
			if !found || result.Height != height {
				result = TxResult{Hash: hash, Height: height, Index: i, TimeMS: info.TimeMS}
			}
			info.Txs = append(info.Txs, result)
		}
		return nil
	})
	return info, err
}

// LightBlock returns the protobuf of CometBFT's LightBlock of a height, the last one for 0: the header, the signatures
// of more than two thirds of the validators under it, and the validators.
func (e *Engine) LightBlock(height int64) (raw []byte, err error) {
	r, release, err := e.use()
	if err != nil {
		return nil, err
	}
	defer release()
	err = guarded("read a light block", func() error {
		light, err := r.lightBlock(height)
		if err != nil {
			return err
		}
		pb, err := light.ToProto()
		if err != nil {
			return err
		}
		raw, err = pb.Marshal()
		return err
	})
	return raw, err
}

func (r *running) lightBlock(height int64) (*types.LightBlock, error) {
	height, err := r.height(height)
	if err != nil {
		return nil, err
	}
	blocks := r.node.BlockStore()
	meta, commit := blocks.LoadBlockMeta(height), blocks.LoadBlockCommit(height)
	if commit == nil {
		commit = blocks.LoadSeenCommit(height)
	}
	if meta == nil || commit == nil {
		return nil, fmt.Errorf("height %d: %w", height, ErrNoBlock)
	}
	validators, err := r.validatorsAt(height)
	if err != nil {
		return nil, fmt.Errorf("the validators of height %d: %w", height, err)
	}
	return &types.LightBlock{
		SignedHeader: &types.SignedHeader{Header: &meta.Header, Commit: commit},
		ValidatorSet: validators,
	}, nil
}

// validatorsAt leaves out the turns of proposing, which nobody verifies and which cost a step per height.
func (r *running) validatorsAt(height int64) (*types.ValidatorSet, error) {
	if fast, ok := r.stores.states.(interface {
		LoadValidatorsFast(height int64) (*types.ValidatorSet, error)
	}); ok {
		return fast.LoadValidatorsFast(height)
	}
	return r.stores.states.LoadValidators(height)
}

// height resolves 0 to the last committed height and refuses what is not committed.
func (r *running) height(height int64) (int64, error) {
	now, _ := r.chain.snapshot()
	if height == 0 {
		height = now.height
	}
	if height < 1 || height > now.height {
		return 0, fmt.Errorf("height %d: %w", height, ErrNoBlock)
	}
	return height, nil
}
