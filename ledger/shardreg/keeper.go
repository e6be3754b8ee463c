package shardreg

import (
	"fmt"
	"slices"

	"autonet/ledger"
)

// maxLeave bounds the holdings that one message to leave withdraws.
const maxLeave = 256

// Keeper is the module's rules. It holds its port and no state.
type Keeper struct {
	staking Staking
}

// New returns the keeper over its port.
func New(staking Staking) Keeper { return Keeper{staking: staking} }

func providerKey(account ledger.Account) []byte { return ledger.Key("shardreg", "p", string(account)) }

// Provider returns a provider.
func (Keeper) Provider(kv ledger.KV, account ledger.Account) (Provider, bool) {
	return ledger.Load[Provider](kv, providerKey(account))
}

func save(kv ledger.KV, p Provider) { ledger.Save(kv, providerKey(p.Account), p) }

// Providers visits every provider in ascending account order until fn returns false.
func (Keeper) Providers(kv ledger.KV, fn func(Provider) bool) {
	kv.Iterate(providerKey(""), func(key, value []byte) bool {
		var p Provider
		ledger.DecodeRecord(key, value, &p)
		return fn(p)
	})
}

// Live reports whether a provider's columns are counted on: it is registered, staked and not in quarantine.
func (k Keeper) Live(ctx *ledger.Context, kv ledger.KV, p Provider) bool {
	return !p.Left && p.Quarantine == "" && k.staking.Provider(ctx, kv, p.Account)
}

// Chosen reports whether a provider may be chosen for new columns, repairs and orders: it is live and has reputation left.
// One in quarantine that holds nothing may be chosen too, since it cannot pass an audit otherwise.
func (k Keeper) Chosen(ctx *ledger.Context, kv ledger.KV, p Provider) bool {
	if p.Manifests == 0 {
		p.Quarantine = ""
	}
	return p.Reputation > 0 && k.Live(ctx, kv, p)
}

// Holdings visits who announced columns of a manifest under any of its registrations, in ascending account order, until fn
// returns false.
func (k Keeper) Holdings(kv ledger.KV, cid string, fn func(Holding) bool) {
	k.holdings(kv, cid, func(account ledger.Account, h Held) bool {
		return fn(Holding{Manifest: cid, Ref: h.Ref, Provider: account, Columns: h.Columns})
	})
}

func (Keeper) holdings(kv ledger.KV, cid string, fn func(ledger.Account, Held) bool) {
	prefix := holdingKey(cid, "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var h Held
		ledger.DecodeRecord(key, value, &h)
		return fn(ledger.Account(key[len(prefix):]), h)
	})
}

// GenesisProvider registers a provider in genesis.
func (k Keeper) GenesisProvider(kv ledger.KV, account ledger.Account, capacity uint64) error {
	if err := (RegisterProvider{Capacity: capacity}).Validate(); err != nil {
		return fmt.Errorf("genesis provider %s: %w", account, err)
	}
	save(kv, Provider{Account: account, Capacity: capacity, Reputation: ReputationStart})
	return nil
}

// RegisterProvider executes the message.
func (k Keeper) RegisterProvider(ctx *ledger.Context, kv ledger.KV, m RegisterProvider) error {
	if !k.staking.Provider(ctx, kv, ctx.Sender) {
		return ledger.Refuse(ledger.CodeRefused, "register-provider: %s must be staked as provider first", ctx.Params.Provider.MinStake)
	}
	p, known := k.Provider(kv, ctx.Sender)
	if !known {
		p = Provider{Account: ctx.Sender, Reputation: ReputationStart, Since: ctx.Height}
	}
	if m.Capacity < p.Used {
		return ledger.Refuse(ledger.CodeRefused, "register-provider: %d bytes are announced already; withdraw some first", p.Used)
	}
	p.Capacity, p.Left = m.Capacity, false
	save(kv, p)
	ctx.Emit(ProviderRegistered{Account: ctx.Sender, Capacity: p.Capacity, Used: p.Used})
	return nil
}

// Deregister executes the message. The sender is no longer chosen nor counted on from here; of what it announced up to 256
// manifests are withdrawn, the rest when it sends the message again. Its reputation stays on record.
func (k Keeper) Deregister(ctx *ledger.Context, kv ledger.KV, _ Deregister) error {
	p, known := k.Provider(kv, ctx.Sender)
	switch {
	case !known:
		return ledger.Refuse(ledger.CodeNotFound, "deregister: the sender is not a registered provider")
	case p.Left && p.Manifests == 0:
		return ledger.Refuse(ledger.CodeRefused, "deregister: the sender has left")
	}
	if a, open := k.Audit(kv, p.Audit); open {
		k.giveUp(ctx, kv, a)
		p, _ = k.Provider(kv, ctx.Sender)
	}
	p.Left = true
	for n := 0; n < maxLeave && p.Manifests > 0; n++ {
		last, _ := ledger.Load[slot](kv, slotKey(p.Account, p.Manifests-1))
		manifest, ok := load(kv, last.At)
		if !ok {
			return fmt.Errorf("deregister: %s holds columns of %s, which is not registered", p.Account, last.At.Manifest)
		}
		drop(kv, &p, manifest)
		ctx.Emit(Withdrawn{Manifest: manifest.CID, Root: manifest.Root, Provider: p.Account, Used: p.Used})
	}
	save(kv, p)
	ctx.Emit(ProviderLeft{Account: p.Account, Remaining: p.Manifests})
	return nil
}

// Announce executes the message. Columns announced under another registration of the CID are withdrawn: at most one of
// them is what the CID names.
func (k Keeper) Announce(ctx *ledger.Context, kv ledger.KV, m Announce) error {
	at := place{Manifest: m.Manifest, Ref: Ref(m.Root, m.Size, m.Data, m.Parity)}
	manifest, known := load(kv, at)
	switch {
	case !known && !k.known(kv, m.Manifest):
		return ledger.Refuse(ledger.CodeNotFound, "announce: manifest %s is not registered", m.Manifest)
	case !known:
		return ledger.Refuse(ledger.CodeRefused, "announce: manifest %s is not registered with root %s and shape %d+%d over %d bytes", m.Manifest, m.Root, m.Data, m.Parity, m.Size)
	case int(m.Columns[len(m.Columns)-1]) >= manifest.Columns():
		return ledger.Refuse(ledger.CodeRefused, "announce: column %d; the manifest has %d", m.Columns[len(m.Columns)-1], manifest.Columns())
	}
	p, known := k.Provider(kv, ctx.Sender)
	switch {
	case !known || p.Left:
		return ledger.Refuse(ledger.CodeNotFound, "announce: the sender is not a registered provider")
	case !k.staking.Provider(ctx, kv, ctx.Sender):
		return ledger.Refuse(ledger.CodeRefused, "announce: the provider's stake is below %s", ctx.Params.Provider.MinStake)
	}
	before, had := ledger.Load[Held](kv, holdingKey(m.Manifest, ctx.Sender))
	moved := had && before.Ref != at.Ref
	switch {
	case !moved && slices.Equal(before.Columns, m.Columns):
		return ledger.Refuse(ledger.CodeRefused, "announce: these columns are announced")
	case !had && p.Manifests >= maxHoldings:
		return ledger.Refuse(ledger.CodeRefused, "announce: columns of %d manifests are announced, which is the most", p.Manifests)
	}
	earlier := manifest
	if moved {
		if earlier, known = load(kv, place{Manifest: m.Manifest, Ref: before.Ref}); !known {
			return fmt.Errorf("announce: %s holds columns of %s as %s, which is not registered", ctx.Sender, m.Manifest, before.Ref)
		}
	}
	was, is := uint64(len(before.Columns))*earlier.ColumnBytes(), uint64(len(m.Columns))*manifest.ColumnBytes()
	if used := p.Used - was + is; is > was && used > p.Capacity {
		return ledger.Refuse(ledger.CodeFunds, "announce: %d bytes in use; the capacity is %d", used, p.Capacity)
	}
	if a, open := k.Audit(kv, p.Audit); open && a.Manifest == m.Manifest && (moved || !slices.Contains(m.Columns, a.Column)) {
		k.giveUp(ctx, kv, a)
		p, _ = k.Provider(kv, ctx.Sender)
	}
	if moved {
		drop(kv, &p, earlier)
		ctx.Emit(Withdrawn{Manifest: m.Manifest, Root: earlier.Root, Provider: ctx.Sender, Used: p.Used})
	}
	put(kv, &p, manifest, m.Columns)
	save(kv, p)
	ctx.Emit(Announced{Manifest: m.Manifest, Root: m.Root, Provider: ctx.Sender, Columns: m.Columns, Used: p.Used})
	k.completed(ctx, kv, manifest)
	return nil
}

// Withdraw executes the message. It is always allowed; an open audit of what is withdrawn counts as not answered.
func (k Keeper) Withdraw(ctx *ledger.Context, kv ledger.KV, m Withdraw) error {
	h, had := ledger.Load[Held](kv, holdingKey(m.Manifest, ctx.Sender))
	if !had {
		return ledger.Refuse(ledger.CodeNotFound, "withdraw: the sender announced nothing of manifest %s", m.Manifest)
	}
	manifest, known := load(kv, place{Manifest: m.Manifest, Ref: h.Ref})
	if !known {
		return fmt.Errorf("withdraw: %s holds columns of %s as %s, which is not registered", ctx.Sender, m.Manifest, h.Ref)
	}
	p, _ := k.Provider(kv, ctx.Sender)
	if a, open := k.Audit(kv, p.Audit); open && a.Manifest == m.Manifest {
		k.giveUp(ctx, kv, a)
		p, _ = k.Provider(kv, ctx.Sender)
	}
	drop(kv, &p, manifest)
	save(kv, p)
	ctx.Emit(Withdrawn{Manifest: m.Manifest, Root: manifest.Root, Provider: ctx.Sender, Used: p.Used})
	return nil
}
