package pin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"

	"autonet/shards/erasure"
	"autonet/shards/manifest"
	"autonet/shards/store"
)

// Pin stores a stream: it cuts, codes and hashes it, places the columns with
// the providers and waits until they have confirmed. size is the length of the
// stream, or -1 where that is not known; a stream of another length is ErrSize.
//
// When some column has not landed the file is kept here whole, the error is nil,
// Info.Complete is false and Info.Columns says which and why; pinning the same
// bytes again tries again. With no other provider everything stays here, which
// is complete. A pin cut short by its context leaves the same: the file here,
// incomplete.
func (s *Service) Pin(ctx context.Context, r io.Reader, size int64, opt PinOptions) (Info, error) {
	if opt.K == 0 && opt.M == 0 {
		opt.K, opt.M = s.cfg.K, s.cfg.M
	}
	if opt.Hash == 0 {
		opt.Hash = manifest.BLAKE3
	}
	p := &progress{fn: opt.Progress}
	m, f, taken, err := s.ingest(ctx, r, size, opt, p)
	defer func() { _ = s.drop(taken) }() // what is wanted has its own references by now
	if err != nil {
		return Info{}, err
	}
	all := make([]uint16, m.Shards())
	for j := range all {
		all[j] = uint16(j)
	}
	err = s.change(m, f, func(r record) *record {
		r.Mine, r.Complete, r.Keep = true, false, all
		return &r
	})
	if err != nil {
		return Info{}, fmt.Errorf("pin: remember %s: %w", f.cid, err)
	}
	landed, err := s.place(ctx, m, f, p)
	if err != nil {
		return Info{}, err
	}
	if err := s.settle(m, f, opt, landed); err != nil {
		return Info{}, fmt.Errorf("pin: remember %s: %w", f.cid, err)
	}
	s.pinned.Add(1)
	s.later(f.cid)
	return s.info(m, f, landed), nil
}

// PinBlock stores a document of at most one block so that it can be read by
// the CID of its bytes (raw-leaf, BLAKE3) as well as by its manifest: as one
// data block and copies copies of it.
func (s *Service) PinBlock(ctx context.Context, data []byte, copies int, opt PinOptions) (cid.Cid, Info, error) {
	if len(data) > manifest.MaxBlock {
		return cid.Undef, Info{}, fmt.Errorf("%w: a document of %d bytes, at most %d", ErrTooLarge, len(data), manifest.MaxBlock)
	}
	opt.K, opt.M, opt.Hash = 1, copies, manifest.BLAKE3
	info, err := s.Pin(ctx, bytes.NewReader(data), int64(len(data)), opt)
	return manifest.BLAKE3.CID(cid.Raw, manifest.BLAKE3.Sum(data)), info, err
}

// settle writes down where the columns are and lets go of those that others
// hold, unless they are to be kept.
func (s *Service) settle(m *manifest.Manifest, f frame, opt PinOptions, landed []ColumnInfo) error {
	self := s.host.ID()
	complete := !slices.ContainsFunc(landed, func(c ColumnInfo) bool { return !c.Confirmed })
	var keep []uint16
	var holders []holder
	for _, c := range landed {
		j := uint16(c.Index)
		if opt.Hold || !complete || c.Holder == self {
			keep = append(keep, j)
		}
		if !c.Confirmed || c.Holder == self {
			continue
		}
		i := slices.IndexFunc(holders, func(h holder) bool { return h.Peer == cbor.ByteString(c.Holder) })
		if i < 0 {
			i, holders = len(holders), append(holders, holder{Peer: cbor.ByteString(c.Holder)})
		}
		holders[i].Columns = append(holders[i].Columns, j)
	}
	err := s.change(m, f, func(r record) *record {
		r.Keep, r.Holders, r.Complete = keep, holders, complete
		return &r
	})
	if err != nil {
		return err
	}
	return s.store.Sync()
}

// progress calls the caller's function from one goroutine at a time.
type progress struct {
	mu     sync.Mutex
	fn     func(int64, int)
	bytes  int64
	landed int
}

func (p *progress) add(bytes int64, landed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes += bytes
	p.landed += landed
	if p.fn != nil {
		p.fn(p.bytes, p.landed)
	}
}

// ingest reads the stream, stores all blocks (not synced) and makes the
// manifest. taken are the references the caller drops.
func (s *Service) ingest(ctx context.Context, r io.Reader, size int64, opt PinOptions, p *progress) (m *manifest.Manifest, f frame, taken []ref, err error) {
	coder, err := erasure.New(opt.K, opt.M)
	if err != nil {
		return nil, f, nil, err
	}
	limit := manifest.MaxSize(opt.K, opt.M)
	if size >= 0 && uint64(size) > limit {
		return nil, f, nil, fmt.Errorf("%w: %d bytes, at most %d with %d+%d shards", ErrTooLarge, size, limit, opt.K, opt.M)
	}
	if size >= 0 {
		r = io.LimitReader(r, size+1)
	}
	reader, err := erasure.NewReader(coder, r, manifest.MaxBlock)
	if err != nil {
		return nil, f, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stripes, free, failed := readStripes(ctx, reader, s.cfg.Window)
	var digests []manifest.Digest
	for stripe := range stripes {
		if len(digests)+len(stripe.Blocks) > manifest.MaxBlocks {
			cancel()
			err = fmt.Errorf("%w: more than %d bytes with %d+%d shards", ErrTooLarge, limit, opt.K, opt.M)
			break
		}
		var refs []ref
		refs, err = s.keepStripe(opt.Hash, stripe)
		taken = append(taken, refs...)
		if err != nil {
			cancel()
			break
		}
		for _, ref := range refs {
			digests = append(digests, ref.digest)
		}
		p.add(int64(stripe.Bytes), 0)
		free <- stripe
	}
	if readErr := <-failed; err == nil {
		err = readErr
	}
	if err != nil {
		return nil, f, taken, err
	}
	if size >= 0 && reader.Size() != size {
		return nil, f, taken, fmt.Errorf("%w: %d bytes announced, %s read", ErrSize, size, atLeast(reader.Size(), size))
	}
	m, err = manifest.New(uint64(reader.Size()), opt.K, opt.M, opt.Hash, digests)
	if err != nil {
		return nil, f, taken, err
	}
	encoded, err := m.Encode()
	if err != nil {
		return nil, f, taken, err
	}
	f = frameOf(m, encoded)
	s.grab(f.refs())
	taken = append(taken, f.refs()...)
	if err := s.store.Write(store.Batch{Blocks: f.blocks}); err != nil {
		return nil, f, taken, fmt.Errorf("pin: store the manifest: %w", err)
	}
	return m, f, taken, nil
}

func atLeast(read, size int64) string {
	if read > size {
		return "more"
	}
	return fmt.Sprint(read)
}

// readStripes reads and encodes ahead of its caller by up to n stripes, whose
// buffers come back over free. failed yields how the reading ended, once.
func readStripes(ctx context.Context, r *erasure.Reader, n int) (stripes <-chan *erasure.Stripe, free chan<- *erasure.Stripe, failed <-chan error) {
	out, back, end := make(chan *erasure.Stripe), make(chan *erasure.Stripe, n), make(chan error, 1)
	for range n {
		back <- &erasure.Stripe{}
	}
	go func() {
		defer close(out)
		for {
			var s *erasure.Stripe
			select {
			case s = <-back:
			case <-ctx.Done():
				end <- ctx.Err()
				return
			}
			err := r.Next(s)
			if errors.Is(err, io.EOF) {
				end <- nil
				return
			}
			if err != nil {
				end <- err
				return
			}
			select {
			case out <- s:
			case <-ctx.Done():
				end <- ctx.Err()
				return
			}
		}
	}()
	return out, back, end
}

// keepStripe hashes the blocks of a stripe and stores those that are not empty.
// The references returned are one for every block, in order.
func (s *Service) keepStripe(hash manifest.Hash, stripe *erasure.Stripe) ([]ref, error) {
	refs := make([]ref, len(stripe.Blocks))
	parallel(len(refs), stripe.Bytes, func(i int) { refs[i] = ref{hash, hash.Sum(stripe.Blocks[i])} })
	s.grab(refs)
	blocks := make([]store.Block, 0, len(refs))
	for i, r := range refs {
		if len(stripe.Blocks[i]) > 0 {
			blocks = append(blocks, store.Block{CID: r.cid(), Data: stripe.Blocks[i]})
		}
	}
	if err := s.store.Write(store.Batch{Blocks: blocks}); err != nil {
		return refs, fmt.Errorf("pin: store stripe %d: %w", stripe.Index, err)
	}
	return refs, nil
}

// parallel calls fn for 0 … n−1, on all cores where there is enough to do.
func parallel(n, bytes int, fn func(i int)) {
	const worthwhile = 256 << 10
	workers := min(n, runtime.GOMAXPROCS(0))
	if bytes < worthwhile || workers < 2 {
		for i := range n {
			fn(i)
		}
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				fn(i)
			}
		})
	}
	wg.Wait()
}
