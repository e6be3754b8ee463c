package ledger

import (
	"errors"
	"fmt"
)

// Code says why a transaction was refused.
type Code uint32

// The codes. They are part of the protocol: a number never changes its meaning.
const (
	CodeOK       Code = iota
	CodeInvalid       // malformed, badly signed or for another network: it can never become valid
	CodeRefused       // well formed, but against the rules as things stand
	CodeHalted        // a work message without a live lease: no fee, no nonce change
	CodeFunds         // the balance, stake or budget does not suffice
	CodeNotFound      // names something that does not exist
	CodeNonce         // the nonce is not the sender's next
	CodeFee           // the fee is under the price
	CodeEarly         // its time has not come
	CodeLate          // its time has passed
	CodeInternal      // a fault of the ledger itself
)

// String returns the code's name as the API and the exit codes know it.
func (c Code) String() string {
	switch c {
	case CodeOK:
		return "ok"
	case CodeInvalid:
		return "invalid"
	case CodeRefused:
		return "refused"
	case CodeHalted:
		return "halted"
	case CodeFunds:
		return "funds"
	case CodeNotFound:
		return "not_found"
	case CodeNonce:
		return "nonce"
	case CodeFee:
		return "fee"
	case CodeEarly:
		return "early"
	case CodeLate:
		return "late"
	case CodeInternal:
		return "internal"
	default:
		return "unknown"
	}
}

// Error is a refusal.
type Error struct {
	Code Code
	Text string
}

// Error implements error.
func (e *Error) Error() string { return e.Code.String() + ": " + e.Text }

// Refuse returns an [*Error] with a formatted text.
func Refuse(code Code, format string, args ...any) error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of an error: CodeOK for nil, CodeInternal for what is not an [*Error].
func CodeOf(err error) Code {
	if err == nil {
		return CodeOK
	}
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal.Code
	}
	return CodeInternal
}

// Clip bounds outside text for use in a message to a person.
func Clip(text string) string {
	const most = 64
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}
