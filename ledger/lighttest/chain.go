package lighttest

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cometproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cometversion "github.com/cometbft/cometbft/proto/tendermint/version"
	"github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"
)

// Options say what a chain is like.
type Options struct {
	Network    string
	Heights    int64
	Validators int           // of every height
	Rotate     int64         // heights after which one validator leaves and another comes; 0: never
	Start      time.Time     // of the block of height 1
	Step       time.Duration // between blocks; 0: a second
	// AppHash is the state's root in the header of a height. Optional: a hash of the height.
	AppHash func(height int64) []byte
	// Family names the keys; chains of one family have the same validators.
	Family string
}

// Chain is a chain of headers. It is safe for concurrent use.
type Chain struct {
	o       Options
	headers []*types.Header // by height less one

	mu     sync.Mutex
	sets   map[int64]*types.ValidatorSet // by the number of the first key
	blocks map[int64]*types.LightBlock
}

// New makes a chain. Its signatures are made when a block is asked for.
func New(o Options) *Chain {
	if o.Step == 0 {
		o.Step = time.Second
	}
	if o.AppHash == nil {
		o.AppHash = func(height int64) []byte { return sum("app", height) }
	}
	c := &Chain{o: o, sets: map[int64]*types.ValidatorSet{}, blocks: map[int64]*types.LightBlock{}}
	var last types.BlockID
	for height := int64(1); height <= o.Heights; height++ {
		set := c.Validators(height)
		header := &types.Header{
			Version: cometversion.Consensus{Block: version.BlockProtocol, App: 1},
			ChainID: o.Network, Height: height, Time: o.Start.Add(time.Duration(height-1) * o.Step).UTC(), LastBlockID: last,
			ValidatorsHash: set.Hash(), NextValidatorsHash: c.Validators(height + 1).Hash(),
			ConsensusHash: sum("consensus", 0), AppHash: o.AppHash(height), ProposerAddress: set.Validators[0].Address,
		}
		c.headers = append(c.headers, header)
		last = blockID(header)
	}
	return c
}

// Heights is the last height.
func (c *Chain) Heights() int64 { return int64(len(c.headers)) }

// Validators is the validator set of a height.
func (c *Chain) Validators(height int64) *types.ValidatorSet {
	first := c.firstKey(height)
	c.mu.Lock()
	defer c.mu.Unlock()
	if set, ok := c.sets[first]; ok {
		return set
	}
	var list []*types.Validator
	for i := range c.o.Validators {
		list = append(list, types.NewValidator(c.key(first+int64(i)).PubKey(), 10))
	}
	c.sets[first] = types.NewValidatorSet(list)
	return c.sets[first]
}

// Block is the light block of a height, signed by all; nil above the last.
func (c *Chain) Block(height int64) *types.LightBlock {
	if height < 1 || height > c.Heights() {
		return nil
	}
	c.mu.Lock()
	block := c.blocks[height]
	c.mu.Unlock()
	if block != nil {
		return block
	}
	block = c.Sign(c.headers[height-1], c.o.Validators)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blocks[height] = block
	return block
}

// Forge is the light block of a height with a changed header, signed by the first so many of that height's validators.
func (c *Chain) Forge(height int64, signers int, change func(*types.Header)) *types.LightBlock {
	header := *c.headers[height-1]
	change(&header)
	return c.Sign(&header, signers)
}

// Sign makes a light block of a header with the signatures of so many of its height's validators.
func (c *Chain) Sign(header *types.Header, signers int) *types.LightBlock {
	set, first := c.Validators(header.Height), c.firstKey(header.Height)
	commit := &types.Commit{Height: header.Height, Round: 0, BlockID: blockID(header)}
	for range c.o.Validators {
		commit.Signatures = append(commit.Signatures, types.NewCommitSigAbsent())
	}
	for i := range signers {
		key := c.key(first + int64(i))
		at, _ := set.GetByAddress(key.PubKey().Address())
		vote := &types.Vote{
			Type: cometproto.PrecommitType, Height: header.Height, BlockID: commit.BlockID, Timestamp: header.Time,
			ValidatorAddress: key.PubKey().Address(), ValidatorIndex: at,
		}
		signature, err := key.Sign(types.VoteSignBytes(header.ChainID, vote.ToProto()))
		if err != nil {
			panic(err) // an Ed25519 key signs
		}
		vote.Signature = signature
		commit.Signatures[at] = vote.CommitSig()
	}
	return &types.LightBlock{SignedHeader: &types.SignedHeader{Header: header, Commit: commit}, ValidatorSet: set}
}

func (c *Chain) firstKey(height int64) int64 {
	if c.o.Rotate == 0 {
		return 0
	}
	return height / c.o.Rotate
}

func (c *Chain) key(number int64) ed25519.PrivKey {
	return ed25519.GenPrivKeyFromSecret(append([]byte(c.o.Family), sum("key", number)...))
}

func blockID(header *types.Header) types.BlockID {
	return types.BlockID{Hash: header.Hash(), PartSetHeader: types.PartSetHeader{Total: 1, Hash: sum("parts", header.Height)}}
}

func sum(what string, number int64) []byte {
	hash := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(what), uint64(number)))
	return hash[:]
}
