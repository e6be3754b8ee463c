// Package erasure cuts a stream into stripes of k data blocks and adds m
// Reed–Solomon parity blocks over GF(2⁸) to each, and rebuilds what is lost.
//
// The code is systematic: the data blocks of a stripe are the bytes of the
// stream, unpadded, so the last blocks of the last stripe may be short or
// empty. Parity is computed over blocks padded with zeros to the block size
// and is always a whole block long. The matrix is the Vandermonde-derived one
// that klauspost/reedsolomon uses by default.
//
// It promises bounded memory (a stripe, whatever the length of the stream) and
// a result that depends on the bytes and the parameters alone. It must not
// know hashes, CIDs, networks or disks.
package erasure
