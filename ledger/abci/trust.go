package abci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	cometmath "github.com/cometbft/cometbft/libs/math"
	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"

	"autonet/ledger"
)

const (
	clockDrift = 10 * time.Second // a header may lie this far in this node's future
	trustSteps = 4096             // headers fetched to reach one height
	witnesses  = 3                // further members asked for the header that the state is believed by
	askTimeout = 20 * time.Second
)

var (
	// ErrConflict reports two headers of one height, each signed by enough validators: somebody attacks this network. A
	// person has to find out which one is right and give it as the trusted header.
	ErrConflict = errors.New("two signed headers of one height contradict each other")
	// errUnknown says that no member has a block.
	errUnknown = errors.New("no member that was asked has this block")
)

// trust verifies light blocks of strangers from what this node knows: a header its owner named, or the validators of
// genesis. It implements CometBFT's state provider.
//
// A header is believed on the word of more than a third of validators already believed in, as long as they can still be
// slashed for a lie. Later it takes more than two thirds of them, which is what a node that replays every block from
// genesis relies on too.
type trust struct {
	from    genesis
	height  int64       // of the header that the owner named; 0: begin with genesis
	hash    ledger.Hash // of it
	sources *sources
	now     func() time.Time

	mu    sync.Mutex
	known map[int64]*types.LightBlock // verified
}

func newTrust(from genesis, cfg Config, s *sources, now func() time.Time) *trust {
	return &trust{
		from: from, height: cfg.TrustedHeight, hash: cfg.TrustedHash, sources: s, now: now,
		known: make(map[int64]*types.LightBlock),
	}
}

// AppHash implements statesync.StateProvider: the hash of the state after a height.
func (t *trust) AppHash(ctx context.Context, height uint64) ([]byte, error) {
	if _, err := t.block(ctx, int64(height)+2); err != nil { // its validators are decided by this state
		return nil, err
	}
	next, err := t.block(ctx, int64(height)+1)
	if err != nil {
		return nil, err
	}
	if err := t.compare(ctx, next); err != nil {
		return nil, err
	}
	return next.AppHash, nil
}

// Commit implements statesync.StateProvider.
func (t *trust) Commit(ctx context.Context, height uint64) (*types.Commit, error) {
	b, err := t.block(ctx, int64(height))
	if err != nil {
		return nil, err
	}
	return b.Commit, nil
}

// State implements statesync.StateProvider: what CometBFT knows after a height. Consensus parameters never change, so that
// they are those of genesis; the header's hash of them is compared.
func (t *trust) State(ctx context.Context, height uint64) (state.State, error) {
	var blocks [3]*types.LightBlock
	for i := range blocks {
		var err error
		if blocks[i], err = t.block(ctx, int64(height)+int64(i)); err != nil {
			return state.State{}, err
		}
	}
	last, this, next := blocks[0], blocks[1], blocks[2]
	params := *t.from.doc.ConsensusParams
	if !bytes.Equal(params.Hash(), this.ConsensusHash) {
		return state.State{}, fmt.Errorf("the consensus parameters of height %d are not those of genesis", this.Height)
	}
	params.Version.App = this.Version.App
	s := state.State{
		ChainID: t.from.doc.ChainID, InitialHeight: t.from.doc.InitialHeight,
		LastBlockHeight: last.Height, LastBlockTime: last.Time, LastBlockID: last.Commit.BlockID,
		AppHash: this.AppHash, LastResultsHash: this.LastResultsHash,
		LastValidators: last.ValidatorSet, Validators: this.ValidatorSet, NextValidators: next.ValidatorSet,
		LastHeightValidatorsChanged: next.Height,
		ConsensusParams:             params, LastHeightConsensusParamsChanged: this.Height,
	}
	s.Version.Consensus, s.Version.Software = this.Version, version.TMCoreSemVer
	return s, nil
}

// block returns the verified light block of a height.
func (t *trust) block(ctx context.Context, height int64) (*types.LightBlock, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.height > 0 && t.known[t.height] == nil {
		if err := t.begin(ctx); err != nil {
			return nil, err
		}
	}
	if height < max(t.height, 1) {
		return nil, fmt.Errorf("height %d lies before the trusted one, %d", height, t.height)
	}
	todo := []int64{height}
	for range trustSteps {
		if len(todo) == 0 {
			return t.known[height], nil
		}
		next := todo[len(todo)-1]
		if t.known[next] != nil {
			todo = todo[:len(todo)-1]
			continue
		}
		at, err := t.reach(ctx, next)
		far := light.ErrNewValSetCantBeTrusted{}
		switch {
		case err == nil:
			todo = todo[:len(todo)-1]
		case errors.As(err, &far) && next-at > 1:
			todo = append(todo, at+(next-at)/2)
		default:
			return nil, fmt.Errorf("verify the header of height %d: %w", next, err)
		}
	}
	return nil, fmt.Errorf("verify the header of height %d: more than %d steps", height, trustSteps)
}

// begin fetches the header that the owner named.
func (t *trust) begin(ctx context.Context) error {
	return t.sources.light(ctx, t.height, func(b *types.LightBlock) error {
		if err := b.ValidateBasic(t.from.doc.ChainID); err != nil {
			return err
		}
		if toHash(b.Hash()) != t.hash {
			return fmt.Errorf("height %d has the hash %s, the trusted one is %s", t.height, toHash(b.Hash()), t.hash)
		}
		if err := b.ValidatorSet.VerifyCommitLight(t.from.doc.ChainID, b.Commit.BlockID, b.Height, b.Commit); err != nil {
			return err
		}
		t.known[t.height] = b
		return nil
	})
}

// reach verifies a height from the nearest one below that is known, which it returns.
func (t *trust) reach(ctx context.Context, height int64) (from int64, err error) {
	for known := range t.known {
		if known < height {
			from = max(from, known)
		}
	}
	err = t.sources.light(ctx, height, func(b *types.LightBlock) error {
		if err := guarded("verify a header", func() error { return t.verify(t.known[from], b) }); err != nil {
			return err
		}
		t.known[height] = b
		return nil
	})
	return from, err
}

// verify checks a header with one that is known, or with genesis for nil.
func (t *trust) verify(known, b *types.LightBlock) error {
	if err := b.ValidateBasic(t.from.doc.ChainID); err != nil {
		return err
	}
	if known != nil {
		return light.Verify(known.SignedHeader, known.ValidatorSet, b.SignedHeader, b.ValidatorSet,
			time.Duration(math.MaxInt64), t.now(), clockDrift, t.level(known.Time, b.Time))
	}
	network, validators := t.from.doc.ChainID, t.founders()
	if b.Time.Before(t.from.doc.GenesisTime) || !b.Time.Before(t.now().Add(clockDrift)) {
		return fmt.Errorf("a header of %s", b.Time)
	}
	if b.Height == 1 {
		if !bytes.Equal(validators.Hash(), b.ValidatorsHash) {
			return errors.New("the first block has other validators than genesis")
		}
	} else if err := validators.VerifyCommitLightTrusting(network, b.Commit, t.level(t.from.doc.GenesisTime, b.Time)); err != nil {
		few := types.ErrNotEnoughVotingPowerSigned{}
		if errors.As(err, &few) {
			return light.ErrNewValSetCantBeTrusted{Reason: few}
		}
		return err
	}
	return b.ValidatorSet.VerifyCommitLight(network, b.Commit.BlockID, b.Height, b.Commit)
}

func (t *trust) founders() *types.ValidatorSet {
	list := make([]*types.Validator, 0, len(t.from.doc.Validators))
	for _, v := range t.from.doc.Validators {
		list = append(list, types.NewValidator(v.PubKey, v.Power))
	}
	return types.NewValidatorSet(list)
}

// level is the part of the believed validators that must have signed a header made at a later time.
func (t *trust) level(known, later time.Time) cometmath.Fraction {
	if later.Sub(known) > t.from.doc.ConsensusParams.Evidence.MaxAgeDuration {
		return cometmath.Fraction{Numerator: 2, Denominator: 3}
	}
	return light.DefaultTrustLevel
}

// compare asks other members for a verified header. One that answers with another header is wrong, or this node is being
// shown a fork.
func (t *trust) compare(ctx context.Context, b *types.LightBlock) error {
	asked := 0
	for _, peer := range t.sources.all() {
		if asked == witnesses {
			return nil
		}
		other, err := t.sources.lightOf(ctx, peer, b.Height)
		if err != nil {
			continue
		}
		asked++
		if bytes.Equal(other.Hash(), b.Hash()) {
			continue
		}
		t.mu.Lock()
		var from *types.LightBlock
		for _, height := range sortedHeights(t.known) {
			if height < b.Height {
				from = t.known[height]
			}
		}
		err = guarded("verify a header", func() error { return t.verify(from, other) })
		t.mu.Unlock()
		if err == nil {
			return fmt.Errorf("height %d: %s and %s: %w", b.Height, toHash(b.Hash()), toHash(other.Hash()), ErrConflict)
		}
		t.sources.strike(peer)
	}
	return ctx.Err()
}

func sortedHeights(blocks map[int64]*types.LightBlock) []int64 {
	heights := make([]int64, 0, len(blocks))
	for height := range blocks {
		heights = append(heights, height)
	}
	slices.Sort(heights)
	return heights
}
