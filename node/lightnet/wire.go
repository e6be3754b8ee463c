package lightnet

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"autonet/ledger"
	"autonet/ledger/proof"
)

// Protocol is the stream protocol of headers and proofs.
const Protocol protocol.ID = "/autonet/light/1"

// Bounds of one stream.
const (
	maxRequest = 4 << 10 // bytes
	maxAnswer  = proof.MaxBytes
	maxText    = 512 // bytes of a refusal
	maxWords   = 8
	readWithin = 5 * time.Second  // for the request
	sendWithin = 20 * time.Second // for the answer
)

// What can be asked for.
const (
	opBlock = 1 // the light block of a height
	opProof = 2 // the proof of a record in the state after a block
)

// First byte of an answer.
const (
	sayHere   = 0 // what was asked for follows
	sayNone   = 1 // there is no such thing here
	sayRefuse = 2 // why follows
	sayBusy   = 3 // the same again in a moment may succeed
)

// Errors of a request that was answered.
var (
	// ErrRefused reports an answer that says why there is none.
	ErrRefused = errors.New("the peer refused")
	// ErrRequest reports bytes that are no request.
	ErrRequest = errors.New("not a request for headers or proofs")
)

type request struct {
	Network string   `cbor:"network"`
	Op      uint8    `cbor:"op"`
	Height  int64    `cbor:"height"`
	What    []string `cbor:"what"`
}

// decodeRequest reads what a peer asks for.
func decodeRequest(raw []byte) (request, error) {
	var r request
	if len(raw) > maxRequest {
		return r, fmt.Errorf("%d bytes: %w", len(raw), ErrRequest)
	}
	if err := ledger.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if r.Op < opBlock || r.Op > opProof || r.Height < 0 || len(r.What) > maxWords {
		return r, fmt.Errorf("op %d, height %d, %d words: %w", r.Op, r.Height, len(r.What), ErrRequest)
	}
	return r, nil
}

// readRequest reads a request to its end.
func readRequest(s network.Stream) (request, error) {
	if err := s.SetReadDeadline(time.Now().Add(readWithin)); err != nil {
		return request{}, err
	}
	raw, err := io.ReadAll(io.LimitReader(s, maxRequest+1))
	if err != nil {
		return request{}, err
	}
	return decodeRequest(raw)
}

// answer writes a whole answer.
func answer(s network.Stream, say byte, body []byte) error {
	if err := s.SetWriteDeadline(time.Now().Add(sendWithin)); err != nil {
		return err
	}
	if _, err := s.Write(append([]byte{say}, body...)); err != nil {
		return err
	}
	return s.Close()
}

// decodeAnswer takes an answer apart.
func decodeAnswer(raw []byte) ([]byte, error) {
	switch {
	case len(raw) == 0:
		return nil, fmt.Errorf("an empty answer: %w", ErrRefused)
	case len(raw) > maxAnswer+1:
		return nil, fmt.Errorf("an answer of more than %d bytes: %w", maxAnswer, ErrRefused)
	case raw[0] == sayHere:
		return raw[1:], nil
	case raw[0] == sayNone:
		return nil, errNone
	case raw[0] == sayBusy:
		return nil, errBusy
	default:
		return nil, fmt.Errorf("%w: %q", ErrRefused, raw[1:min(len(raw), maxText)])
	}
}
