package abci

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/types"

	"autonet/ledger"
)

// sources are the members that a joiner asks, without those that were caught lying.
type sources struct {
	net SyncSource

	mu   sync.Mutex
	bad  map[string]bool
	turn int
}

func newSources(net SyncSource) *sources { return &sources{net: net, bad: make(map[string]bool)} }

// all lists the members that may be asked.
func (s *sources) all() []string {
	peers := s.net.Peers()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(peers), func(p string) bool { return s.bad[p] })
}

// strike never asks a member again.
func (s *sources) strike(peer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bad[peer] = true
}

// next is a number that grows by one: whose turn it is among members that serve the same.
func (s *sources) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	return s.turn
}

func (s *sources) ask(ctx context.Context, peer string, req syncRequest) (syncAnswer, error) {
	raw, err := ledger.Marshal(req)
	if err != nil {
		return syncAnswer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if raw, err = s.net.Ask(ctx, peer, raw); err != nil {
		return syncAnswer{}, err
	}
	out, err := decodeSyncAnswer(raw)
	if err != nil {
		s.strike(peer)
	}
	return out, err
}

// lightOf asks one member for a light block and checks no more than its height.
func (s *sources) lightOf(ctx context.Context, peer string, height int64) (*types.LightBlock, error) {
	out, err := s.ask(ctx, peer, syncRequest{Ask: askLight, Height: height})
	if err != nil {
		return nil, err
	}
	if len(out.Light) == 0 {
		return nil, errUnknown
	}
	b, err := decodeLight(out.Light)
	if err == nil && b.Height != height {
		err = fmt.Errorf("height %d instead of %d", b.Height, height)
	}
	if err != nil {
		s.strike(peer)
		return nil, err
	}
	return b, nil
}

// light asks one member after the other for a light block that verify accepts. A member whose block is wrong is not asked
// again; that the validators have changed too much since is not its fault.
func (s *sources) light(ctx context.Context, height int64, verify func(*types.LightBlock) error) error {
	errs := []error{errUnknown}
	for _, peer := range s.all() {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := s.lightOf(ctx, peer, height)
		if err == nil {
			if err = verify(b); err == nil {
				return nil
			}
			if far := (light.ErrNewValSetCantBeTrusted{}); errors.As(err, &far) {
				return err
			}
			s.strike(peer)
		}
		if !errors.Is(err, errUnknown) {
			errs = append(errs, fmt.Errorf("%s: %w", peer, err))
		}
	}
	return errors.Join(errs...)
}
