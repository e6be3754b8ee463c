package ledger

// The decoders that tests compare with the codec.
var (
	DecodeTxLayer   = decodeTx
	DecodeBodyLayer = decodeBody
	PlainUnmarshal  = unmarshal
)
