package roles_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/ipfs/go-cid"
	mh "github.com/multiformats/go-multihash"
	_ "github.com/multiformats/go-multihash/register/blake3" // the hash of every CID

	"autonet/node/roles"
	"autonet/shards/audit"
)

// Columns of a file on the shelf.
const (
	dataColumns   = 10
	parityColumns = 4
)

var errNowhere = errors.New("nobody has the file")

// shelf is every file of a world.
type shelf struct {
	mu    sync.Mutex
	files map[string][]byte
	puts  int // until then happens
	then  func()
}

// onPut calls fn when so many more files are stored.
func (s *shelf) onPut(puts int, fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts, s.then = puts, fn
}

func (s *shelf) put(data []byte) (string, error) {
	sum, err := mh.Sum(data, mh.BLAKE3, 32)
	if err != nil {
		return "", fmt.Errorf("hash a file: %w", err)
	}
	c := cid.NewCidV1(cid.DagCBOR, sum).String()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[c] = bytes.Clone(data)
	if s.puts--; s.puts == 0 {
		s.then()
	}
	return c, nil
}

func (s *shelf) get(c string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.files[c]
	if !ok {
		return nil, fmt.Errorf("%s: %w", c, errNowhere)
	}
	return bytes.Clone(data), nil
}

func (s *shelf) remove(c string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, c)
}

// tray is the shelf as one account reaches it.
type tray struct{ s *seat }

// Pin implements roles.Files.
func (t tray) Pin(_ context.Context, data []byte) (p roles.Pinned, err error) {
	err = t.s.operate(func() error {
		c, err := t.s.w.files.put(data)
		p = roles.Pinned{
			CID: c, Root: sha256.Sum256(data), Size: uint64(len(data)), Data: dataColumns, Parity: parityColumns, Providers: providers,
		}
		return err
	})
	return p, err
}

// Fetch implements roles.Files.
func (t tray) Fetch(_ context.Context, c string, limit int64) (data []byte, err error) {
	err = t.s.operate(func() error {
		if data, err = t.s.w.files.get(c); err == nil && int64(len(data)) > limit {
			return errors.New("the file is larger than that")
		}
		return err
	})
	return data, err
}

// Held implements roles.Files: the providers hold every file between them.
func (t tray) Held(_ context.Context, c string) (roles.Held, error) {
	data, err := t.s.w.files.get(c)
	if err != nil {
		return roles.Held{}, err
	}
	out := roles.Held{
		Root: sha256.Sum256(data), Size: uint64(len(data)), Data: dataColumns, Parity: parityColumns, Auditable: true,
	}
	for i := range uint16(dataColumns + parityColumns) {
		if int(i)%providers+1 == t.s.column {
			out.Columns = append(out.Columns, i)
		}
	}
	return out, nil
}

// Prove implements roles.Files: files on the shelf are whole, not cut into blocks.
func (t tray) Prove(context.Context, string, audit.Place) (audit.Proof, error) {
	return audit.Proof{}, audit.ErrPlace
}
