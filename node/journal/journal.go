package journal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"autonet/internal/atomicfile"
)

// ErrMissing says that no record has that key.
var ErrMissing = errors.New("no such record")

// Journal is a folder of records. It is safe for concurrent use on different keys.
type Journal struct{ dir string }

// Open makes the folder if need be.
func Open(dir string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the job journal: %w", err)
	}
	return &Journal{dir: dir}, nil
}

// Put stores v under key, durably: after it returns nil, a crash cannot lose the record.
func (j *Journal) Put(key string, v any) error {
	raw, err := cbor.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode record %q: %w", key, err)
	}
	if err := atomicfile.Write(j.path(key), raw, 0o600); err != nil {
		return fmt.Errorf("store record %q: %w", key, err)
	}
	return nil
}

// Get reads the record under key into v; ErrMissing if there is none.
func (j *Journal) Get(key string, v any) error {
	raw, err := os.ReadFile(j.path(key))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("record %q: %w", key, ErrMissing)
	}
	if err != nil {
		return fmt.Errorf("read record %q: %w", key, err)
	}
	if err := cbor.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("decode record %q: %w", key, err)
	}
	return nil
}

// Delete forgets the record under key; a missing one is no error.
func (j *Journal) Delete(key string) error {
	if err := os.Remove(j.path(key)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("delete record %q: %w", key, err)
	}
	return nil
}

func (j *Journal) path(key string) string {
	safe := strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, key)
	if safe != key || strings.HasPrefix(key, ".") {
		safe = "x" + hex.EncodeToString([]byte(key))
	}
	return filepath.Join(j.dir, safe+".cbor")
}
