package light

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	comet "github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/types"

	"autonet/ledger"
	"autonet/ledger/proof"
)

// Update asks the sources for their last headers and goes on to the highest that verifies.
func (c *Client) Update(ctx context.Context) error {
	c.work.Lock()
	defer c.work.Unlock()
	head, _, err := c.stand()
	if err != nil {
		return err
	}
	var offers []offer
	sources := c.sources()
	for _, s := range sources[:min(len(sources), maxAsked)] {
		block, err := c.fetch(ctx, s, 0)
		if err == nil {
			offers = append(offers, offer{s, block})
		}
	}
	slices.SortStableFunc(offers, func(a, b offer) int { return cmp.Compare(b.block.Height, a.block.Height) })
	errs := []error{}
	for _, o := range offers {
		err := c.consider(ctx, head, o)
		if err == nil || errors.Is(err, ErrConflict) || errors.Is(err, ErrExpired) {
			return err
		}
		errs = append(errs, fmt.Errorf("%s: %w", o.source.Name(), err))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.Join(append([]error{ErrNoSource}, errs...)...)
}

// offer is a header that a source holds out.
type offer struct {
	source Source
	block  *types.LightBlock
}

// Take goes on to a header that came by itself, such as by gossip.
func (c *Client) Take(ctx context.Context, raw []byte, from string) error {
	block, err := proof.Light(raw, c.cfg.Network)
	if err != nil {
		return err
	}
	c.work.Lock()
	defer c.work.Unlock()
	head, _, err := c.stand()
	if err != nil {
		return err
	}
	return c.consider(ctx, head, offer{anySource{c, from}, block})
}

// Check reports whether a header follows from the last trusted one without another between. It changes nothing.
func (c *Client) Check(raw []byte) error {
	block, err := proof.Light(raw, c.cfg.Network)
	if err != nil {
		return err
	}
	head, _, err := c.stand()
	if err != nil {
		return err
	}
	if hash, ok := c.hashAt(block.Height); ok {
		if hash != proof.FactsOf(block).Hash {
			return fmt.Errorf("another header of height %d is trusted", block.Height)
		}
		return nil
	}
	return c.verify(head, block)
}

// anySource is whoever can be asked, for headers between one that nobody in particular brought and the last trusted.
type anySource struct {
	c    *Client
	name string
}

// Name implements Source.
func (a anySource) Name() string { return a.name }

// LightBlock implements Source.
func (a anySource) LightBlock(ctx context.Context, height int64) ([]byte, error) {
	err := ErrNoSource
	for _, s := range a.c.sources() {
		var raw []byte
		if raw, err = s.LightBlock(ctx, height); err == nil {
			return raw, nil
		}
	}
	return nil, err
}

// Proof implements Source.
func (a anySource) Proof(context.Context, []string, int64) ([]byte, error) { return nil, ErrNoSource }

// consider goes on to an offered header if it verifies and nobody contradicts it.
func (c *Client) consider(ctx context.Context, head *types.LightBlock, o offer) error {
	if o.block.Height <= head.Height {
		return c.compare(ctx, o)
	}
	if err := c.reach(ctx, head, o.block, o.source); err != nil {
		if blames(err) {
			c.strike(o.source, err)
		}
		return err
	}
	agreed, err := c.witness(ctx, head, o)
	if err != nil {
		return err
	}
	return c.accept(o.block, agreed)
}

// compare looks whether an offered header at or below the last trusted one contradicts a trusted one.
func (c *Client) compare(ctx context.Context, o offer) error {
	hash, ok := c.hashAt(o.block.Height)
	if !ok || hash == proof.FactsOf(o.block).Hash {
		return nil
	}
	head, prev, err := c.stand()
	if err != nil || o.block.Height != head.Height {
		return err
	}
	if err := c.reach(ctx, prev, o.block, o.source); err != nil {
		c.strike(o.source, err)
		return err
	}
	return c.halt(prev, head, o)
}

// witness compares a verified header with what other sources have at its height, and returns how many agree.
func (c *Client) witness(ctx context.Context, head *types.LightBlock, o offer) (agreed int, err error) {
	asked := 0
	for _, s := range c.sources() {
		if s.Name() == o.source.Name() {
			continue
		}
		if asked == maxWitness {
			break
		}
		other, err := c.fetch(ctx, s, o.block.Height)
		if err != nil {
			continue
		}
		asked++
		if bytes.Equal(other.Hash(), o.block.Hash()) {
			agreed++
			continue
		}
		if err := c.reach(ctx, head, other, s); err != nil {
			if blames(err) {
				c.strike(s, err)
			}
			continue
		}
		return agreed, c.halt(head, o.block, offer{s, other})
	}
	return agreed, ctx.Err()
}

// halt keeps the evidence of two contradicting headers and stops.
func (c *Client) halt(base, first *types.LightBlock, second offer) error {
	one, err := proof.EncodeLight(first)
	if err != nil {
		return err
	}
	two, err := proof.EncodeLight(second.block)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.conflict = &Conflict{Height: first.Height, Base: base.Height, First: one, Second: two, From: second.source.Name()}
	c.mu.Unlock()
	c.cfg.Log.Error("two signed headers of one height contradict each other", slog.Int64("height", first.Height),
		slog.String("first", proof.FactsOf(first).Hash.String()), slog.String("second", proof.FactsOf(second.block).Hash.String()),
		slog.String("from", second.source.Name()))
	return errors.Join(ErrConflict, c.save())
}

// accept makes a verified header the trusted one.
func (c *Client) accept(block *types.LightBlock, agreed int) error {
	c.mu.Lock()
	c.prev, c.head, c.witnesses = c.head, block, agreed
	c.known[block.Height] = proof.FactsOf(block).Hash
	if len(c.known) > keepKnown {
		oldest := block.Height
		for height := range c.known {
			oldest = min(oldest, height)
		}
		delete(c.known, oldest)
	}
	c.mu.Unlock()
	return c.save()
}

func (c *Client) hashAt(height int64) (ledger.Hash, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hash, ok := c.known[height]
	return hash, ok
}

// fetch asks a source for a light block. One that is not what it should be is a lie.
func (c *Client) fetch(ctx context.Context, s Source, height int64) (*types.LightBlock, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	raw, err := s.LightBlock(ctx, height)
	if err != nil {
		return nil, err
	}
	block, err := proof.Light(raw, c.cfg.Network)
	if err == nil && height != 0 && block.Height != height {
		err = fmt.Errorf("height %d instead of %d: %w", block.Height, height, proof.ErrMalformed)
	}
	if err != nil {
		c.strike(s, err)
		return nil, err
	}
	return block, nil
}

// reach verifies a header from a trusted one, over headers between them where the validators have changed too much.
func (c *Client) reach(ctx context.Context, trusted, target *types.LightBlock, s Source) error {
	todo := []*types.LightBlock{target}
	for range maxSteps {
		next := todo[len(todo)-1]
		err := c.verify(trusted, next)
		far := comet.ErrNewValSetCantBeTrusted{}
		switch {
		case err == nil:
			if trusted, todo = next, todo[:len(todo)-1]; len(todo) == 0 {
				return nil
			}
		case errors.As(err, &far) && next.Height-trusted.Height > 1:
			pivot, err := c.fetch(ctx, s, trusted.Height+(next.Height-trusted.Height)/2)
			if err != nil {
				return fmt.Errorf("a header on the way to height %d: %w: %w", target.Height, errOnTheWay, err)
			}
			todo = append(todo, pivot)
		default:
			return err
		}
	}
	return fmt.Errorf("height %d is more than %d steps away", target.Height, maxSteps)
}

// errOnTheWay reports a header that could not be had, which is no lie.
var errOnTheWay = errors.New("not to be had")

// blames reports whether a failed verification is the fault of who brought the header.
func blames(err error) bool {
	return !errors.Is(err, ErrExpired) && !errors.Is(err, errOnTheWay) && !errors.Is(err, errAhead) &&
		!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// errAhead reports a header from this node's future: one of the two clocks is wrong.
var errAhead = errors.New("the header is of the future; check this machine's clock")

// verify checks a header with a trusted one.
func (c *Client) verify(trusted, next *types.LightBlock) error {
	now := c.cfg.Now()
	if comet.HeaderExpired(trusted.SignedHeader, c.cfg.Period, now) {
		return fmt.Errorf("height %d of %s: %w", trusted.Height, trusted.Time.UTC(), ErrExpired)
	}
	if !next.Time.Before(now.Add(clockDrift)) {
		return fmt.Errorf("height %d of %s: %w", next.Height, next.Time.UTC(), errAhead)
	}
	return guarded(func() error {
		return comet.Verify(trusted.SignedHeader, trusted.ValidatorSet, next.SignedHeader, next.ValidatorSet,
			c.cfg.Period, now, clockDrift, comet.DefaultTrustLevel)
	})
}

// guarded turns a panic of a library over outside bytes into an error.
func guarded(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return fn()
}
