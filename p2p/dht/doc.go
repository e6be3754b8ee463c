// Package dht is the network's routing table: who holds what, and where a peer can be reached.
//
// It promises the protocol /autonet/kad/1.0.0, apart from every other Kademlia network, provider records only (no
// values), and that lookups end with their context. It starts in Run, not before; calls made earlier wait for it. It
// must not know what the provided CIDs stand for.
package dht
