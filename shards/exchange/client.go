package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/shards/manifest"
)

// Want is one block asked for. Size is the length it must have, or -1 where
// that is not known.
type Want struct {
	CID  cid.Cid
	Size int
}

type idleStream struct {
	network.Stream
	since time.Time
}

// Get asks one holder for up to MaxCIDs blocks in one round trip and calls fn
// with each that came and is what its CID names, in order. missing are the
// indexes of those the holder said it does not have. An error is a Finding
// about the holder, what fn returned, or the context's; what fn had been given
// by then is sound.
func (e *Exchange) Get(ctx context.Context, holder peer.ID, wants []Want, fn func(i int, data []byte) error) (missing []int, err error) {
	cids := make([]cid.Cid, len(wants))
	for i, w := range wants {
		cids[i] = w.CID
	}
	e.asked.Add(uint64(len(wants)))
	next := 0
	err = e.converse(ctx, holder, opGet, cids, func(s network.Stream) (bool, error) {
		for ; next < len(wants); next++ {
			if err := s.SetReadDeadline(time.Now().Add(e.cfg.BlockTimeout)); err != nil {
				return next > 0, err
			}
			data, found, err := readBlock(s, wants[next].Size)
			if err != nil {
				return next > 0, err
			}
			if !found {
				missing = append(missing, next)
				continue
			}
			e.received.Add(uint64(len(data)))
			if err := manifest.Verify(wants[next].CID, data); err != nil {
				return true, Finding{Peer: holder, Kind: Corrupt, CID: wants[next].CID, Err: err}
			}
			if err := fn(next, data); err != nil {
				return true, callerError{err}
			}
		}
		return true, nil
	})
	return missing, err
}

// Have asks one holder which blocks it has. An error is a Finding or the
// context's.
func (e *Exchange) Have(ctx context.Context, holder peer.ID, cids []cid.Cid) ([]bool, error) {
	answer := make([]byte, len(cids))
	err := e.converse(ctx, holder, opHave, cids, func(s network.Stream) (bool, error) {
		if err := s.SetReadDeadline(time.Now().Add(e.cfg.BlockTimeout)); err != nil {
			return false, err
		}
		n, err := io.ReadFull(s, answer)
		if n > 0 && answer[0] == byteBusy {
			return true, errBusy
		}
		return n > 0, err
	})
	if err != nil {
		return nil, err
	}
	out := make([]bool, len(cids))
	for i, b := range answer {
		if b > 1 {
			return nil, Finding{Peer: holder, Kind: Corrupt, Err: fmt.Errorf("%w: answer %d", errProtocol, b)}
		}
		out[i] = b == 1
	}
	return out, nil
}

// callerError carries what the caller's function returned past the judging.
type callerError struct{ error }

// converse sends a request and lets read take the answer, on a kept stream if
// there is one. read says whether any of the answer had come, since a kept
// stream that the peer had closed meanwhile is no finding: it is tried afresh.
func (e *Exchange) converse(ctx context.Context, p peer.ID, op uint8, cids []cid.Cid, read func(network.Stream) (bool, error)) error {
	frame, err := encodeRequest(op, cids)
	if err != nil {
		return err
	}
	for {
		s, kept, err := e.stream(ctx, p)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			f := judge(p, err)
			if e.host.Network().Connectedness(p) != network.Connected {
				f.Kind = Offline // however long the dialling took
			}
			return f
		}
		begun, err := e.ask(ctx, s, frame, read)
		if err == nil {
			e.keep(p, s)
			return nil
		}
		_ = s.Reset() // whatever is left of the answer is not wanted
		var caller callerError
		var finding Finding
		switch {
		case errors.As(err, &caller):
			return caller.error
		case ctx.Err() != nil:
			return ctx.Err()
		case kept && !begun && judge(p, err).Kind == Offline && !errors.Is(err, errBusy):
			continue
		case errors.As(err, &finding):
			return finding
		case errors.Is(err, errBusy):
			return Finding{Peer: p, Kind: Busy, Err: err}
		}
		return judge(p, err)
	}
}

func (e *Exchange) ask(ctx context.Context, s network.Stream, frame []byte, read func(network.Stream) (bool, error)) (bool, error) {
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	if err := s.SetWriteDeadline(time.Now().Add(e.cfg.BlockTimeout)); err != nil {
		stop()
		return false, err
	}
	_, err := s.Write(frame)
	begun := false
	// A peer that refuses may have answered before it reads.
	if err == nil {
		begun, err = read(s)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	return begun, err
}

// stream is a kept stream to p, or a new one.
func (e *Exchange) stream(ctx context.Context, p peer.ID) (s network.Stream, kept bool, err error) {
	e.mu.Lock()
	if list := e.idle[p]; len(list) > 0 {
		s = list[len(list)-1].Stream
		e.idle[p] = list[:len(list)-1]
	}
	e.mu.Unlock()
	if s != nil {
		return s, true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.DialTimeout)
	defer cancel()
	s, err = e.host.NewStream(ctx, p, Protocol)
	if err != nil {
		return nil, false, fmt.Errorf("open a stream: %w", err)
	}
	return s, false, nil
}

// keep gives a stream back for reuse.
func (e *Exchange) keep(p peer.ID, s network.Stream) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || len(e.idle[p]) >= e.cfg.KeepStreams {
		_ = s.Close() // done with
		return
	}
	e.idle[p] = append(e.idle[p], idleStream{s, time.Now()})
}

// reap closes the streams nobody has used for half the time the other side
// keeps them.
func (e *Exchange) reap(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for p, list := range e.idle {
		kept := list[:0]
		for _, s := range list {
			if now.Sub(s.since) < e.cfg.IdleTimeout/2 {
				kept = append(kept, s)
				continue
			}
			_ = s.Close()
		}
		e.idle[p] = kept
		if len(kept) == 0 {
			delete(e.idle, p)
		}
	}
}
