// Package p2p is the folder of everything that carries bytes between nodes: the libp2p host, the routing table, the
// finding of peers, gossip and tunnels.
//
// It promises that whatever leaves this folder upwards has a proven sender and a bounded size, that every queue, retry
// and cache below it is bounded, and that each service stops with its Run. It must not know what the bytes mean: no
// ledger, no shards, no work.
package p2p
