package kernel

// Set is a choice of instructions. The zero Set is the scalar twin, which runs
// everywhere; a Set cannot name instructions that this machine lacks.
type Set struct{ avx2 bool }

// Scalar returns the portable twin.
func Scalar() Set { return Set{} }

// Best returns the fastest set of this machine.
func Best() Set { return Set{avx2: hasAVX2()} }

// String names the instructions: "avx2" or "scalar".
func (s Set) String() string {
	if s.avx2 {
		return "avx2"
	}
	return "scalar"
}
