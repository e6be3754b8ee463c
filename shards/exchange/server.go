package exchange

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// handle serves one stream until it ends, idles or breaks the protocol.
func (e *Exchange) handle(s network.Stream) {
	p := s.Conn().RemotePeer()
	admitted, closed := e.admit(p, s)
	if closed {
		_ = s.Reset() // the peer finds out by itself
		return
	}
	if !admitted {
		e.refuse(s)
		return
	}
	defer e.dismiss(p, s)
	w := bufio.NewWriterSize(s, 32<<10)
	for {
		err := e.serve(s, w)
		switch {
		case err == nil:
			continue
		case errors.Is(err, io.EOF):
			_ = s.Close() // the peer is done
		default:
			e.cfg.Logger.Debug("shard stream ended", slog.String("peer", p.String()), slog.String("error", err.Error()))
			_ = s.Reset()
		}
		return
	}
}

// admit counts the stream in, if there is room.
func (e *Exchange) admit(p peer.ID, s network.Stream) (admitted, closed bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false, true
	}
	if e.streams >= e.cfg.MaxStreams || len(e.serving[p]) >= e.cfg.MaxPeerStreams {
		return false, false
	}
	if e.serving[p] == nil {
		e.serving[p] = map[network.Stream]struct{}{}
	}
	e.serving[p][s] = struct{}{}
	e.streams++
	e.handlers.Add(1)
	return true, false
}

func (e *Exchange) dismiss(p peer.ID, s network.Stream) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.serving[p], s)
	if len(e.serving[p]) == 0 {
		delete(e.serving, p)
	}
	e.streams--
	e.handlers.Done()
}

// refuse says "busy" in the words of either operation and goes.
func (e *Exchange) refuse(s network.Stream) {
	_ = s.SetDeadline(time.Now().Add(time.Second))
	_, _ = s.Write(binary.BigEndian.AppendUint32(nil, wordBusy)) // best effort
	_ = s.Close()
}

// serve answers one request.
func (e *Exchange) serve(s network.Stream, w *bufio.Writer) error {
	if err := s.SetReadDeadline(time.Now().Add(e.cfg.IdleTimeout)); err != nil {
		return err
	}
	op, cids, err := readRequest(s, func() error {
		return s.SetReadDeadline(time.Now().Add(e.cfg.BlockTimeout))
	})
	if err != nil {
		return err
	}
	if op == opHave {
		err = e.serveHave(s, w, cids)
	} else {
		err = e.serveGet(s, w, cids)
	}
	if err != nil {
		return err
	}
	return w.Flush()
}

func (e *Exchange) serveHave(s network.Stream, w *bufio.Writer, cids []cid.Cid) error {
	if err := s.SetWriteDeadline(time.Now().Add(e.cfg.BlockTimeout)); err != nil {
		return err
	}
	for _, c := range cids {
		var answer byte
		if e.store.Has(c) {
			answer = 1
		}
		if err := w.WriteByte(answer); err != nil {
			return err
		}
	}
	return nil
}

func (e *Exchange) serveGet(s network.Stream, w *bufio.Writer, cids []cid.Cid) error {
	for _, c := range cids {
		if err := s.SetWriteDeadline(time.Now().Add(e.cfg.BlockTimeout)); err != nil {
			return err
		}
		word := wordMissing
		data, err := e.store.Get(c)
		if err == nil {
			word = uint32(len(data))
		}
		if _, err := w.Write(binary.BigEndian.AppendUint32(nil, word)); err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		e.sent.Add(uint64(len(data)))
		e.served.Add(1)
	}
	return nil
}
