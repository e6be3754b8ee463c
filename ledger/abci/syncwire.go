package abci

import (
	"context"
	"errors"
	"fmt"

	comet "github.com/cometbft/cometbft/abci/types"
	cometproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/types"

	"autonet/ledger"
)

// SyncSource is how a node without blocks reaches members of its network before its engine runs.
type SyncSource interface {
	// Peers names the members that can be asked now, those to ask first in front.
	Peers() []string
	// Ask carries one request of at most [MaxSyncRequest] bytes to a member's [Engine.Answer] and brings its answer, of at
	// most [MaxSyncAnswer] bytes.
	Ask(ctx context.Context, peer string, request []byte) ([]byte, error)
}

// Bounds of what travels between a joiner and those it asks, in bytes.
const (
	MaxSyncRequest = 64
	MaxSyncAnswer  = 2 << 20
)

// What a joiner may ask for.
const (
	askSnapshots = 1
	askChunk     = 2 // of the snapshot of a height
	askLight     = 3 // light block of a height, with the validators' turns
)

type syncRequest struct {
	Ask    uint8  `cbor:"ask"`
	Height int64  `cbor:"height"`
	Chunk  uint32 `cbor:"chunk"`
}

// syncAnswer holds what was asked for; nothing says that the member does not have it.
type syncAnswer struct {
	Metas [][]byte `cbor:"metas"` // of the snapshots
	Chunk []byte   `cbor:"chunk"`
	Light []byte   `cbor:"light"`
}

var errSyncRequest = errors.New("not a request of a joiner")

func decodeSyncRequest(raw []byte) (req syncRequest, err error) {
	if len(raw) > MaxSyncRequest {
		return req, fmt.Errorf("%d bytes: %w", len(raw), errSyncRequest)
	}
	if err := ledger.Unmarshal(raw, &req); err != nil {
		return req, fmt.Errorf("%w: %w", errSyncRequest, err)
	}
	if req.Ask < askSnapshots || req.Ask > askLight || req.Height < 0 || req.Chunk >= maxChunks {
		return req, fmt.Errorf("ask %d, height %d, chunk %d: %w", req.Ask, req.Height, req.Chunk, errSyncRequest)
	}
	return req, nil
}

// Answer serves one request of a joiner: the snapshots there are, a chunk of one, or a light block. It reads at most one
// of them from the disk. A request that is malformed is an error; for what this node does not have the answer is empty.
func (e *Engine) Answer(ctx context.Context, request []byte) (answer []byte, err error) {
	req, err := decodeSyncRequest(request)
	if err != nil {
		return nil, err
	}
	r, release, err := e.use()
	if err != nil {
		return nil, err
	}
	defer release()
	err = guarded("answer a joiner", func() error {
		out, err := r.answer(ctx, req)
		if err != nil {
			return err
		}
		answer, err = ledger.Marshal(out)
		return err
	})
	return answer, err
}

func (r *running) answer(ctx context.Context, req syncRequest) (out syncAnswer, err error) {
	switch req.Ask {
	case askSnapshots:
		res, err := r.chain.ListSnapshots(ctx, &comet.RequestListSnapshots{})
		if err != nil {
			return out, err
		}
		for _, s := range res.Snapshots {
			out.Metas = append(out.Metas, s.Metadata)
		}
	case askChunk:
		res, err := r.chain.LoadSnapshotChunk(ctx, &comet.RequestLoadSnapshotChunk{
			Height: uint64(req.Height), Format: snapshotFormat, Chunk: req.Chunk,
		})
		if err != nil {
			return out, err
		}
		out.Chunk = res.Chunk
	case askLight:
		light, err := r.lightBlock(req.Height)
		if errors.Is(err, ErrNoBlock) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		// Nobody signs the turns of proposing, yet a joiner must know them to follow consensus.
		if light.ValidatorSet, err = r.stores.states.LoadValidators(light.Height); err != nil {
			return out, fmt.Errorf("the validators of height %d: %w", light.Height, err)
		}
		pb, err := light.ToProto()
		if err != nil {
			return out, err
		}
		out.Light, err = pb.Marshal()
		return out, err
	}
	return out, nil
}

// decodeSyncAnswer reads what a stranger answered.
func decodeSyncAnswer(raw []byte) (out syncAnswer, err error) {
	if len(raw) > MaxSyncAnswer {
		return out, fmt.Errorf("an answer of %d bytes exceeds %d", len(raw), MaxSyncAnswer)
	}
	if err := ledger.Unmarshal(raw, &out); err != nil {
		return out, err
	}
	if len(out.Metas) > 2*keptSnapshots {
		return out, fmt.Errorf("an answer with %d snapshots", len(out.Metas))
	}
	return out, nil
}

// decodeLight reads a light block that a stranger sent.
func decodeLight(raw []byte) (light *types.LightBlock, err error) {
	err = guarded("read a light block", func() error {
		var pb cometproto.LightBlock
		if err := pb.Unmarshal(raw); err != nil {
			return err
		}
		if light, err = types.LightBlockFromProto(&pb); err != nil {
			return err
		}
		if light.SignedHeader == nil || light.Header == nil || light.Commit == nil || light.ValidatorSet == nil {
			return errors.New("a part is missing")
		}
		return nil
	})
	return light, err
}
