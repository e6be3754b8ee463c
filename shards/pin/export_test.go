package pin

// What fuzzing and hostile askers reach.
var (
	DecodeRequest = decodeRequest
	DecodeAnswer  = decodeAnswer
	WriteFrame    = writeFrame
	ReadFrame     = readFrame
	MayFail       = mayFail
)

// Request and Answer are the frames of the protocol.
type (
	Request = request
	Answer  = answer
)

// Operations and answers.
const (
	OpHold         = opHold
	AnswerLanded   = answerLanded
	AnswerRefused  = answerRefused
	AnswerFailed   = answerFailed
	AnswerProgress = answerProgress
	MaxAnswer      = maxAnswer
)
