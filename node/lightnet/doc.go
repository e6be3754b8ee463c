// Package lightnet carries headers and proofs between nodes: the server beside a full node's ledger, and the client of light
// nodes.
//
// One stream of [Protocol] carries one request and its answer. Both are bounded, a peer's streams and requests are counted,
// and a stream that stands still is cut. The server checks that a request is of its own network. The client promises
// nothing about what an answer says: whoever asked has to verify it.
package lightnet
