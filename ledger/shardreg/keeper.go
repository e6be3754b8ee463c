package shardreg

import (
	"fmt"

	"autonet/ledger"
)

// ReputationStart is what a provider begins with, of 1000.
const ReputationStart = 500

// Provider is one account that stores shards.
type Provider struct {
	Account    ledger.Account `json:"account"`
	Capacity   uint64         `json:"capacity"`   // bytes
	Used       uint64         `json:"used"`       // bytes of announced columns
	Reputation uint16         `json:"reputation"` // 0–1000
	Since      int64          `json:"since"`      // height
}

// Manifest is a stored file as the register knows it.
type Manifest struct {
	CID       string         `json:"cid"`
	Root      ledger.Hash    `json:"root"`
	Size      uint64         `json:"size"`
	Data      uint8          `json:"data"`
	Parity    uint8          `json:"parity"`
	Strategy  string         `json:"strategy"`
	Publisher ledger.Account `json:"publisher"`
	Height    int64          `json:"height"`
}

// Columns is the number of columns of the manifest.
func (m Manifest) Columns() int { return int(m.Data) + int(m.Parity) }

// ColumnBytes is the size of a column: ⌈size / data⌉, every column counting as much as the largest.
func (m Manifest) ColumnBytes() uint64 {
	data := uint64(m.Data)
	return (m.Size + data - 1) / data
}

// Holding is what one provider announced of one manifest.
type Holding struct {
	Manifest string         `json:"manifest"`
	Provider ledger.Account `json:"provider"`
	Columns  []uint16       `json:"columns"` // ascending
}

// ProviderRegistered says that a provider declared its capacity.
type ProviderRegistered struct {
	Account  ledger.Account `json:"account"`
	Capacity uint64         `json:"capacity"`
	Used     uint64         `json:"used"`
}

// Registered says that a manifest is known.
type Registered struct {
	Manifest  string         `json:"manifest"`
	Root      ledger.Hash    `json:"root"`
	Size      uint64         `json:"size"`
	Data      uint8          `json:"data"`
	Parity    uint8          `json:"parity"`
	Strategy  string         `json:"strategy"`
	Publisher ledger.Account `json:"publisher"`
}

// Announced says which columns a provider holds now.
type Announced struct {
	Manifest string         `json:"manifest"`
	Provider ledger.Account `json:"provider"`
	Columns  []uint16       `json:"columns"`
	Used     uint64         `json:"used"`
}

// EventKind implements ledger.EventData.
func (ProviderRegistered) EventKind() string { return "shardreg/provider-registered" }

// EventKind implements ledger.EventData.
func (Registered) EventKind() string { return "shardreg/registered" }

// EventKind implements ledger.EventData.
func (Announced) EventKind() string { return "shardreg/announced" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{ProviderRegistered{}, Registered{}, Announced{}}
}

// Keeper is the module's rules. It holds its port and no state.
type Keeper struct {
	staking Staking
}

// New returns the keeper over its port.
func New(staking Staking) Keeper { return Keeper{staking: staking} }

func providerKey(account ledger.Account) []byte { return ledger.Key("shardreg", "p", string(account)) }

func manifestKey(cid string) []byte { return ledger.Key("shardreg", "m", cid) }

func holdingKey(cid string, account ledger.Account) []byte {
	return ledger.Key("shardreg", "h", cid, string(account))
}

// Provider returns a provider.
func (Keeper) Provider(kv ledger.KV, account ledger.Account) (Provider, bool) {
	return ledger.Load[Provider](kv, providerKey(account))
}

// Providers visits every provider in ascending account order until fn returns false.
func (Keeper) Providers(kv ledger.KV, fn func(Provider) bool) {
	kv.Iterate(providerKey(""), func(key, value []byte) bool {
		var p Provider
		ledger.DecodeRecord(key, value, &p)
		return fn(p)
	})
}

// Manifest returns a manifest.
func (Keeper) Manifest(kv ledger.KV, cid string) (Manifest, bool) {
	return ledger.Load[Manifest](kv, manifestKey(cid))
}

// Manifests visits every manifest in ascending order of CID until fn returns false.
func (Keeper) Manifests(kv ledger.KV, fn func(Manifest) bool) {
	kv.Iterate(manifestKey(""), func(key, value []byte) bool {
		var m Manifest
		ledger.DecodeRecord(key, value, &m)
		return fn(m)
	})
}

// Holdings visits who announced columns of a manifest, in ascending account order, until fn returns false.
func (Keeper) Holdings(kv ledger.KV, cid string, fn func(Holding) bool) {
	prefix := holdingKey(cid, "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		h := Holding{Manifest: cid, Provider: ledger.Account(key[len(prefix):])}
		ledger.DecodeRecord(key, value, &h.Columns)
		return fn(h)
	})
}

// GenesisProvider registers a provider in genesis.
func (k Keeper) GenesisProvider(kv ledger.KV, account ledger.Account, capacity uint64) error {
	if err := (RegisterProvider{Capacity: capacity}).Validate(); err != nil {
		return fmt.Errorf("genesis provider %s: %w", account, err)
	}
	ledger.Save(kv, providerKey(account), Provider{Account: account, Capacity: capacity, Reputation: ReputationStart})
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
	p.Capacity = m.Capacity
	ledger.Save(kv, providerKey(ctx.Sender), p)
	ctx.Emit(ProviderRegistered{Account: ctx.Sender, Capacity: p.Capacity, Used: p.Used})
	return nil
}

// Register executes the message.
func (k Keeper) Register(ctx *ledger.Context, kv ledger.KV, m Register) error {
	if _, known := k.Manifest(kv, m.Manifest); known {
		return ledger.Refuse(ledger.CodeRefused, "register: manifest %s is registered", m.Manifest)
	}
	ledger.Save(kv, manifestKey(m.Manifest), Manifest{
		CID: m.Manifest, Root: m.Root, Size: m.Size, Data: m.Data, Parity: m.Parity, Strategy: m.Strategy,
		Publisher: ctx.Sender, Height: ctx.Height,
	})
	ctx.Emit(Registered{
		Manifest: m.Manifest, Root: m.Root, Size: m.Size, Data: m.Data, Parity: m.Parity, Strategy: m.Strategy,
		Publisher: ctx.Sender,
	})
	return nil
}

// Announce executes the message.
func (k Keeper) Announce(ctx *ledger.Context, kv ledger.KV, m Announce) error {
	manifest, known := k.Manifest(kv, m.Manifest)
	if !known {
		return ledger.Refuse(ledger.CodeNotFound, "announce: manifest %s is not registered", m.Manifest)
	}
	if last := len(m.Columns) - 1; last >= 0 && int(m.Columns[last]) >= manifest.Columns() {
		return ledger.Refuse(ledger.CodeRefused, "announce: column %d; the manifest has %d", m.Columns[last], manifest.Columns())
	}
	p, known := k.Provider(kv, ctx.Sender)
	if !known {
		return ledger.Refuse(ledger.CodeNotFound, "announce: the sender is not a registered provider")
	}
	if len(m.Columns) > 0 && !k.staking.Provider(ctx, kv, ctx.Sender) {
		return ledger.Refuse(ledger.CodeRefused, "announce: the provider's stake is below %s", ctx.Params.Provider.MinStake)
	}
	key := holdingKey(m.Manifest, ctx.Sender)
	before, had := ledger.Load[[]uint16](kv, key)
	if !had && len(m.Columns) == 0 {
		return ledger.Refuse(ledger.CodeNotFound, "announce: there is nothing to withdraw")
	}
	each := manifest.ColumnBytes()
	used := p.Used - uint64(len(before))*each + uint64(len(m.Columns))*each
	if len(m.Columns) > len(before) && used > p.Capacity {
		return ledger.Refuse(ledger.CodeFunds, "announce: %d bytes in use; the capacity is %d", used, p.Capacity)
	}
	p.Used = used
	ledger.Save(kv, providerKey(ctx.Sender), p)
	if len(m.Columns) == 0 {
		kv.Delete(key)
	} else {
		ledger.Save(kv, key, m.Columns)
	}
	ctx.Emit(Announced{Manifest: m.Manifest, Provider: ctx.Sender, Columns: m.Columns, Used: used})
	return nil
}
