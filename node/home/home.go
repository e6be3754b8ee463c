package home

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

var (
	// ErrRunning says that another process holds the home's lock.
	ErrRunning = errors.New("a node is already running in this home")
	// ErrNotInitialised says that the folder holds no node.
	ErrNotInitialised = errors.New("no node lives in this home")
	// ErrExists says that a node lives in the folder already.
	ErrExists = errors.New("a node lives in this home already")
)

// Home is a node's folder. The zero value is not usable; make one with At.
type Home struct{ dir string }

// At names the folder; it touches nothing.
func At(dir string) Home { return Home{dir: filepath.Clean(dir)} }

// Dir is the folder itself.
func (h Home) Dir() string { return h.dir }

// Config is the configuration file.
func (h Home) Config() string { return filepath.Join(h.dir, "config.toml") }

// Identity is the private key whose public half is the account and the peer ID.
func (h Home) Identity() string { return filepath.Join(h.dir, "identity.key") }

// Genesis is the network's first state.
func (h Home) Genesis() string { return filepath.Join(h.dir, "genesis.json") }

// ValidatorKey is the key that signs blocks.
func (h Home) ValidatorKey() string { return filepath.Join(h.dir, "validator", "key.json") }

// ValidatorState is the last block vote signed, which protects against signing twice.
func (h Home) ValidatorState() string { return filepath.Join(h.dir, "validator", "state.json") }

// Signer is the seed of the key that signs for the account, if it is no longer the identity.
func (h Home) Signer() string { return filepath.Join(h.dir, "signer.key") }

// NextSigner is the seed of the signing key that waits for its epoch.
func (h Home) NextSigner() string { return filepath.Join(h.dir, "signer-next.key") }

// NextValidator is the seed of the consensus key that waits for its epoch.
func (h Home) NextValidator() string { return filepath.Join(h.dir, "validator", "next.key") }

// Salts is the secret seed of a coordinator's salt chain.
func (h Home) Salts() string { return filepath.Join(h.dir, "validator", "salts.key") }

// Ledger is the folder of blocks and state.
func (h Home) Ledger() string { return filepath.Join(h.dir, "data", "ledger") }

// Wallets is the folder of the owner's other keys.
func (h Home) Wallets() string { return filepath.Join(h.dir, "wallets") }

// Shards is the folder of the block store.
func (h Home) Shards() string { return filepath.Join(h.dir, "data", "shards") }

// Jobs is the folder of the job journal.
func (h Home) Jobs() string { return filepath.Join(h.dir, "data", "jobs") }

// Light is the last header that a light node trusted.
func (h Home) Light() string { return filepath.Join(h.dir, "data", "light.cbor") }

// Peers is the file of peers worth meeting again.
func (h Home) Peers() string { return filepath.Join(h.dir, "data", "peers.json") }

// Grant is the one-use key of the invitation the home was made with, until it is claimed.
func (h Home) Grant() string { return filepath.Join(h.dir, "grant.key") }

// Log is where a node started by another program writes its log.
func (h Home) Log() string { return filepath.Join(h.dir, "node.log") }

func (h Home) lock() string { return filepath.Join(h.dir, "node.lock") }

// Initialised reports whether a node lives here.
func (h Home) Initialised() bool {
	_, err := os.Stat(h.Config())
	return err == nil
}

// Make creates the folders of a new home, private to their owner. ErrExists if a node lives here.
func (h Home) Make() error {
	if h.Initialised() {
		return fmt.Errorf("%s: %w", h.dir, ErrExists)
	}
	for _, dir := range []string{h.dir, filepath.Dir(h.ValidatorKey()), h.Ledger(), h.Shards(), h.Jobs()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the home: %w", err)
		}
	}
	return nil
}

// Lock is the right of one process to use a home.
type Lock struct{ f *os.File }

// Acquire takes the lock, or ErrRunning with the process that holds it. The kernel frees it when the process dies,
// however it dies, so that no stale lock is ever left behind.
func (h Home) Acquire() (*Lock, error) {
	if !h.Initialised() {
		return nil, fmt.Errorf("%s: %w", h.dir, ErrNotInitialised)
	}
	for {
		l, err := h.tryLock()
		if l != nil || err != nil {
			return l, err
		}
	}
}

// tryLock returns neither lock nor error when the file was removed between opening and locking it.
func (h Home) tryLock() (_ *Lock, err error) {
	f, err := os.OpenFile(h.lock(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	keep := false
	defer func() {
		if !keep {
			err = errors.Join(err, f.Close())
		}
	}()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%s (process %s): %w", h.dir, readPID(f), ErrRunning)
	}
	mine, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at the lock: %w", err)
	}
	if named, err := os.Stat(h.lock()); err != nil || !os.SameFile(mine, named) {
		return nil, nil //nolint:nilnil // the caller tries again
	}
	if err := f.Truncate(0); err != nil {
		return nil, fmt.Errorf("write the lock: %w", err)
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return nil, fmt.Errorf("write the lock: %w", err)
	}
	keep = true
	return &Lock{f: f}, nil
}

// Release gives the lock back and removes its file.
func (l *Lock) Release() error {
	return errors.Join(os.Remove(l.f.Name()), l.f.Close())
}

func readPID(f *os.File) string {
	buf := make([]byte, 16)
	n, _ := f.ReadAt(buf, 0)
	if pid := strings.TrimSpace(string(buf[:n])); pid != "" {
		return pid
	}
	return "unknown"
}
