// Package pin keeps files in the network: it cuts, codes and hashes a stream,
// places the columns with providers, confirms that they landed, and reads
// files back from whichever columns are left.
//
// Placement is by rendezvous hashing, weighted by free capacity and
// reputation, at most ⌈(k+m)/p⌉ columns each of p providers, and pull-based:
// over /autonet/pin/1 a provider is asked to hold columns of a manifest, takes
// them from the asker, verifies and syncs them, and only then says that they
// landed. A provider that fails is replaced by the next in rendezvous order.
//
// It promises that nothing unverified is used or stored, that a pin is
// complete only when all k+m columns are confirmed, that any k of the k+m
// columns of a stripe give the file back, and that memory stays bounded
// whatever the length of the file. Offline, timed out and corrupt holders are
// three different findings.
//
// It must not know the ledger, gossip or the DHT: it states them as ports.
package pin
