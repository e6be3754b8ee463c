package exchange

// What fuzzing reaches.
var (
	EncodeRequest = encodeRequest
	DecodeRequest = decodeRequest
	ReadBlock     = readBlock
)
