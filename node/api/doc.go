// Package api serves a node's HTTP API: JSON requests and responses with an OpenAPI document, streamed shards and a
// server-sent event stream.
//
// It promises that only the owner of the home gets in (loopback listener, bearer token from a 0600 file, Host and
// Origin checked), that every body, queue and wait is bounded, and that every failure is problem JSON with a code.
// It must not know how a node works: everything it answers it asks of the Backend interfaces, which the node
// implements.
package api
