// Package envelope signs a payload for one purpose and opens it again.
//
// It promises that a payload returned by [Open] was sealed by the returned peer for exactly the given kind, that no
// envelope is larger than [MaxSize], and that one signed content has one encoding, so that nobody but the signer can make
// a second envelope of it with another hash. It must not know what payloads mean.
package envelope
