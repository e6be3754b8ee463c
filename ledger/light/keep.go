package light

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"autonet/internal/atomicfile"
	"autonet/ledger"
	"autonet/ledger/proof"
)

const (
	keptVersion  = 1
	maxKeptBytes = 4 << 20
)

// kept is what the file holds.
type kept struct {
	Version  uint64    `cbor:"version"`
	Network  string    `cbor:"network"`
	Head     []byte    `cbor:"head"` // light block; empty: genesis
	Conflict *Conflict `cbor:"conflict,omitempty"`
}

// load takes up what was trusted before.
func (c *Client) load() error {
	raw, err := os.ReadFile(c.cfg.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the trusted header: %w", err)
	}
	return c.decode(raw)
}

func (c *Client) decode(raw []byte) error {
	var k kept
	if len(raw) > maxKeptBytes {
		return fmt.Errorf("the trusted header in %s: %d bytes: %w", c.cfg.File, len(raw), proof.ErrMalformed)
	}
	if err := ledger.Unmarshal(raw, &k); err != nil {
		return fmt.Errorf("the trusted header in %s is damaged; remove the file, and start with a header to trust: %w", c.cfg.File, err)
	}
	if k.Version != keptVersion || k.Network != c.cfg.Network {
		return fmt.Errorf("the trusted header in %s is of version %d and network %q: %w", c.cfg.File, k.Version, ledger.Clip(k.Network), proof.ErrMalformed)
	}
	c.conflict = k.Conflict
	if len(k.Head) == 0 {
		return nil
	}
	block, err := proof.Light(k.Head, c.cfg.Network)
	if err != nil {
		return fmt.Errorf("the trusted header in %s: %w", c.cfg.File, err)
	}
	c.head, c.prev = block, block
	c.known[block.Height] = proof.FactsOf(block).Hash
	return nil
}

// root takes up the header that the owner trusts.
func (c *Client) root() error {
	if len(c.cfg.Root) == 0 {
		return nil
	}
	doc, facts, err := proof.DecodeHeader(c.cfg.Root)
	if err != nil {
		return fmt.Errorf("the header to trust: %w", err)
	}
	if facts.Network != c.cfg.Network {
		return fmt.Errorf("the header to trust is of network %q, this node's is %q: %w", facts.Network, c.cfg.Network, proof.ErrUntrusted)
	}
	if c.conflict == nil && facts.Height <= c.head.Height {
		if hash, ok := c.known[facts.Height]; ok && hash != facts.Hash {
			return fmt.Errorf("the header to trust contradicts the trusted one of height %d: %w", facts.Height, ErrConflict)
		}
		return nil
	}
	block, err := proof.Light(doc.Light, c.cfg.Network)
	if err != nil {
		return err
	}
	c.head, c.prev, c.conflict = block, block, nil
	c.known = map[int64]ledger.Hash{facts.Height: facts.Hash}
	return c.save()
}

// save writes down what is trusted.
func (c *Client) save() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := kept{Version: keptVersion, Network: c.cfg.Network, Conflict: c.conflict}
	if c.head.Height > 0 {
		raw, err := proof.EncodeLight(c.head)
		if err != nil {
			return err
		}
		k.Head = raw
	}
	raw, err := ledger.Marshal(k)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(c.cfg.File, raw, 0o600); err != nil {
		return fmt.Errorf("keep the trusted header: %w", err)
	}
	return nil
}
