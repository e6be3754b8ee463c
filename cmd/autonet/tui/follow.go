package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

const (
	pollEvery = time.Second
	pollLimit = 5 * time.Second
	drawEvery = 50 * time.Millisecond
)

// Terminal is what a console reads and draws on.
type Terminal struct {
	In    io.Reader
	Out   io.Writer
	Plain bool
}

// ShowConsole shows the node on a terminal until the person quits, ctx ends or each fails; each, which may be nil, is
// called with every event first.
func ShowConsole(ctx context.Context, c *client.Client, t Terminal, each func(types.Event) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := tea.NewProgram(NewConsole(t.Plain), tea.WithContext(ctx), tea.WithInput(t.In), tea.WithOutput(t.Out),
		tea.WithWindowSize(usualWidth, usualHeight), tea.WithoutSignalHandler())
	b := &batch{}
	var wg sync.WaitGroup
	var streamErr error
	wg.Go(func() {
		streamErr = c.Events(ctx, client.Follow{}, func(e types.Event) error { return b.add(e, each) })
		if ctx.Err() == nil {
			p.Quit()
		}
	})
	wg.Go(func() { b.flow(ctx, p) })
	wg.Go(func() { poll(ctx, c, p) })
	_, err := p.Run()
	ended := ctx.Err() != nil
	cancel()
	wg.Wait()
	switch {
	case ended: // from outside: that is how it ends
		return nil
	case streamErr != nil && !errors.Is(streamErr, context.Canceled):
		return streamErr
	case err != nil:
		return fmt.Errorf("draw the console: %w", err)
	}
	return nil
}

// batch gathers events between two drawings, so that a burst is drawn once. It holds no more than a console keeps.
type batch struct {
	mu     sync.Mutex
	events []types.Event
}

func (b *batch) add(e types.Event, each func(types.Event) error) error {
	if each != nil {
		if err := each(e); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
	if len(b.events) > keptEvents {
		b.events = slices.Delete(b.events, 0, len(b.events)-keptEvents)
	}
	return nil
}

// flow sends what was gathered, until ctx ends.
func (b *batch) flow(ctx context.Context, to sender) {
	tick := time.NewTicker(drawEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		b.mu.Lock()
		events := b.events
		b.events = nil
		b.mu.Unlock()
		if len(events) > 0 {
			to.Send(eventsMsg(events))
		}
	}
}

// poll asks for what events do not tell.
func poll(ctx context.Context, c *client.Client, to sender) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		v := ask(ctx, c)
		if ctx.Err() != nil {
			return
		}
		to.Send(viewMsg(v))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func ask(ctx context.Context, c *client.Client) (v View) {
	ctx, cancel := context.WithTimeout(ctx, pollLimit)
	defer cancel()
	var errs [4]error
	v.Status, errs[0] = c.Status(ctx)
	if errs[0] == nil {
		v.Peers, errs[1] = c.Peers(ctx)
		v.Ledger, errs[2] = c.Ledger(ctx)
		v.Tasks, errs[3] = c.Tasks(ctx)
	}
	v.Err = errors.Join(errs[:]...)
	return v
}
