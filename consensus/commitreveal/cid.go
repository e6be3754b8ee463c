package commitreveal

import (
	"encoding/base32"

	"lukechampine.com/blake3"
)

// Bytes of a CIDv1 with a 32-byte digest: version, codec, hash function, length.
const (
	cidVersion   = 0x01
	codecRaw     = 0x55
	codecDagCBOR = 0x71
	hashBLAKE3   = 0x1e
	hashSHA256   = 0x12
	digestBytes  = 32
	cidBytes     = 4 + digestBytes
	cidText      = 1 + (cidBytes*8+4)/5
)

const base32Lower = "abcdefghijklmnopqrstuvwxyz234567"

func cidEncoding() *base32.Encoding {
	return base32.NewEncoding(base32Lower).WithPadding(base32.NoPadding)
}

// DocCID is the CIDv1 text, raw leaf and BLAKE3-256, of a document's bytes.
func DocCID(doc []byte) string {
	digest := blake3.Sum256(doc)
	raw := append([]byte{cidVersion, codecRaw, hashBLAKE3, digestBytes}, digest[:]...)
	return "b" + cidEncoding().EncodeToString(raw)
}

// ValidCID reports whether text is a CID the network uses: version 1 in base32, raw or dag-cbor, BLAKE3-256 or SHA-256.
func ValidCID(text string) bool {
	if len(text) != cidText || text[0] != 'b' {
		return false
	}
	raw, err := cidEncoding().DecodeString(text[1:])
	if err != nil || len(raw) != cidBytes || "b"+cidEncoding().EncodeToString(raw) != text {
		return false
	}
	return raw[0] == cidVersion && (raw[1] == codecRaw || raw[1] == codecDagCBOR) &&
		(raw[2] == hashBLAKE3 || raw[2] == hashSHA256) && raw[3] == digestBytes
}
