// Package manifest is the canonical description of a stored file: its length,
// how it is cut and coded, the digest of every block, and the Merkle root that
// the ledger registers.
//
// A manifest is one dag-cbor block of at most MaxEncoded bytes without
// signature, time or publisher, so that its CID is a function of content and
// parameters alone. Blocks are links (tag 42) to raw-leaf CIDv1 blocks, stripe
// by stripe, so that stock IPFS tools can walk and pin it. The same digests
// give a UnixFS file root (see File), with which a stock node reads the data.
//
// Decoding takes hostile bytes: it is bounded, accepts the canonical encoding
// only and returns nothing that Validate refuses. The package must not know
// where blocks are, nor any network or disk.
package manifest
