package api

import (
	"net/http"
	"slices"
	"strings"

	"autonet/node/api/types"
)

// lightPaths are what a light node answers; one that ends in a slash stands for those below it.
func lightPaths() []string {
	return []string{
		"/openapi.json", "/v1/status", "/v1/id", "/v1/peers", "/v1/connect", "/v1/invite", "/v1/stop", "/v1/events",
		"/v1/ledger", "/v1/ledger/proof", "/v1/ledger/header", "/v1/accounts/",
	}
}

// complete reports whether nothing is missing of what the node must have.
func (b Backend) complete() bool {
	whole := b.Shards != nil && b.Tasks != nil && b.State != nil
	return b.Node != nil && b.Ledger != nil && b.Proofs != nil && b.Events != nil && (whole || b.Light)
}

// lightOnly refuses what a light node does not have.
func lightOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.ContainsFunc(lightPaths(), func(path string) bool {
			return r.URL.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path)
		}) {
			writeProblem(w, types.NewError(types.CodeFailed, "a light node does not do this",
				"it follows headers and reads records by their proofs", "start the node without --light, or ask a full one"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
