package roles

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/shardreg"
	"autonet/shards/audit"
)

const (
	// maxErrands bounds the manifests and audits that a provider has not looked at yet.
	maxErrands = 1024
	// auditRetry is how soon an audit that could not be answered is tried again. Its own deadline ends the tries.
	auditRetry = 5 * time.Second
)

// errand is a manifest to look at, or an audit to answer.
type errand struct{ manifest, audit string }

// Provider announces on the ledger which columns of registered files this node holds, and answers the ledger's audits of
// them. It needs no lease: audits are never halted.
type Provider struct {
	d    Deps
	wake chan struct{}

	mu      sync.Mutex
	pending []errand
}

// NewProvider returns a provider.
func NewProvider(d Deps) *Provider { return &Provider{d: d, wake: make(chan struct{}, 1)} }

// Registered tells the provider of a manifest on the ledger. It never blocks.
func (p *Provider) Registered(manifest string) { p.add(errand{manifest: manifest}) }

// Audited tells the provider of an audit of its own. It never blocks.
func (p *Provider) Audited(id string) { p.add(errand{audit: id}) }

func (p *Provider) add(e errand) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pending) == maxErrands {
		p.pending = p.pending[1:]
	}
	p.pending = append(p.pending, e)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run announces and answers until ctx ends. It begins with the audit that was open before.
func (p *Provider) Run(ctx context.Context) error {
	if err := p.recall(); err != nil && ctx.Err() == nil {
		return err
	}
	var later sync.WaitGroup
	defer later.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
		}
		for {
			e, ok := p.next()
			if !ok {
				break
			}
			again := p.run(ctx, e)
			if ctx.Err() != nil {
				return nil
			}
			if again {
				later.Go(func() { p.retry(ctx, e) })
			}
		}
	}
}

// recall takes up an audit that the ledger asked for while this node was not there.
func (p *Provider) recall() error {
	return p.d.Ledger.View(func(v app.View) error {
		if me, ok := v.Provider(p.d.Ledger.Account()); ok && me.Audit != "" {
			p.Audited(me.Audit)
		}
		return nil
	})
}

// run does an errand and reports whether to try it again.
func (p *Provider) run(ctx context.Context, e errand) bool {
	kind, about, do := "announce", e.manifest, p.announce
	if e.audit != "" {
		kind, about, do = "audit", e.audit, p.answer
	}
	err := do(ctx, about)
	if err != nil && ctx.Err() == nil {
		p.d.Report(Progress{Kind: kind, Phase: about, Done: true, Err: err})
	}
	return err != nil && e.audit != ""
}

func (p *Provider) retry(ctx context.Context, e errand) {
	timer := time.NewTimer(auditRetry)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
		p.add(e)
	}
}

func (p *Provider) next() (errand, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pending) == 0 {
		return errand{}, false
	}
	e := p.pending[0]
	p.pending = p.pending[1:]
	return e, true
}

// announce states the columns held here under the registration with their own root and shape: under any other this provider
// would fail its audits.
func (p *Provider) announce(ctx context.Context, cid string) error {
	me := p.d.Ledger.Account()
	entitled := false
	var registered []shardreg.Manifest
	if err := p.d.Ledger.View(func(v app.View) error {
		if _, entitled = v.Provider(me); entitled {
			registered = v.Registrations(cid)
		}
		return nil
	}); err != nil || len(registered) == 0 {
		return err
	}
	held, err := p.d.Files.Held(ctx, cid)
	if err != nil {
		return fmt.Errorf("look for columns of %s: %w", cid, err)
	}
	if len(held.Columns) == 0 {
		return nil
	}
	own := shardreg.Ref(held.Root, held.Size, held.Data, held.Parity)
	if !held.Auditable || !slices.ContainsFunc(registered, func(m shardreg.Manifest) bool { return m.Ref() == own }) {
		return fmt.Errorf("%s is registered as another file than the one held here; its columns are not announced", cid)
	}
	_, err = p.d.Ledger.Send(ctx, shardreg.Announce{
		Manifest: cid, Root: held.Root, Size: held.Size, Data: held.Data, Parity: held.Parity, Columns: held.Columns,
	})
	if refused(err, ledger.CodeRefused) {
		return nil // announced before
	}
	return err
}

// answer answers an audit that is still open. Only a proof that leads to the registered root is sent: a wrong one costs at
// once what silence costs later, and a block that is damaged may be restored until then.
func (p *Provider) answer(ctx context.Context, id string) error {
	var asked shardreg.Audit
	open := false
	if err := p.d.Ledger.View(func(v app.View) error {
		asked, open = v.Audit(id)
		return nil
	}); err != nil || !open || asked.Provider != p.d.Ledger.Account() {
		return err
	}
	proof, err := p.d.Files.Prove(ctx, asked.Manifest, audit.Place{
		Column: int(asked.Column), Stripe: int(asked.Stripe), Chunk: int(asked.Chunk),
	})
	if err != nil {
		return fmt.Errorf("audit of column %d of %s: %w", asked.Column, asked.Manifest, err)
	}
	_, err = p.d.Ledger.Send(ctx, shardreg.AnswerAudit{
		Audit: id, Chunk: proof.Chunk, Tree: toHashes(proof.Tree), Block: toHashes(proof.Block), Column: toHashes(proof.Column),
	})
	if refused(err, ledger.CodeNotFound) {
		return nil // it is over
	}
	return err
}
