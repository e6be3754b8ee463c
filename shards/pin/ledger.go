package pin

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/shards/manifest"
	"autonet/shards/store"
)

// recordPrefix begins the names of the values that remember pins.
const recordPrefix = "pin/"

// maxOwners bounds the askers a provider remembers for one manifest.
const maxOwners = 256

// record is what the node remembers about a manifest, in the store.
type record struct {
	// Mine says that this node pinned it; Keep are the columns kept for that.
	Mine bool     `cbor:"mine,omitempty"`
	Keep []uint16 `cbor:"keep,omitempty"`
	// Held are the columns held for the Owners.
	Held   []uint16          `cbor:"held,omitempty"`
	Owners []cbor.ByteString `cbor:"owners,omitempty"`
	// Holders are who confirmed which columns of a file of ours.
	Holders []holder `cbor:"holders,omitempty"`
	// Complete says that all columns were confirmed when it was pinned.
	Complete bool `cbor:"complete,omitempty"`
}

type holder struct {
	Peer    cbor.ByteString `cbor:"peer"`
	Columns []uint16        `cbor:"columns"`
}

// local are the columns stored here, ascending.
func (r *record) local() []uint16 {
	if r == nil {
		return nil
	}
	return union(r.Keep, r.Held)
}

func union(a, b []uint16) []uint16 {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// ref names a block for counting.
type ref struct {
	hash   manifest.Hash
	digest manifest.Digest
}

func refOf(c cid.Cid) ref {
	h, d, _ := manifest.Split(c) // callers pass CIDs of manifests only
	return ref{h, d}
}

func (r ref) cid() cid.Cid { return r.hash.CID(cid.Raw, r.digest) }

// columnRefs are the blocks of columns, empty ones left out: they need no
// storing.
func columnRefs(m *manifest.Manifest, columns []uint16) []ref {
	out := make([]ref, 0, len(columns)*m.Stripes())
	for _, j := range columns {
		for s := range m.Stripes() {
			if m.BlockLen(s, int(j)) > 0 {
				out = append(out, ref{m.Hash, m.Digest(s, int(j))})
			}
		}
	}
	return out
}

// frame are the blocks that describe a file: its manifest and UnixFS nodes.
type frame struct {
	cid    cid.Cid
	file   cid.Cid
	blocks []store.Block
}

func frameOf(m *manifest.Manifest, encoded []byte) frame {
	f := frame{cid: manifest.CIDOf(encoded)}
	f.blocks = append(f.blocks, store.Block{CID: f.cid, Data: encoded})
	root, nodes := m.File()
	f.file = root
	for _, n := range nodes {
		f.blocks = append(f.blocks, store.Block{CID: n.CID, Data: n.Data})
	}
	return f
}

func (f frame) refs() []ref {
	out := make([]ref, len(f.blocks))
	for i, b := range f.blocks {
		out[i] = refOf(b.CID)
	}
	return out
}

// refsOf are all blocks a record keeps in the store.
func refsOf(m *manifest.Manifest, f frame, r *record) []ref {
	if r == nil {
		return nil
	}
	return append(f.refs(), columnRefs(m, r.local())...)
}

// grab keeps blocks from being removed until they are dropped.
func (s *Service) grab(refs []ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range refs {
		s.refs[r]++
	}
}

// drop undoes grab and removes from the store what nothing keeps any more.
func (s *Service) drop(refs []ref) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropLocked(refs)
}

func (s *Service) dropLocked(refs []ref) error {
	var gone []cid.Cid
	for _, r := range refs {
		s.refs[r]--
		if s.refs[r] <= 0 {
			delete(s.refs, r)
			gone = append(gone, r.cid())
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return s.store.Remove(gone...)
}

// change replaces the record of a manifest by what edit makes of it, nil to
// forget it, and counts references accordingly. The caller syncs.
func (s *Service) change(m *manifest.Manifest, f frame, edit func(r record) *record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.pins[f.cid]
	var from record
	if old != nil {
		from = *old
	}
	next := edit(from)
	name := recordPrefix + f.cid.String()
	if next == nil {
		if err := s.store.RemoveValue(name); err != nil {
			return err
		}
		delete(s.pins, f.cid)
		return s.dropLocked(refsOf(m, f, old))
	}
	data, err := marshal(next)
	if err != nil {
		return err
	}
	if err := s.store.Write(store.Batch{Values: []store.Value{{Name: name, Data: data}}}); err != nil {
		return err
	}
	s.pins[f.cid] = next
	for _, r := range refsOf(m, f, next) {
		s.refs[r]++
	}
	return s.dropLocked(refsOf(m, f, old))
}

// lookup is a copy of the record of a manifest.
func (s *Service) lookup(c cid.Cid) (record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.pins[c]
	if !ok {
		return record{}, false
	}
	return *r, true
}

// load reads the records and counts their blocks. A column of which a block is
// not there is no longer counted as kept.
func (s *Service) load() error {
	for _, name := range s.store.Values(recordPrefix) {
		data, err := s.store.Value(name)
		if err != nil {
			return fmt.Errorf("pin: read %s: %w", name, err)
		}
		r := &record{}
		if err := unmarshal(data, 1<<16, r); err != nil {
			return fmt.Errorf("pin: read %s: %w", name, err)
		}
		c, err := cid.Decode(name[len(recordPrefix):])
		if err != nil {
			return fmt.Errorf("pin: read %s: %w", name, err)
		}
		encoded, err := s.store.Get(c)
		var m *manifest.Manifest
		if err == nil {
			m, err = manifest.Decode(encoded)
		}
		if err != nil {
			// Without it nothing it names can be kept.
			s.cfg.Logger.Warn("the manifest of a pinned file is lost", slog.String("manifest", c.String()), slog.String("error", err.Error()))
			continue
		}
		before := len(r.local())
		r.Keep, r.Held = s.present(m, r.Keep), s.present(m, r.Held)
		if lost := before - len(r.local()); lost > 0 {
			s.cfg.Logger.Warn("columns held here are damaged", slog.String("manifest", c.String()), slog.Int("columns", lost))
		}
		s.pins[c] = r
		for _, ref := range refsOf(m, frameOf(m, encoded), r) {
			s.refs[ref]++
		}
	}
	return nil
}

func (s *Service) present(m *manifest.Manifest, columns []uint16) []uint16 {
	return slices.DeleteFunc(columns, func(j uint16) bool {
		if int(j) >= m.Shards() {
			return true
		}
		for _, r := range columnRefs(m, []uint16{j}) {
			if !s.store.Has(r.cid()) {
				return true
			}
		}
		return false
	})
}

// sweep removes blocks that no record keeps: what a crash in the middle of a
// pin left behind.
func (s *Service) sweep() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var gone []cid.Cid
	s.store.Blocks(func(c cid.Cid) bool {
		if s.refs[refOf(c)] == 0 {
			gone = append(gone, c)
		}
		return true
	})
	return s.store.Remove(gone...)
}

func peerColumns(list []holder) map[peer.ID][]uint16 {
	out := make(map[peer.ID][]uint16, len(list))
	for _, h := range list {
		out[peer.ID(h.Peer)] = h.Columns
	}
	return out
}
