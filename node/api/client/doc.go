// Package client is the one client of a node's API: every command and screen goes through it.
//
// It promises that every failure is a types.Error with an exit code and advice, that streams are never held in memory,
// and that an event stream resumes by itself without losing its place. It must not know the node's inside: it imports
// the API's types alone.
package client
