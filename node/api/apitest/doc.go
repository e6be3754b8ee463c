// Package apitest serves the API of a node that exists in memory only, for tests of what talks to a node.
//
// It promises that the server is the real one: only the backend is made up. It must not be imported outside tests.
package apitest
