package commitreveal

import "crypto/sha256"

// A salt chain is s₀ = SHA-256(tag ‖ seed), sᵢ₊₁ = SHA-256(sᵢ). The owner publishes s_n, the head, and shows the salts
// backwards: each shown salt is the preimage of the head before it.

// SaltChain returns the head of a chain with n salts to show.
func SaltChain(seed [32]byte, n int) [32]byte { return SaltAt(seed, n) }

// SaltAt returns salt i of the chain, 0 the deepest; with n = i it is the head.
func SaltAt(seed [32]byte, i int) [32]byte {
	salt := hashParts([]byte(tagSalts), seed[:])
	for range i {
		salt = sha256.Sum256(salt[:])
	}
	return salt
}

// Precedes reports whether salt lies on the chain behind head, at most depth places: hashing it one to depth times
// gives head.
func Precedes(salt, head [32]byte, depth int) bool {
	for range depth {
		salt = sha256.Sum256(salt[:])
		if salt == head {
			return true
		}
	}
	return false
}
