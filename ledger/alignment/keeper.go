package alignment

import (
	"fmt"

	"autonet/consensus/stance"
	"autonet/ledger"
)

// Keeper is the module's rules. It holds its ports and no state.
type Keeper struct {
	ports Ports
}

// New returns the keeper over its ports.
func New(ports Ports) Keeper { return Keeper{ports: ports} }

func poolKey() []byte { return ledger.Key("alignment", "pool") }

func communityKey(name string) []byte { return ledger.Key("alignment", "c", name) }

func standardsKey(name string, version uint64) []byte {
	return ledger.Key("alignment", "s", name, fmt.Sprintf("%016x", version))
}

func memberKey(account ledger.Account) []byte { return ledger.Key("alignment", "u", string(account)) }

func valuesKey(account ledger.Account) []byte { return ledger.Key("alignment", "v", string(account)) }

func jurisdictionKey(id string) []byte { return ledger.Key("alignment", "n", id) }

// Pool returns the subsidy pool.
func (Keeper) Pool(kv ledger.KV) Pool {
	pool, _ := ledger.Load[Pool](kv, poolKey())
	return pool
}

// Community returns a published community.
func (Keeper) Community(kv ledger.KV, name string) (Community, bool) {
	return ledger.Load[Community](kv, communityKey(name))
}

// Communities visits every community in ascending order of name until fn returns false.
func (Keeper) Communities(kv ledger.KV, fn func(Community) bool) {
	kv.Iterate(communityKey(""), func(key, value []byte) bool {
		var c Community
		ledger.DecodeRecord(key, value, &c)
		return fn(c)
	})
}

// Standards returns one version of a community's standards.
func (Keeper) Standards(kv ledger.KV, name string, version uint64) (Standards, bool) {
	return ledger.Load[Standards](kv, standardsKey(name, version))
}

// Membership returns the community an account joined; empty: none.
func (Keeper) Membership(kv ledger.KV, account ledger.Account) string {
	name, _ := ledger.Load[string](kv, memberKey(account))
	return name
}

// Values returns what an account said it stands for.
func (Keeper) Values(kv ledger.KV, account ledger.Account) (Values, bool) {
	return ledger.Load[Values](kv, valuesKey(account))
}

// ground is what a user's orders are measured by.
type ground struct {
	name      string
	version   uint64 // 0: a jurisdiction of the constitution
	vector    stance.Vector
	closeness uint16 // to the network
	disclosed bool
	owner     ledger.Account
}

// ground finds a community or jurisdiction; an empty name is the default jurisdiction.
func (k Keeper) ground(kv ledger.KV, name string) (ground, bool) {
	if c, ok := k.Community(kv, name); ok && name != "" {
		return ground{
			name: name, version: c.Versions, vector: vectorOf(c.Vector), closeness: c.Closeness, disclosed: c.Disclosed, owner: c.Owner,
		}, true
	}
	if name == "" {
		name = k.ports.Constitution.Default()
	}
	j, ok := ledger.Load[jurisdiction](kv, jurisdictionKey(name))
	return ground{name: name, vector: vectorOf(j.Vector), closeness: One, disclosed: true}, ok
}

// network is what the network itself stands for.
func (k Keeper) network(kv ledger.KV) stance.Vector {
	g, _ := k.ground(kv, "")
	return g.vector
}

// Publish executes the message.
func (k Keeper) Publish(ctx *ledger.Context, kv ledger.KV, m Publish) error {
	c, known := k.Community(kv, m.Name)
	switch _, taken := ledger.Load[jurisdiction](kv, jurisdictionKey(m.Name)); {
	case taken:
		return ledger.Refuse(ledger.CodeRefused, "publish: %s is a jurisdiction of the constitution; only an amendment changes it", m.Name)
	case known && c.Owner != ctx.Sender:
		return ledger.Refuse(ledger.CodeRefused, "publish: the community %s belongs to %s", m.Name, c.Owner)
	}
	s := Standards{
		Community: m.Name, Version: c.Versions + 1, Text: m.Text, CID: m.CID, Vector: m.Vector, Heuristic: stance.Version,
		Height: ctx.Height, TimeMS: ctx.TimeMS,
	}
	vector := vectorOf(m.Vector)
	if m.Text != "" {
		read, err := stance.Embed(m.Text)
		if err != nil {
			return ledger.Refuse(ledger.CodeInvalid, "publish: %v", err)
		}
		vector, s.Vector = read, read.Bytes()
	}
	s.Closeness = stance.Compare(vector, k.network(kv)).Score
	base := ctx.Params.Pricing.PublishBase
	price, err := PublishPrice(base, s.Closeness)
	if err != nil {
		return fmt.Errorf("price of standards: %w", err)
	}
	if price > m.MaxPrice {
		return ledger.Refuse(ledger.CodeRefused, "publish: these standards cost %s; at most %s are offered", price, m.MaxPrice)
	}
	if held := k.ports.Bank.Balance(kv, ctx.Sender); held < price {
		return ledger.Refuse(ledger.CodeFunds, "publish: these standards cost %s, the balance is %s", price, held)
	}
	if err := k.ports.Bank.Charge(ctx, kv, ctx.Sender, base, "standards", m.Name); err != nil {
		return err
	}
	if err := k.give(ctx, kv, price-base, "standards", m.Name); err != nil {
		return err
	}
	s.Paid = price
	c.Name, c.Owner, c.Versions, c.Closeness, c.Disclosed, c.Vector = m.Name, ctx.Sender, s.Version, s.Closeness, m.Text != "", s.Vector
	ledger.Save(kv, communityKey(m.Name), c)
	ledger.Save(kv, standardsKey(m.Name, s.Version), s)
	ctx.Emit(Published{
		Community: m.Name, Version: s.Version, Owner: c.Owner, Closeness: s.Closeness, Price: price, Base: base, Disclosed: c.Disclosed,
	})
	return nil
}

// StandardsPrice returns what publishing a text costs now, and its closeness to the network.
func (k Keeper) StandardsPrice(p ledger.Params, kv ledger.KV, text string) (ledger.Natn, uint16, error) {
	vector, err := stance.Embed(text)
	if err != nil {
		return 0, 0, ledger.Refuse(ledger.CodeInvalid, "standards: %v", err)
	}
	closeness := stance.Compare(vector, k.network(kv)).Score
	price, err := PublishPrice(p.Pricing.PublishBase, closeness)
	return price, closeness, err
}

// give takes an amount from the sender into the pool and books it.
func (k Keeper) give(ctx *ledger.Context, kv ledger.KV, amount ledger.Natn, cause, ref string) error {
	if amount == 0 {
		return nil
	}
	if err := k.ports.Bank.Give(ctx, kv, ctx.Sender, amount, cause, ref); err != nil {
		return err
	}
	pool := k.Pool(kv)
	pool.Given = counted(pool.Given, amount)
	pool.Balance += amount // at most the supply
	ledger.Save(kv, poolKey(), pool)
	return nil
}

// SetValues executes the message.
func (k Keeper) SetValues(ctx *ledger.Context, kv ledger.KV, m SetValues) error {
	old, _ := k.Values(kv, ctx.Sender)
	v := Values{Text: m.Text, Version: old.Version + 1, Height: ctx.Height}
	if m.Text != "" {
		read, err := stance.Embed(m.Text)
		if err != nil {
			return ledger.Refuse(ledger.CodeInvalid, "set-values: %v", err)
		}
		v.Vector = read.Bytes()
	}
	ledger.Save(kv, valuesKey(ctx.Sender), v)
	ctx.Emit(ValuesSet{Account: ctx.Sender, Version: v.Version, Empty: m.Text == ""})
	return nil
}

// Join executes the message.
func (k Keeper) Join(ctx *ledger.Context, kv ledger.KV, m Join) error {
	c, ok := k.Community(kv, m.Community)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "join: there is no community %s", m.Community)
	}
	before := k.Membership(kv, ctx.Sender)
	if before == m.Community {
		return ledger.Refuse(ledger.CodeRefused, "join: the sender is a member of %s already", m.Community)
	}
	closeness := uint16(One) // who states no values has those of where he goes
	if v, stated := k.Values(kv, ctx.Sender); stated && v.Text != "" {
		closeness = stance.Compare(vectorOf(v.Vector), vectorOf(c.Vector)).Score
	}
	if least := ctx.Params.Pricing.JoinPerMille; uint64(closeness)*1000 < least*One {
		return ledger.Refuse(ledger.CodeRefused, "join: the sender's values are %d ‰ close to %s; %d ‰ are needed",
			uint64(closeness)*1000/One, m.Community, least)
	}
	k.leave(kv, before)
	c.Members++
	ledger.Save(kv, communityKey(c.Name), c)
	ledger.Save(kv, memberKey(ctx.Sender), m.Community)
	ctx.Emit(Joined{Account: ctx.Sender, Community: m.Community, Closeness: closeness})
	return nil
}

// Leave executes the message.
func (k Keeper) Leave(ctx *ledger.Context, kv ledger.KV, _ Leave) error {
	before := k.Membership(kv, ctx.Sender)
	if before == "" {
		return ledger.Refuse(ledger.CodeRefused, "leave: the sender is a member of no community")
	}
	k.leave(kv, before)
	kv.Delete(memberKey(ctx.Sender))
	ctx.Emit(Joined{Account: ctx.Sender})
	return nil
}

func (k Keeper) leave(kv ledger.KV, name string) {
	if c, ok := k.Community(kv, name); ok && name != "" && c.Members > 0 {
		c.Members--
		ledger.Save(kv, communityKey(name), c)
	}
}
