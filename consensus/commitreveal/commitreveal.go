package commitreveal

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Kinds of commitments.
const (
	KindTruth    = "truth"
	KindSolution = "solution"
	KindVote     = "vote"
	KindVerdict  = "verdict"
	KindTrap     = "trap"
)

const (
	tagCommit  = "autonet/commit/v1"
	tagDraw    = "autonet/draw/v1"
	tagBinding = "autonet/binding/v1"
	tagSalts   = "autonet/salts/v1"
)

// hashParts is SHA-256 over the parts, each prefixed by its length as four big-endian bytes.
func hashParts(parts ...[]byte) [32]byte {
	h := sha256.New()
	var size [4]byte
	for _, part := range parts {
		binary.BigEndian.PutUint32(size[:], uint32(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	return [32]byte(h.Sum(nil))
}

// Commit is SHA-256("autonet/commit/v1" ‖ kind ‖ network ‖ task ‖ account ‖ cid ‖ salt), every part length-prefixed.
// It binds the account: a copied commitment cannot be opened by the copier.
func Commit(kind, network, task, account, cid string, salt [32]byte) [32]byte {
	return hashParts([]byte(tagCommit), []byte(kind), []byte(network), []byte(task), []byte(account), []byte(cid), salt[:])
}

// DrawIntervals draws q distinct indexes out of [0, n), ascending: the last one always, and q−1 others by a
// Fisher–Yates shuffle whose numbers are the first eight bytes of
// SHA-256("autonet/draw/v1" ‖ chainSalt ‖ drawHash ‖ task ‖ solver ‖ counter). A q of n or more is every index; n or q
// below one is none.
func DrawIntervals(chainSalt, drawHash [32]byte, task, solver string, n, q int) []int {
	if n < 1 || q < 1 {
		return nil
	}
	rest := make([]int, n-1)
	for i := range rest {
		rest[i] = i
	}
	take := min(q-1, len(rest))
	for i := range take {
		var counter [4]byte
		binary.BigEndian.PutUint32(counter[:], uint32(i))
		sum := hashParts([]byte(tagDraw), chainSalt[:], drawHash[:], []byte(task), []byte(solver), counter[:])
		j := i + int(binary.BigEndian.Uint64(sum[:8])%uint64(len(rest)-i))
		rest[i], rest[j] = rest[j], rest[i]
	}
	drawn := append(rest[:take], n-1)
	slices.Sort(drawn)
	return drawn
}

// Binding is SHA-256("autonet/binding/v1" ‖ account ‖ chainSalt ‖ the step hashes of one interval, concatenated), every
// part length-prefixed: only who has the hashes can make it, and only its account can use it.
func Binding(account string, chainSalt [32]byte, hashes [][32]byte) [32]byte {
	joined := make([]byte, 0, len(hashes)*sha256.Size)
	for _, h := range hashes {
		joined = append(joined, h[:]...)
	}
	return hashParts([]byte(tagBinding), []byte(account), chainSalt[:], joined)
}
