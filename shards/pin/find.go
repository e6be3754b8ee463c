package pin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"

	"autonet/shards/exchange"
	"autonet/shards/manifest"
	"autonet/shards/store"
)

const (
	// queryPeers is how many connected peers are asked at most.
	queryPeers = 64
	// queryTimeout bounds one question whether a peer has something.
	queryTimeout = 3 * time.Second
	// routed is how many providers are asked of the routing.
	routed = 20
)

// localManifest reads a manifest from the store.
func (s *Service) localManifest(c cid.Cid) (*manifest.Manifest, frame, error) {
	encoded, err := s.store.Get(c)
	if err != nil {
		return nil, frame{}, err
	}
	m, err := manifest.Decode(encoded)
	if err != nil {
		return nil, frame{}, err
	}
	return m, frameOf(m, encoded), nil
}

// manifest finds a manifest: here, with the hinted holders, with connected
// peers, by the routing, over bitswap. asked are the peers that had it.
func (s *Service) manifest(ctx context.Context, c cid.Cid, hints []peer.ID, note func(exchange.Finding)) (m *manifest.Manifest, had []peer.ID, err error) {
	if !isManifest(c) {
		return nil, nil, fmt.Errorf("%w: %s names no manifest (want CIDv1, dag-cbor, BLAKE3)", ErrNotFound, c)
	}
	if m, _, err := s.localManifest(c); err == nil {
		return m, nil, nil
	}
	encoded, had, err := s.find(ctx, c, hints, note)
	if err != nil {
		return nil, nil, err
	}
	m, err = manifest.Decode(encoded)
	if err != nil {
		return nil, nil, fmt.Errorf("pin: %s: %w", c, err)
	}
	return m, had, nil
}

// find gets one block by its CID from wherever it can be had.
func (s *Service) find(ctx context.Context, c cid.Cid, hints []peer.ID, note func(exchange.Finding)) ([]byte, []peer.ID, error) {
	if data, err := s.store.Get(c); err == nil && manifest.Verify(c, data) == nil {
		return data, nil, nil
	}
	inner, cancel := context.WithTimeout(ctx, s.cfg.FindTimeout)
	defer cancel()
	first := slices.Clone(hints)
	for p := range s.hinted(c) {
		first = append(first, p)
	}
	steps := []func() []peer.ID{
		func() []peer.ID { return first },
		func() []peer.ID { return s.whoHas(inner, s.connected(), c, note) },
		func() []peer.ID { return s.route(inner, c) },
	}
	tried := map[peer.ID]bool{s.host.ID(): true}
	for _, step := range steps {
		var peers []peer.ID
		for _, p := range step() {
			if !tried[p] {
				tried[p] = true
				peers = append(peers, p)
			}
		}
		if data, from := s.race(inner, peers, c, note); data != nil {
			return data, append([]peer.ID{from}, peers...), nil
		}
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
	}
	var data []byte
	err := s.ex.Fetch(inner, nil, []cid.Cid{c}, func(_ cid.Cid, d []byte) error {
		data = d
		return nil
	})
	if err == nil {
		return data, nil, nil
	}
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	return nil, nil, fmt.Errorf("%w: %s: asked %d peers, the routing and bitswap", ErrNotFound, c, len(tried)-1)
}

// race gets one block from the first of the peers to give it, two at a time.
func (s *Service) race(ctx context.Context, peers []peer.ID, c cid.Cid, note func(exchange.Finding)) ([]byte, peer.ID) {
	const lanes = 2
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	var data []byte
	var from peer.ID
	next := 0
	var wg sync.WaitGroup
	for range min(lanes, len(peers)) {
		wg.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				if next == len(peers) {
					mu.Unlock()
					return
				}
				p := peers[next]
				next++
				mu.Unlock()
				got, err := s.block(ctx, p, exchange.Want{CID: c, Size: -1})
				if err != nil {
					s.noteFinding(err, note)
					continue
				}
				mu.Lock()
				if data == nil {
					data, from = got, p
				}
				mu.Unlock()
				cancel()
				return
			}
		})
	}
	wg.Wait()
	return data, from
}

// noteFinding passes on what an error says about a holder, "missing" aside.
func (s *Service) noteFinding(err error, note func(exchange.Finding)) {
	var f exchange.Finding
	if errors.As(err, &f) && f.Kind != exchange.Missing {
		note(f)
	}
}

// connected are connected peers that may speak the protocol.
func (s *Service) connected() []peer.ID {
	var out []peer.ID
	for _, p := range s.host.Network().Peers() {
		if s.host.Network().Connectedness(p) != network.Connected {
			continue
		}
		known, err := s.host.Peerstore().GetProtocols(p)
		if err == nil && len(known) > 0 && !slices.Contains(known, exchange.Protocol) {
			continue
		}
		if out = append(out, p); len(out) == queryPeers {
			break
		}
	}
	return out
}

// whoHas asks peers whether they have a block and returns once two do, or all
// have answered.
func (s *Service) whoHas(ctx context.Context, peers []peer.ID, c cid.Cid, note func(exchange.Finding)) []peer.ID {
	const enough = 2
	var out []peer.ID
	s.query(ctx, peers, []cid.Cid{c}, note, func(p peer.ID, has []bool) bool {
		if has[0] {
			out = append(out, p)
		}
		return len(out) < enough
	})
	return out
}

// query asks peers which of the blocks they have, all at once, and calls fn
// with each answer until it returns false. It returns when fn has or when all
// have answered or timed out.
func (s *Service) query(ctx context.Context, peers []peer.ID, cids []cid.Cid, note func(exchange.Finding), fn func(p peer.ID, has []bool) bool) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	type reply struct {
		peer peer.ID
		has  []bool
		err  error
	}
	replies := make(chan reply, len(peers))
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	for _, p := range peers {
		wg.Go(func() {
			has, err := s.ex.Have(ctx, p, cids)
			replies <- reply{p, has, err}
		})
	}
	for range peers {
		r := <-replies
		if r.err != nil {
			if errors.Is(r.err, context.DeadlineExceeded) {
				r.err = exchange.Finding{Peer: r.peer, Kind: exchange.TimedOut, Err: r.err}
			}
			s.noteFinding(r.err, note)
			continue
		}
		if !fn(r.peer, r.has) {
			return
		}
	}
}

// route asks the routing who has a manifest and remembers their addresses.
func (s *Service) route(ctx context.Context, c cid.Cid) []peer.ID {
	if s.ports.Routing == nil {
		return nil
	}
	infos, err := s.ports.Routing.FindProviders(ctx, c, routed)
	if err != nil {
		return nil // nobody more is known, which the caller reports
	}
	var out []peer.ID
	for _, info := range infos {
		if info.ID == s.host.ID() {
			continue
		}
		s.host.Peerstore().AddAddrs(info.ID, info.Addrs, peerstore.TempAddrTTL)
		out = append(out, info.ID)
	}
	return out
}

// GetBytes reads a whole file of at most limit bytes, or, for a raw-leaf CID,
// one block.
func (s *Service) GetBytes(ctx context.Context, c cid.Cid, limit int64) ([]byte, error) {
	if !isManifest(c) {
		return s.getBlock(ctx, c, limit)
	}
	m, _, err := s.manifest(ctx, c, nil, func(exchange.Finding) {})
	if err != nil {
		return nil, err
	}
	if m.Size > uint64(max(limit, 0)) {
		return nil, fmt.Errorf("%w: %s has %d bytes, at most %d are wanted", ErrTooLarge, c, m.Size, limit)
	}
	var buf bytes.Buffer
	buf.Grow(int(m.Size))
	if _, err := s.Get(ctx, c, &buf, GetOptions{}); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func (s *Service) getBlock(ctx context.Context, c cid.Cid, limit int64) ([]byte, error) {
	if _, _, err := manifest.Split(c); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	data, _, err := s.find(ctx, c, nil, s.count)
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes, at most %d are wanted", ErrTooLarge, c, len(data), limit)
	}
	return data, nil
}

// count adds a finding to the counters.
func (s *Service) count(f exchange.Finding) {
	switch f.Kind {
	case exchange.Corrupt:
		s.corrupt.Add(1)
	case exchange.Offline:
		s.offline.Add(1)
	case exchange.TimedOut:
		s.timedOut.Add(1)
	default:
	}
}

// Usage is what the store holds.
func (s *Service) Usage() store.Usage { return s.store.Usage() }
