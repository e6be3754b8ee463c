package abci

import (
	"crypto/ed25519"
	"time"

	cometkey "github.com/cometbft/cometbft/crypto/ed25519"
	cometproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"

	"autonet/ledger"
)

// RetainFrom is the first height kept at a height, with the oldest snapshot at another one (0: none yet).
func RetainFrom(retain, snapshot, height int64) int64 {
	c := &chain{retain: retain, photos: &photographer{every: 10, into: &snapshots{}}}
	if snapshot > 0 {
		c.photos.into.list = []savedSnapshot{{meta: snapshotMeta{Height: snapshot}}}
	}
	return c.retainFrom(height)
}

// InOrder is what a proposer makes of its transactions.
func InOrder(txs [][]byte) [][]byte { return inOrder(txs) }

// ShiftClock gives an engine that has not started another clock from a moment on, which is not that of consensus.
func (e *Engine) ShiftClock(by time.Duration, from <-chan struct{}) {
	e.now = func() time.Time {
		select {
		case <-from:
			return time.Now().Add(by)
		default:
			return time.Now()
		}
	}
}

// skewedSigner votes with the times of another clock.
type skewedSigner struct {
	types.PrivValidator
	by time.Duration
}

func (s skewedSigner) SignVote(network string, vote *cometproto.Vote) error {
	vote.Timestamp = vote.Timestamp.Add(s.by)
	return s.PrivValidator.SignVote(network, vote)
}

// SkewVotes makes an engine that has not started vote with another clock.
func (e *Engine) SkewVotes(by time.Duration) {
	inner := e.signer
	e.signer = func() (types.PrivValidator, error) {
		pv, err := inner()
		return skewedSigner{pv, by}, err
	}
}

// AttackLightClients signs another header of a height with the only validator's key and reports it.
func (e *Engine) AttackLightClients(network string, seed []byte, height int64) error {
	r := e.running.Load()
	b, err := r.lightBlock(height)
	if err != nil {
		return err
	}
	validators, err := r.stores.states.LoadValidators(height)
	if err != nil {
		return err
	}
	header, commit := *b.Header, b.Commit.Clone()
	header.DataHash = make([]byte, 32)
	commit.BlockID.Hash = header.Hash()
	key := cometkey.PrivKey(ed25519.NewKeyFromSeed(seed))
	for i := range commit.Signatures {
		sig, err := key.Sign(types.VoteSignBytes(network, commit.GetVote(int32(i)).ToProto()))
		if err != nil {
			return err
		}
		commit.Signatures[i].Signature = sig
	}
	ev := &types.LightClientAttackEvidence{
		ConflictingBlock: &types.LightBlock{
			SignedHeader: &types.SignedHeader{Header: &header, Commit: commit}, ValidatorSet: validators,
		},
		CommonHeight: height, TotalVotingPower: validators.TotalVotingPower(), Timestamp: b.Time,
	}
	ev.ByzantineValidators = ev.GetByzantineValidators(validators, b.SignedHeader)
	return r.node.EvidencePool().AddEvidence(ev)
}

// Attacks is the number of attacks on light clients that were reported under [TestRules].
func Attacks(kv ledger.KV) uint64 { return number(kv.Get([]byte("attacks"))) }
