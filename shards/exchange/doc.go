// Package exchange moves blocks between nodes: the stream protocol
// /autonet/shard/1 between our own, and bitswap as the fallback and the door
// for stock IPFS nodes.
//
// A request lists CIDs, or asks which of them a peer has; the answer is a
// length and the bytes of each block. Every block is verified before it is
// handed on. Streams are kept and reused, so that a request costs one round
// trip. Everything is bounded: CIDs in a request, bytes of a block, streams of
// a peer, and the time for each request and each block as a whole, so that a
// peer that trickles bytes gains nothing.
//
// What goes wrong is a Finding with one of a few kinds, since a peer that is
// offline, one that is slow and one that sends corrupt bytes deserve different
// answers.
//
// It must not know manifests, pins or who deserves what: it serves any block
// it has to any peer that is connected.
package exchange
