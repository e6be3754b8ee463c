package lightnet

import "autonet/ledger"

// Reencode decodes a request and encodes it again.
func Reencode(raw []byte) ([]byte, error) {
	r, err := decodeRequest(raw)
	if err != nil {
		return nil, err
	}
	return ledger.Marshal(r)
}

// DecodeAnswer takes an answer apart.
func DecodeAnswer(raw []byte) ([]byte, error) { return decodeAnswer(raw) }
