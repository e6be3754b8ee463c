// Package merkle computes Merkle roots, paths and their verification, in the
// form of RFC 6962 (section 2.1) with SHA-256.
//
// A leaf is hashed as SHA-256(0x00 ‖ data) and an inner node as
// SHA-256(0x01 ‖ left ‖ right), so that no inner node can pass for a leaf. A
// list that is not a power of two splits at the largest power of two below its
// length; no leaf is ever duplicated. The root of no leaves is SHA-256 of
// nothing.
//
// The package promises to be pure: no I/O, no clock, no randomness, no state,
// the same answer everywhere and forever, since roots are registered on the
// ledger. It must not know what the leaves mean.
package merkle
