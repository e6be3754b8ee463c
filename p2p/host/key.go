package host

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/libp2p/go-libp2p/core/crypto"
)

// maxKeyFile bounds what is read from a key file; a marshalled Ed25519 key has 68 bytes.
const maxKeyFile = 1024

// KeyFileError says why an identity file was refused and what to do about it.
type KeyFileError struct {
	Path   string
	Reason string
	Fix    string
	Err    error // the cause, may be nil
}

func (e *KeyFileError) Error() string {
	return fmt.Sprintf("identity key %s: %s; %s", e.Path, e.Reason, e.Fix)
}

func (e *KeyFileError) Unwrap() error { return e.Err }

// LoadOrCreateKey returns the Ed25519 key in path, a raw libp2p private key in its protobuf form. A missing file is
// created atomically with mode 0600, its folder with 0700; of several processes that create it at once all get the
// same key. A file of another type, another key type or with access for others is refused with a [KeyFileError].
func LoadOrCreateKey(path string) (crypto.PrivKey, error) {
	key, err := loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := createKey(path); err != nil {
		return nil, err
	}
	return loadKey(path)
}

func loadKey(path string) (crypto.PrivKey, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("read the identity key: %w", err)
	}
	const restore = "restore it from a backup, or move it away to start with a new identity"
	switch {
	case !info.Mode().IsRegular():
		return nil, &KeyFileError{Path: path, Reason: "not a regular file", Fix: "give the path of a plain file"}
	case info.Mode().Perm()&0o077 != 0:
		return nil, &KeyFileError{
			Path: path, Reason: fmt.Sprintf("others may read it (mode %04o)", info.Mode().Perm()),
			Fix: "run: chmod 600 " + path,
		}
	case info.Size() > maxKeyFile:
		return nil, &KeyFileError{Path: path, Reason: "too large for a private key", Fix: restore}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the identity key: %w", err)
	}
	key, err := crypto.UnmarshalPrivateKey(raw)
	if err != nil {
		return nil, &KeyFileError{Path: path, Reason: "not a libp2p private key", Fix: restore, Err: err}
	}
	if key.Type() != crypto.Ed25519 {
		return nil, &KeyFileError{Path: path, Reason: "a " + key.Type().String() + " key, not Ed25519", Fix: restore}
	}
	return key, nil
}

// createKey writes a new key and leaves an existing file alone.
func createKey(path string) (err error) {
	priv, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return fmt.Errorf("create an identity: %w", err)
	}
	raw, err := crypto.MarshalPrivateKey(priv)
	if err != nil {
		return fmt.Errorf("encode the identity: %w", err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create the identity's folder: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".identity.*") // mode 0600
	if err != nil {
		return fmt.Errorf("create the identity key: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.Write(raw)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return fmt.Errorf("write the identity key: %w", err)
	}
	// A link, unlike a rename, fails when somebody else was first.
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write the identity key: %w", err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync the identity's folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
