// Package tunnel carries TCP connections between nodes through their libp2p hosts: one port, one NAT traversal, one
// identity for a service that speaks plain TCP on loopback.
//
// For each remote peer it opens a listener on 127.0.0.1 whose connections become streams to that peer, and it connects
// inbound streams to a local address. It promises bytes unchanged and in order, half-closes and resets passed on to the
// other end, a bounded number of streams for each peer and in all, and that nothing it started outlives Run. It must not
// know what the bytes mean.
package tunnel
