package types

import (
	"errors"
	"net/http"
)

// Exit codes of the command line; each error of the API knows its own.
const (
	// ExitDone says that the command did what it was asked.
	ExitDone = 0
	// ExitFailed says that it failed for a reason of its own.
	ExitFailed = 1
	// ExitUsage says that the command or request was written wrongly.
	ExitUsage = 2
	// ExitNoNode says that no node answers.
	ExitNoNode = 3
	// ExitRefused says that the ledger refused.
	ExitRefused = 4
	// ExitHalted says that the network is halted: no governance heartbeat.
	ExitHalted = 5
)

// Error codes of the API. A refused error carries the ledger's own code in Reason.
const (
	// CodeUsage is a request that can never succeed as written.
	CodeUsage = "usage"
	// CodeNoNode is a home without a running node.
	CodeNoNode = "no_node"
	// CodeRefused is a transaction the ledger refused.
	CodeRefused = "refused"
	// CodeHalted is work refused because no lease is live.
	CodeHalted = "halted"
	// CodeNotFound is a thing the node does not know.
	CodeNotFound = "not_found"
	// CodeBusy is a limit reached for the moment; the same request may succeed later.
	CodeBusy = "busy"
	// CodeTimeout is an answer that did not come in time.
	CodeTimeout = "timeout"
	// CodeUnauthorized is a request without the home's token, or from a foreign origin.
	CodeUnauthorized = "unauthorized"
	// CodeTooLarge is a request above a size limit.
	CodeTooLarge = "too_large"
	// CodeFailed is everything else.
	CodeFailed = "failed"
)

// TitleNotUnderstood names the failure of a request that is not of the form that the API describes.
const TitleNotUnderstood = "request not understood"

// Error is a failure as the API tells it: problem JSON (RFC 9457) with a code a program can act on and advice a
// person can follow.
type Error struct {
	Code   string `json:"code" doc:"What a program decides by, e.g. refused, halted, not_found"`
	Title  string `json:"title" doc:"What failed, in a few words"`
	Detail string `json:"detail,omitempty" doc:"Why it failed"`
	Advice string `json:"advice,omitempty" doc:"What to do about it"`
	Reason string `json:"reason,omitempty" doc:"The ledger's own code when it refused"`
	Exit   int    `json:"exit" doc:"The exit code a command ends with"`
	Status int    `json:"status,omitempty" doc:"The HTTP status"`
}

// Error tells what failed and why.
func (e Error) Error() string {
	if e.Detail == "" {
		return e.Title
	}
	return e.Title + ": " + e.Detail
}

// APIError returns the error itself, so that an Error is what it asks of others.
func (e Error) APIError() Error { return e }

// NewError makes an error whose exit code and HTTP status follow from its code.
func NewError(code, title, detail, advice string) Error {
	return Error{Code: code, Title: title, Detail: detail, Advice: advice, Exit: ExitOf(code), Status: StatusOf(code)}
}

// ExitOf returns the exit code that belongs to an error code.
func ExitOf(code string) int {
	switch code {
	case CodeUsage:
		return ExitUsage
	case CodeNoNode:
		return ExitNoNode
	case CodeRefused:
		return ExitRefused
	case CodeHalted:
		return ExitHalted
	default:
		return ExitFailed
	}
}

// StatusOf returns the HTTP status that belongs to an error code.
func StatusOf(code string) int {
	switch code {
	case CodeUsage:
		return http.StatusBadRequest
	case CodeNoNode, CodeHalted:
		return http.StatusServiceUnavailable
	case CodeRefused:
		return http.StatusConflict
	case CodeNotFound:
		return http.StatusNotFound
	case CodeBusy:
		return http.StatusTooManyRequests
	case CodeTimeout:
		return http.StatusGatewayTimeout
	case CodeUnauthorized:
		return http.StatusUnauthorized
	case CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	default:
		return http.StatusInternalServerError
	}
}

// ErrorOf returns err as the API tells it: what its chain's APIError says, else a failure named by title.
func ErrorOf(title string, err error) Error {
	var apiError interface{ APIError() Error }
	if errors.As(err, &apiError) {
		e := apiError.APIError()
		if e.Code == "" {
			e.Code = CodeFailed
		}
		if e.Title == "" {
			e.Title = title
		}
		if e.Exit == 0 {
			e.Exit = ExitOf(e.Code)
		}
		if e.Status == 0 {
			e.Status = StatusOf(e.Code)
		}
		return e
	}
	return NewError(CodeFailed, title, err.Error(), "")
}
