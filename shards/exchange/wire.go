package exchange

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"

	"autonet/shards/manifest"
)

// Bounds of the protocol.
const (
	// MaxCIDs is the most CIDs one request lists.
	MaxCIDs = 512
	// maxCID is the longest CID in bytes.
	maxCID = 48
	// maxRequest bounds an encoded request.
	maxRequest = 16 + MaxCIDs*(maxCID+2)
)

// A request is a length (u32, big-endian) and deterministic CBOR. The answer
// to opGet is, for every CID in order, a length (u32) and that many bytes, or
// one of the two words below and nothing. The answer to opHave is one byte, 0
// or 1, for every CID in order. The stream then takes the next request. A busy
// peer answers with wordBusy, whose first byte is byteBusy, and closes.
const (
	opGet  = 1
	opHave = 2

	wordMissing uint32 = 0xFFFFFFFF
	wordBusy    uint32 = 0xFFFFFFFE
	byteBusy    byte   = 0xFF
)

type request struct {
	Op   uint8    `cbor:"1,keyasint"`
	CIDs [][]byte `cbor:"2,keyasint"`
}

// encodeRequest is the request with its length before it.
func encodeRequest(op uint8, cids []cid.Cid) ([]byte, error) {
	if len(cids) == 0 || len(cids) > MaxCIDs {
		return nil, fmt.Errorf("exchange: a request of %d CIDs, want 1 to %d", len(cids), MaxCIDs)
	}
	r := request{Op: op, CIDs: make([][]byte, len(cids))}
	for i, c := range cids {
		if _, _, err := manifest.Split(c); err != nil {
			return nil, err
		}
		r.CIDs[i] = c.Bytes()
	}
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, fmt.Errorf("exchange: prepare the encoder: %w", err)
	}
	body, err := mode.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("exchange: encode a request: %w", err)
	}
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body))), body...), nil
}

// decodeRequest reads what encodeRequest writes, its length taken off. Every
// error is errProtocol.
func decodeRequest(body []byte) (op uint8, cids []cid.Cid, err error) {
	if len(body) > maxRequest {
		return 0, nil, fmt.Errorf("%w: a request of %d bytes", errProtocol, len(body))
	}
	mode, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   4,
		MaxArrayElements:  MaxCIDs,
		MaxMapPairs:       16,
	}.DecMode()
	if err != nil {
		return 0, nil, fmt.Errorf("%w: prepare the decoder: %w", errProtocol, err)
	}
	var r request
	if err := mode.Unmarshal(body, &r); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", errProtocol, err)
	}
	if r.Op != opGet && r.Op != opHave || len(r.CIDs) == 0 {
		return 0, nil, fmt.Errorf("%w: operation %d on %d CIDs", errProtocol, r.Op, len(r.CIDs))
	}
	cids = make([]cid.Cid, len(r.CIDs))
	for i, raw := range r.CIDs {
		if len(raw) > maxCID {
			return 0, nil, fmt.Errorf("%w: a CID of %d bytes", errProtocol, len(raw))
		}
		c, err := cid.Cast(raw)
		if err != nil {
			return 0, nil, fmt.Errorf("%w: %w", errProtocol, err)
		}
		if _, _, err := manifest.Split(c); err != nil {
			return 0, nil, fmt.Errorf("%w: %w", errProtocol, err)
		}
		cids[i] = c
	}
	return r.Op, cids, nil
}

// readRequest reads one request; begun is called once its length has come.
func readRequest(r io.Reader, begun func() error) (op uint8, cids []cid.Cid, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxRequest {
		return 0, nil, fmt.Errorf("%w: a request of %d bytes", errProtocol, n)
	}
	if err := begun(); err != nil {
		return 0, nil, err
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return 0, nil, err
	}
	return decodeRequest(body)
}

// errBusy is a peer's word for too many streams.
var errBusy = errors.New("the peer serves too many already")

// readBlock reads one answer to opGet. size is the length the block must have,
// or -1. found is false when the peer does not have it.
func readBlock(r io.Reader, size int) (data []byte, found bool, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, false, err
	}
	n := binary.BigEndian.Uint32(head[:])
	switch {
	case n == wordMissing:
		return nil, false, nil
	case n == wordBusy:
		return nil, false, errBusy
	case n > manifest.MaxBlock, size >= 0 && n != uint32(size):
		return nil, false, fmt.Errorf("%w: a block of %d bytes, want %d", errProtocol, n, size)
	}
	data = make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, false, err
	}
	return data, true, nil
}
