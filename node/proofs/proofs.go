package proofs

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/proof"
	"autonet/node/api/types"
)

// Hash names a header or a transaction; zero stands for none.
type Hash [32]byte

// ParseHash reads 64 hexadecimal digits.
func ParseHash(text string) (Hash, error) {
	h, err := ledger.ParseHash(text)
	return Hash(h), err
}

// Words lists what can be proven, one line each.
func Words() []string { return app.ProvableWords() }

// Verify checks a proof document against what is trusted, either the hash of its header or an exported header, and returns
// what it proves. The error says why the document must not be believed.
func Verify(document []byte, hash Hash, header []byte) (types.Proven, error) {
	p, err := proof.Decode(document)
	if err != nil {
		return types.Proven{}, err
	}
	s, err := proof.Verify(p, proof.Trusted{Hash: ledger.Hash(hash), Header: header})
	if err != nil {
		return types.Proven{}, err
	}
	return Tell(s)
}

// Tell says what a verified statement says.
func Tell(s proof.Statement) (types.Proven, error) {
	out := types.Proven{
		What: s.What, Network: s.Header.Network, Height: s.Height, Header: s.Header.Height, HeaderHash: s.Header.Hash.String(),
		TimeMS: s.Header.TimeMS, Key: hex.EncodeToString(s.Key), Found: s.Found,
	}
	if !s.Found {
		return out, nil
	}
	raw, err := json.Marshal(s.Record)
	if err != nil {
		return out, fmt.Errorf("tell what is proven: %w", err)
	}
	if s.Event == nil {
		out.Record = raw
		return out, nil
	}
	event := Event(*s.Event, raw)
	out.Event = &event
	return out, nil
}

// Event tells an event whose fields are encoded already.
func Event(e ledger.Event, fields json.RawMessage) types.LedgerEvent {
	out := types.LedgerEvent{Height: e.Height, Index: e.Index, TimeMS: e.TimeMS, Kind: e.Kind, Data: fields}
	if !e.TxHash.IsZero() {
		out.TxHash = e.TxHash.String()
	}
	return out
}

// Document verifies a proof that follows from its own header, and tells it with its document.
func Document(p proof.Proof) (types.Proof, error) {
	block, err := proof.Light(p.Light, p.Network)
	if err != nil {
		return types.Proof{}, err
	}
	s, err := proof.Verify(p, proof.Trusted{Hash: proof.FactsOf(block).Hash})
	if err != nil {
		return types.Proof{}, err
	}
	told, err := Tell(s)
	if err != nil {
		return types.Proof{}, err
	}
	raw, err := p.Encode()
	return types.Proof{Proven: told, Document: raw}, err
}

// Header tells a header with its document.
func Header(h proof.Header) (types.Header, error) {
	raw, err := h.Encode()
	if err != nil {
		return types.Header{}, err
	}
	_, f, err := proof.DecodeHeader(raw)
	return types.Header{
		Network: f.Network, Height: f.Height, TimeMS: f.TimeMS, Hash: f.Hash.String(), AppHash: f.AppHash.String(),
		Validators: f.Validators, Document: raw,
	}, err
}
