// Package commitreveal holds the fixed hashes by which one promises first and shows later: commitments, the salt chain
// of coordinators, the draw of the intervals to replay and the binding of a vote to the replay behind it.
//
// What it promises. Pure functions of their arguments, the same on every machine and in every version: each is bound by
// a tag and by length-prefixed parts, so that no two lists of parts share an image.
//
// It must not know the ledger, a store or a transport.
package commitreveal
