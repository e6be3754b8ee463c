package light

import (
	"context"
	"errors"
	"fmt"

	"autonet/ledger/proof"
)

// Read returns what the state holds under a name, as a source proves it against the last trusted header: the state before
// the block of [Status.Height]. It asks one source after the other.
func (c *Client) Read(ctx context.Context, words []string) (proof.Statement, proof.Proof, error) {
	head, _, err := c.stand()
	if err != nil {
		return proof.Statement{}, proof.Proof{}, err
	}
	if head.Height < 2 {
		return proof.Statement{}, proof.Proof{}, fmt.Errorf("no header that commits to a state is trusted yet: %w", ErrNoSource)
	}
	hash := proof.FactsOf(head).Hash
	errs := []error{ErrNoSource}
	for _, s := range c.sources() {
		p, err := c.ask(ctx, s, words, head.Height-1)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Name(), err))
			continue
		}
		said, err := proof.Verify(p, proof.Trusted{Network: c.cfg.Network, Hash: hash})
		if err == nil && !same(p.What, words) {
			err = fmt.Errorf("it proves something else: %w", proof.ErrForged)
		}
		if err == nil {
			return said, p, nil
		}
		if !errors.Is(err, proof.ErrUnreadable) {
			c.strike(s, err)
		}
		errs = append(errs, fmt.Errorf("%s: %w", s.Name(), err))
	}
	return proof.Statement{}, proof.Proof{}, errors.Join(errs...)
}

func (c *Client) ask(ctx context.Context, s Source, words []string, height int64) (proof.Proof, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	raw, err := s.Proof(ctx, words, height)
	if err != nil {
		return proof.Proof{}, err
	}
	p, err := proof.Decode(raw)
	if err != nil {
		c.strike(s, err)
	}
	return p, err
}

func same(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Header returns the last trusted header as a document.
func (c *Client) Header() (proof.Header, error) {
	head, _, err := c.stand()
	if err != nil {
		return proof.Header{}, err
	}
	if head.Height < 1 {
		return proof.Header{}, fmt.Errorf("no header is trusted yet: %w", ErrNoHeader)
	}
	light, err := proof.EncodeLight(head)
	return proof.Header{Version: proof.Version, Network: c.cfg.Network, Light: light}, err
}
