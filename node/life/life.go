package life

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Service is one long-running part.
type Service struct {
	Name string
	// Run blocks until ctx ends or the part fails. A nil error before the end of ctx is a failure too, unless Optional.
	Run func(ctx context.Context) error
	// Ready blocks until the part can be used by the layers above it; nil means at once.
	Ready func(ctx context.Context) error
	// Optional parts may return early without ending the node.
	Optional bool
}

// Layer is a group of services that start together, after the layers below them are ready.
type Layer struct {
	Name     string
	Services []Service
	// Close releases what the layer holds, after its services ended.
	Close func() error
}

// Limits bound how long starting and stopping may take.
type Limits struct{ Start, Stop time.Duration }

// DefaultLimits are long enough for a loaded two-core machine and short enough that a hang is seen.
func DefaultLimits() Limits { return Limits{Start: 60 * time.Second, Stop: 20 * time.Second} }

// ErrHung says that a service did not start or stop within its deadline; the message names it.
var ErrHung = errors.New("did not answer within its deadline")

type ending struct {
	layer, service string
	err            error
}

type running struct {
	layer  Layer
	cancel context.CancelFunc
	left   map[string]bool
	ends   chan ending
}

// Run starts the layers in order, calls started once all are ready, and blocks until ctx ends or a service fails.
// Then it stops the layers from the top down. It returns nil only if it was ended by ctx and everything stopped cleanly.
func Run(ctx context.Context, log *slog.Logger, limits Limits, layers []Layer, started func()) error {
	failures := make(chan ending, 64)
	var up []*running
	var cause error
	for _, layer := range layers {
		r := launch(context.WithoutCancel(ctx), layer, failures)
		up = append(up, r)
		if cause = ready(ctx, limits.Start, layer, failures); cause != nil {
			break
		}
		log.DebugContext(ctx, "layer started", slog.String("layer", layer.Name))
	}
	if cause == nil {
		if started != nil {
			started()
		}
		select {
		case <-ctx.Done():
		case f := <-failures:
			cause = f.asError()
		}
	}
	if ctx.Err() != nil && errors.Is(cause, context.Cause(ctx)) {
		cause = nil
	}
	for _, r := range slices.Backward(up) {
		cause = errors.Join(cause, r.stop(limits.Stop))
		log.DebugContext(ctx, "layer stopped", slog.String("layer", r.layer.Name))
	}
	return cause
}

func (e ending) asError() error {
	if e.err == nil {
		return fmt.Errorf("%s/%s ended without being asked to", e.layer, e.service)
	}
	return fmt.Errorf("%s/%s: %w", e.layer, e.service, e.err)
}

// launch gives the layer a context that the caller cannot cancel: the end of the caller's context must stop layers one by one, not all at once.
func launch(parent context.Context, layer Layer, failures chan<- ending) *running {
	ctx, cancel := context.WithCancel(parent)
	r := &running{layer: layer, cancel: cancel, left: map[string]bool{}, ends: make(chan ending, len(layer.Services))}
	for _, s := range layer.Services {
		r.left[s.Name] = true
		go func() {
			err := s.Run(ctx)
			end := ending{layer: layer.Name, service: s.Name, err: err}
			if ctx.Err() == nil && (err != nil || !s.Optional) {
				select {
				case failures <- end:
				default: // enough failures are known already
				}
				end.err = nil // told once, as a failure
			}
			r.ends <- end
		}()
	}
	return r
}

func ready(ctx context.Context, limit time.Duration, layer Layer, failures <-chan ending) error {
	for _, s := range layer.Services {
		if s.Ready == nil {
			continue
		}
		if err := await(ctx, limit, s, failures); err != nil {
			return fmt.Errorf("start %s/%s: %w", layer.Name, s.Name, err)
		}
	}
	return nil
}

func await(ctx context.Context, limit time.Duration, s Service, failures <-chan ending) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, ErrHung)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Ready(ctx) }()
	select {
	case err := <-done:
		if err != nil && errors.Is(context.Cause(ctx), ErrHung) {
			return ErrHung
		}
		return err
	case f := <-failures:
		cancel()
		<-done //nolint:errcheck // what it waited for has failed, and that is told
		return f.asError()
	}
}

func (r *running) stop(limit time.Duration) error {
	r.cancel()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var errs error
	for len(r.left) > 0 {
		select {
		case e := <-r.ends:
			delete(r.left, e.service)
			if e.err != nil && !errors.Is(e.err, context.Canceled) {
				errs = errors.Join(errs, fmt.Errorf("stop %s/%s: %w", e.layer, e.service, e.err))
			}
		case <-timer.C:
			return errors.Join(errs, fmt.Errorf("stop %s (%s): %w", r.layer.Name, names(r.layer, r.left), ErrHung))
		}
	}
	if r.layer.Close == nil {
		return errs
	}
	closed := make(chan error, 1)
	go func() { closed <- r.layer.Close() }()
	select {
	case err := <-closed:
		return errors.Join(errs, err)
	case <-timer.C:
		return errors.Join(errs, fmt.Errorf("close %s: %w", r.layer.Name, ErrHung))
	}
}

func names(l Layer, left map[string]bool) string {
	var out []string
	for _, s := range l.Services {
		if left[s.Name] {
			out = append(out, s.Name)
		}
	}
	return strings.Join(out, ", ")
}
