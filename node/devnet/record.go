package devnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

// recorder writes the events of every node into one NDJSON file, a line each with the node's name. A nil recorder
// records nothing.
type recorder struct {
	file   *os.File
	cancel context.CancelFunc
	ctx    func() context.Context
	wg     sync.WaitGroup

	mu     sync.Mutex
	enc    *json.Encoder
	err    error
	closed bool
}

// recordLine is one line of a record.
type recordLine struct {
	Node string `json:"node"`
	types.Event
}

// newRecorder opens the file; an empty path records nothing.
func newRecorder(path string) (*recorder, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("--record: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &recorder{file: f, cancel: cancel, ctx: func() context.Context { return ctx }, enc: json.NewEncoder(f)}, nil
}

// follow records a node's events until it ends or the recorder closes.
func (r *recorder) follow(p *process) {
	if r == nil {
		return
	}
	c := p.api()
	r.wg.Go(func() {
		err := c.Events(r.ctx(), client.Follow{}, func(e types.Event) error { return r.write(p.m.name, e) })
		if err != nil && r.ctx().Err() == nil && p.alive() {
			r.fail(fmt.Errorf("record the events of %s: %w", p.m.name, err))
		}
	})
}

func (r *recorder) write(node string, e types.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.enc.Encode(recordLine{Node: node, Event: e})
}

func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
}

// close ends the recording and reports what went wrong in it. It may be called twice.
func (r *recorder) close() error {
	if r == nil {
		return nil
	}
	r.cancel()
	r.wg.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	return errors.Join(r.err, r.file.Close())
}
