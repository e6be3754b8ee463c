// Package discovery finds the other nodes of a network and keeps enough of them connected.
//
// It dials the bootstrap peers at once and for ever, meets everybody else through a provider record of a CID derived from
// the network's id, and remembers good peers in a file for the next start. It promises never to dial itself, to spread
// retries in time, and that the known peers, the dials under way and the file are bounded. A bootstrap peer that is late,
// or gone and back, is found again. It must not know what the connections are used for.
package discovery
