package roles

import (
	"context"
	"fmt"
	"sync"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/shardreg"
)

// maxManifests bounds the registered manifests a provider has not looked at yet.
const maxManifests = 1024

// Provider announces on the ledger which columns of registered files this node holds.
type Provider struct {
	d    Deps
	wake chan struct{}

	mu      sync.Mutex
	pending []string
}

// NewProvider returns a provider.
func NewProvider(d Deps) *Provider { return &Provider{d: d, wake: make(chan struct{}, 1)} }

// Registered tells the provider of a manifest on the ledger. It never blocks.
func (p *Provider) Registered(manifest string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pending) == maxManifests {
		p.pending = p.pending[1:]
	}
	p.pending = append(p.pending, manifest)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run announces until ctx ends.
func (p *Provider) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
		}
		for {
			cid, ok := p.next()
			if !ok {
				break
			}
			if err := p.announce(ctx, cid); err != nil && ctx.Err() == nil {
				p.d.Report(Progress{Kind: "announce", Phase: cid, Done: true, Err: err})
			}
		}
	}
}

func (p *Provider) next() (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pending) == 0 {
		return "", false
	}
	cid := p.pending[0]
	p.pending = p.pending[1:]
	return cid, true
}

func (p *Provider) announce(ctx context.Context, cid string) error {
	me := p.d.Ledger.Account()
	entitled := false
	if err := p.d.Ledger.View(func(v app.View) error {
		_, entitled = v.Provider(me)
		return nil
	}); err != nil || !entitled {
		return err
	}
	columns, err := p.d.Files.Columns(ctx, cid)
	if err != nil {
		return fmt.Errorf("look for columns of %s: %w", cid, err)
	}
	if len(columns) == 0 {
		return nil
	}
	_, err = p.d.Ledger.Send(ctx, shardreg.Announce{Manifest: cid, Columns: columns})
	if refused(err, ledger.CodeRefused) {
		return nil // announced before
	}
	return err
}
