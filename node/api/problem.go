package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"autonet/node/api/types"
)

// problem is a types.Error as huma writes one.
type problem types.Error

// Error tells what failed and why.
func (p problem) Error() string { return types.Error(p).Error() }

// APIError returns the error as the API tells it.
func (p problem) APIError() types.Error { return types.Error(p) }

// GetStatus returns the HTTP status.
func (p problem) GetStatus() int { return p.Status }

// ContentType says that the body is problem JSON.
func (p problem) ContentType(string) string { return "application/problem+json" }

// fail turns a backend's error into a problem named by what was asked.
func fail(title string, err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded) && !isAPIError(err):
		return problem(types.NewError(types.CodeTimeout, title, err.Error(), "try again, or look at the node with: autonet status"))
	default:
		return problem(types.ErrorOf(title, err))
	}
}

func isAPIError(err error) bool {
	var e interface{ APIError() types.Error }
	return errors.As(err, &e)
}

// explain is a transformer: it retells huma's own findings about a request in the API's words.
func explain(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	code := types.CodeFailed
	switch {
	case m.Status == http.StatusRequestEntityTooLarge:
		code = types.CodeTooLarge
	case m.Status == http.StatusRequestTimeout:
		code = types.CodeTimeout
	case m.Status >= 400 && m.Status < 500:
		code = types.CodeUsage
	}
	details := make([]string, 0, len(m.Errors)+1)
	for _, e := range m.Errors {
		if e.Location == "" {
			details = append(details, e.Message)
			continue
		}
		details = append(details, e.Location+" "+e.Message)
	}
	if len(details) == 0 {
		details = append(details, m.Detail)
	}
	e := types.NewError(code, types.TitleNotUnderstood, strings.Join(details, "; "), "see /openapi.json for what is expected")
	e.Status = m.Status
	return problem(e), nil
}
