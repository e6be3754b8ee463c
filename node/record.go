package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"autonet/node/api/feed"
	"autonet/node/api/types"
	"autonet/node/life"
)

// record writes the node's event stream into a file, a JSON object a line. The nil record writes nothing.
type record struct {
	file *os.File
	feed *feed.Feed
}

func openRecord(path string, f *feed.Feed) (*record, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the record: %w", err)
	}
	return &record{file: file, feed: f}, nil
}

func (r *record) services() []life.Service {
	if r == nil {
		return nil
	}
	return []life.Service{{Name: "record", Run: r.run}}
}

// run writes until ctx ends. A reader that fell behind goes on from where it was cut off.
func (r *record) run(ctx context.Context) error {
	enc := json.NewEncoder(r.file)
	last := uint64(0)
	for ctx.Err() == nil {
		events, err := r.feed.Subscribe(ctx, types.EventFilter{}, last)
		if err != nil {
			return err
		}
		for e := range events {
			if e.Source != types.SourceStream {
				last = e.Seq
			}
			if err := enc.Encode(e); err != nil {
				return fmt.Errorf("write the record: %w", err)
			}
		}
	}
	return nil
}

func (r *record) close() error {
	if r == nil {
		return nil
	}
	if err := r.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close the record: %w", err)
	}
	return nil
}
