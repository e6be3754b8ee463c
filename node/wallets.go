package node

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"autonet/ledger"
	"autonet/node/api/types"
	"autonet/p2p/host"
)

// ownWallet names the node's own key.
const ownWallet = "node"

// maxWallets bounds the keys of one home.
const maxWallets = 256

// wallets are the keys of a home: the node's own and those its owner made beside it. It is safe for concurrent use.
type wallets struct {
	dir  string
	own  *sender
	make func(key ed25519.PrivateKey) *sender

	mu    sync.Mutex
	known map[string]*sender
}

func newWallets(dir string, own *sender, make func(key ed25519.PrivateKey) *sender) *wallets {
	return &wallets{dir: dir, own: own, make: make, known: map[string]*sender{}}
}

func validWallet(name string) bool {
	return name != ownWallet && regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`).MatchString(name)
}

func (w *wallets) file(name string) string { return filepath.Join(w.dir, name+".key") }

// sender returns what signs for a wallet; an empty name is the node's own key.
func (w *wallets) sender(name string) (*sender, error) {
	if name == "" || name == ownWallet {
		return w.own, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, ok := w.known[name]; ok {
		return s, nil
	}
	if !validWallet(name) {
		return nil, types.NewError(types.CodeUsage, fmt.Sprintf("%q cannot name a wallet", ledger.Clip(name)), "", "use 1 to 32 of a-z, 0-9 and -")
	}
	if _, err := os.Stat(w.file(name)); errors.Is(err, os.ErrNotExist) {
		return nil, types.NewError(types.CodeNotFound, "there is no wallet "+name, "", "make it with: autonet wallet new "+name)
	}
	return w.open(name)
}

// open loads or makes the key of a name; the caller holds the lock.
func (w *wallets) open(name string) (*sender, error) {
	key, err := host.LoadOrCreateKey(w.file(name))
	if err != nil {
		return nil, err
	}
	raw, err := key.Raw()
	if err != nil || len(raw) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("wallet %s holds no Ed25519 key", name)
	}
	s := w.make(raw)
	w.known[name] = s
	return s, nil
}

// create makes a new key.
func (w *wallets) create(name string) (types.Wallet, error) {
	if !validWallet(name) {
		return types.Wallet{}, types.NewError(types.CodeUsage, fmt.Sprintf("%q cannot name a wallet", ledger.Clip(name)), "", "use 1 to 32 of a-z, 0-9 and -")
	}
	all, err := w.list()
	if err != nil {
		return types.Wallet{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := os.Stat(w.file(name)); err == nil {
		return types.Wallet{}, types.NewError(types.CodeFailed, "there is a wallet "+name+" already", "", "choose another name")
	}
	if len(all) >= maxWallets {
		return types.Wallet{}, types.NewError(types.CodeFailed, fmt.Sprintf("the home holds %d wallets", len(all)), "", "use another --home")
	}
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return types.Wallet{}, fmt.Errorf("make the folder of wallets: %w", err)
	}
	s, err := w.open(name)
	if err != nil {
		return types.Wallet{}, err
	}
	return types.Wallet{Name: name, Account: string(s.account)}, nil
}

// list returns the home's keys, the node's own first.
func (w *wallets) list() ([]types.Wallet, error) {
	out := []types.Wallet{{Name: ownWallet, Account: string(w.own.account)}}
	entries, err := os.ReadDir(w.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the folder of wallets: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".key"); ok && validWallet(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		s, err := w.sender(name)
		if err != nil {
			return nil, err
		}
		out = append(out, types.Wallet{Name: name, Account: string(s.account)})
	}
	return out, nil
}
