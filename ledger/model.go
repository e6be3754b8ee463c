package ledger

import "fmt"

// Bounds of a model that a project can publish.
const (
	MaxModelBytes      = 1 << 50
	MaxModelParameters = 1 << 50
)

// CheckModel reports why a model cannot be published. Whoever lets others name a model that the ledger is to publish later
// asks it at once: a model that is found to be impossible when a block ends would stop the ledger.
func CheckModel(manifest string, root Hash, size, parameters uint64) error {
	if err := CheckCID(manifest, CodecDagCBOR); err != nil {
		return fmt.Errorf("model manifest: %w", err)
	}
	if root.IsZero() {
		return fmt.Errorf("model: the Merkle root is zero")
	}
	if size == 0 || size > MaxModelBytes || parameters == 0 || parameters > MaxModelParameters {
		return fmt.Errorf("model: %d bytes and %d parameters; both must be between 1 and 2⁵⁰", size, parameters)
	}
	return nil
}
