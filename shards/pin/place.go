package pin

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
	"lukechampine.com/blake3"

	"autonet/shards/manifest"
)

// Rank orders providers for one column of a manifest by weighted rendezvous
// hashing, best first: each draws −ln(u) / weight with u uniform from
// BLAKE3("autonet/place/v1" ‖ CID ‖ column ‖ peer) and weight = free capacity ×
// (reputation + 1); the least wins. Providers without free capacity are left
// out. The order of the rest does not change when another comes or goes.
func Rank(c cid.Cid, column int, providers []Provider) []Provider {
	type drawn struct {
		Provider
		draw float64
	}
	list := make([]drawn, 0, len(providers))
	for _, p := range providers {
		if p.Free == 0 {
			continue
		}
		buf := append([]byte("autonet/place/v1"), c.Bytes()...)
		buf = binary.BigEndian.AppendUint16(buf, uint16(column))
		buf = append(buf, p.ID...)
		sum := blake3.Sum256(buf)
		// 53 bits make u exact, and never 0 or 1.
		u := (float64(binary.BigEndian.Uint64(sum[:])>>11) + 0.5) / (1 << 53)
		list = append(list, drawn{p, -math.Log(u) / (float64(p.Free) * float64(p.Reputation+1))})
	}
	slices.SortFunc(list, func(a, b drawn) int {
		switch {
		case a.draw < b.draw:
			return -1
		case a.draw > b.draw:
			return 1
		default:
			return slices.Compare([]byte(a.ID), []byte(b.ID))
		}
	})
	out := make([]Provider, len(list))
	for i, d := range list {
		out[i] = d.Provider
	}
	return out
}

// Assign gives each column that want lists to a provider: the first in its
// rendezvous order with room and with fewer than ⌈n/p⌉ columns, n being all
// columns and p the providers. taken counts the columns each has already.
// Columns that nobody has room for are left out.
func Assign(c cid.Cid, n int, want []int, size uint64, providers []Provider, taken map[peer.ID]int) map[peer.ID][]int {
	out := map[peer.ID][]int{}
	if len(providers) == 0 {
		return out
	}
	limit := (n + len(providers) - 1) / len(providers)
	for _, j := range want {
		for _, p := range Rank(c, j, providers) {
			mine := len(out[p.ID])
			if taken[p.ID]+mine < limit && uint64(taken[p.ID]+mine+1)*size <= p.Free {
				out[p.ID] = append(out[p.ID], j)
				break
			}
		}
	}
	return out
}

// place puts every column with a provider and confirms it. Providers that fail
// are replaced by the next in rendezvous order. The blocks are in the store,
// and the caller syncs what stays here.
func (s *Service) place(ctx context.Context, m *manifest.Manifest, f frame, p *progress) ([]ColumnInfo, error) {
	self := s.host.ID()
	columns := make([]ColumnInfo, m.Shards())
	var want []int
	for j := range columns {
		columns[j] = ColumnInfo{Index: j, Holder: self}
		want = append(want, j)
	}
	var providers []Provider
	if s.ports.Providers != nil {
		list, err := s.ports.Providers(ctx)
		if err != nil {
			return nil, fmt.Errorf("pin: ask for the providers: %w", err)
		}
		providers = distinct(list)
	}
	if !slices.ContainsFunc(providers, func(p Provider) bool { return p.ID != self }) {
		for j := range columns {
			columns[j].Confirmed = true
		}
		p.add(0, len(columns))
		return columns, nil
	}
	taken := map[peer.ID]int{}
	size := m.ColumnLen(m.Shards() - 1)
	if m.M == 0 {
		size = m.ColumnLen(0)
	}
	providers = slices.DeleteFunc(providers, func(p Provider) bool { return p.Free == 0 || p.Free < size })
	for len(want) > 0 && len(providers) > 0 {
		plan := Assign(f.cid, m.Shards(), want, size, providers, taken)
		if len(plan) == 0 {
			break
		}
		results := s.askAll(ctx, f, plan, p)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for id, cols := range plan {
			err := results[id]
			for _, j := range cols {
				columns[j] = ColumnInfo{Index: j, Holder: id, Confirmed: err == nil}
				if err != nil {
					columns[j].Holder, columns[j].Reason = self, fmt.Sprintf("%s: %v", id, err)
				}
			}
			if err == nil {
				taken[id] += len(cols)
				continue
			}
			providers = slices.DeleteFunc(providers, func(p Provider) bool { return p.ID == id })
		}
		want = nil
		for j, c := range columns {
			if !c.Confirmed {
				want = append(want, j)
			}
		}
	}
	for _, j := range want {
		if columns[j].Reason == "" {
			columns[j].Reason = "no provider has room for it"
		}
	}
	return columns, nil
}

func distinct(list []Provider) []Provider {
	var out []Provider
	for _, p := range list {
		if !slices.ContainsFunc(out, func(q Provider) bool { return q.ID == p.ID }) {
			out = append(out, p)
		}
	}
	return out
}

// askAll asks every provider of a plan at once and returns how each ended.
func (s *Service) askAll(ctx context.Context, f frame, plan map[peer.ID][]int, p *progress) map[peer.ID]error {
	results := make(map[peer.ID]error, len(plan))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for id, cols := range plan {
		wg.Go(func() {
			var err error
			if id != s.host.ID() {
				err = s.ask(ctx, f, id, cols)
			}
			mu.Lock()
			results[id] = err
			mu.Unlock()
			if err == nil {
				p.add(0, len(cols))
			}
		})
	}
	wg.Wait()
	return results
}

// ask asks one provider to hold columns and waits until they have landed.
func (s *Service) ask(ctx context.Context, f frame, id peer.ID, cols []int) error {
	r := request{Op: opHold, CID: f.cid.Bytes()}
	for _, j := range cols {
		r.Columns = append(r.Columns, uint16(j))
	}
	slices.Sort(r.Columns)
	if encoded := f.blocks[0].Data; len(encoded) <= inlineManifest {
		r.Manifest = encoded
	}
	err := s.request(ctx, id, r)
	if err == nil {
		s.hint(f.cid, id, r.Columns)
	}
	return err
}

// request sends a request and reads answers until the last. The provider must
// show progress within every StallTimeout.
func (s *Service) request(ctx context.Context, id peer.ID, r request) error {
	const dial = 5 * time.Second
	dialCtx, cancel := context.WithTimeout(ctx, dial)
	defer cancel()
	st, err := s.host.NewStream(dialCtx, id, Protocol)
	if err != nil {
		return fmt.Errorf("offline: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = st.Reset() })
	defer stop()
	err = func() error {
		deadline := time.Now().Add(s.cfg.StallTimeout)
		if err := st.SetDeadline(deadline); err != nil {
			return err
		}
		if err := writeFrame(st, r); err != nil {
			return fmt.Errorf("send the request: %w", err)
		}
		var done uint64
		for {
			body, err := readFrame(st, maxAnswer)
			if err != nil {
				return fmt.Errorf("no answer: %w", err)
			}
			a, err := decodeAnswer(body)
			if err != nil {
				return err
			}
			if a.Code == answerLanded {
				return nil
			}
			if a.Code != answerProgress {
				return refusal(a)
			}
			if a.Done > done {
				done = a.Done
				if err := st.SetDeadline(time.Now().Add(s.cfg.StallTimeout)); err != nil {
					return err
				}
			}
		}
	}()
	if err != nil {
		_ = st.Reset()
		return errors.Join(ctx.Err(), err)
	}
	_ = st.Close() // the answer stands, however the stream ends: over QUIC a peer that stopped reading makes this an error
	return nil
}

func refusal(a answer) error {
	word := "failed"
	switch a.Code {
	case answerRefused:
		word = "refused"
	case answerBusy:
		word = "busy"
	case answerFull:
		word = "full"
	}
	return fmt.Errorf("the provider %s: %s", word, a.Text)
}
