// Package host builds the libp2p host of a node: its identity, its listeners and its limits.
//
// It promises one identity per key file, TCP and QUIC on one port number, an error that names the port and the way out
// when a port is taken, and explicit limits on memory, connections and streams. It must not know any protocol that runs
// over the host.
package host
