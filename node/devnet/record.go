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
	file *os.File
	wg   sync.WaitGroup

	mu      sync.Mutex
	enc     *json.Encoder
	err     error
	closed  bool
	cancels []context.CancelFunc // of the nodes followed
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
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--record: %w", err)
	}
	return &recorder{file: f, enc: json.NewEncoder(f)}, nil
}

// follow records a node's events until it ends or the recorder closes, whatever becomes of ctx.
func (r *recorder) follow(ctx context.Context, p *process) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancels = append(r.cancels, cancel)
	c := p.api()
	r.wg.Go(func() {
		err := c.Events(ctx, client.Follow{}, func(e types.Event) error { return r.write(p.m.name, e) })
		if err != nil && ctx.Err() == nil && p.alive() {
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
	r.mu.Lock()
	again := r.closed
	r.closed = true
	for _, cancel := range r.cancels {
		cancel()
	}
	r.mu.Unlock()
	r.wg.Wait()
	if again {
		return nil
	}
	return errors.Join(r.err, r.file.Close())
}
