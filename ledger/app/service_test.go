package app_test

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/project"
	"autonet/ledger/shardreg"
	"autonet/shards/audit"
	storage "autonet/shards/manifest"
)

// service is any message about models, services and revenue by anybody.
func (d dice) service(c *chain, from int, id string) move {
	v := c.view()
	var orders []string
	for _, o := range v.Orders("") {
		orders = append(orders, o.ID)
	}
	var m ledger.Msg
	switch d.Intn(13) {
	case 0:
		m = project.Mature{Project: id}
	case 1:
		m = project.Deploy{Project: id, Version: uint64(d.Intn(2))}
	case 2:
		m = project.SetPrice{Project: id, Price: 1 + d.amount(atn)%atn, Tiers: []project.Tier{{Hold: 3, PerMille: 100}}}
	case 3:
		m = project.Pause{Project: id}
	case 4, 5:
		m = project.Resume{Project: id}
	case 6:
		m = project.Order{Project: id, Input: manifest("in"), Units: uint64(1 + d.Intn(5)), MaxPrice: 100 * atn}
	case 7:
		m = project.Deliver{Order: d.pick(orders), Output: manifest("out")}
	case 8:
		m = project.Reject{Order: d.pick(orders), Reason: "no"}
	case 9:
		m = project.Withdraw{Project: id}
	case 10:
		m = shardreg.Withdraw{Manifest: manifest("m", d.Intn(3))}
	case 11:
		m = shardreg.Unregister{Manifest: manifest("m", d.Intn(3))}
	default:
		m = shardreg.Deregister{}
	}
	if p, ok := v.Project(id); ok && d.Intn(3) > 0 {
		switch m.(type) {
		case project.Mature, project.Deploy, project.SetPrice, project.Resume:
			from = index(p.Owner)
		}
	}
	return move{from, m}
}

// stored is a file whose every block is known.
type stored struct {
	*storage.Manifest
	blocks [][]byte
}

func store(tb testing.TB, size uint64, k, m int) stored {
	tb.Helper()
	random := rand.New(rand.NewSource(1))
	shape := &storage.Manifest{Size: size, K: k, M: m, BlockSize: int((size + uint64(k) - 1) / uint64(k))}
	s := stored{}
	var digests []storage.Digest
	for column := range k + m {
		block := make([]byte, shape.BlockLen(0, column))
		random.Read(block)
		s.blocks, digests = append(s.blocks, block), append(digests, storage.BLAKE3.Sum(block))
	}
	var err error
	s.Manifest, err = storage.New(size, k, m, storage.BLAKE3, digests)
	require.NoError(tb, err)
	return s
}

// keep registers the file and lets the two providers announce all columns.
func (c *chain) keep(s stored) {
	c.t.Helper()
	c.must(owner, shardreg.Register{
		Manifest: s.CID().String(), Root: s.Root, Size: s.Size, Data: uint8(s.K), Parity: uint8(s.M), Strategy: shardreg.Replica,
	})
	for i := range 2 {
		var columns []uint16
		for column := i; column < s.Shards(); column += 2 {
			columns = append(columns, uint16(column))
		}
		c.must(provider+i, shardreg.Announce{
			Manifest: s.CID().String(), Root: s.Root, Size: s.Size, Data: uint8(s.K), Parity: uint8(s.M), Columns: columns,
		})
	}
}

// answer is the right answer to an audit.
func (s stored) answer(tb testing.TB, a shardreg.Audit) shardreg.AnswerAudit {
	tb.Helper()
	at := audit.Place{Column: int(a.Column), Stripe: int(a.Stripe), Chunk: int(a.Chunk)}
	proof, err := audit.Prove(s.Manifest, s.blocks[at.Column], at)
	require.NoError(tb, err)
	return shardreg.AnswerAudit{
		Audit: a.ID, Chunk: proof.Chunk, Tree: hashes(proof.Tree), Block: hashes(proof.Block), Column: hashes(proof.Column),
	}
}

func TestAuditsAndRepairGoOnWithoutALease(t *testing.T) {
	c := newChain(t)
	s := store(t, 50_000, 2, 2)
	c.keep(s)
	require.False(t, c.view().LeaseLive(c.timeMS))
	for len(c.view().Audits()) < 2 {
		c.block(1000)
	}
	for _, a := range c.view().Audits() {
		c.must(index(a.Provider), s.answer(t, a))
	}
	p, _ := c.view().Provider(acct(provider))
	require.Equal(t, uint16(510), p.Reputation)
	p, _ = c.view().Provider(acct(provider + 1))
	require.Equal(t, uint16(510), p.Reputation)
	for range 100 { // from now on the second one is silent
		for _, a := range c.view().Audits() {
			if a.Provider == acct(provider) {
				c.must(provider, s.answer(t, a))
			}
		}
		c.block(1000)
	}
	p, _ = c.view().Provider(acct(provider + 1))
	require.Equal(t, shardreg.FindingSilent, p.Quarantine)
	require.Less(t, p.Reputation, uint16(510))
	require.False(t, c.view().Chosen(acct(provider+1)))
	require.True(t, c.view().Chosen(acct(provider)))
	require.Equal(t, 50*atn, c.view().Stake(acct(provider + 1))[0].Bonded, "a slow disk costs no stake")
	a, ok := c.view().Availability(s.CID().String(), s.Root)
	require.True(t, ok)
	require.Equal(t, 2, a.Live)
	require.True(t, a.Readable)
	r, called := c.view().Repair(s.CID().String(), s.Root)
	require.True(t, called)
	require.True(t, r.Urgent)
	require.Equal(t, acct(provider), r.Repairer)
	require.Len(t, c.view().Repairs(), 1)
	c.sound()
}

func TestInferenceIsSoldSharedAndDrawn(t *testing.T) {
	c := newChain(t)
	s := store(t, 50_000, 2, 2)
	c.keep(s)
	id := ledger.ProjectID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, create())
	c.must(citizen, project.Fund{Project: id, Amount: 300 * atn})
	model := project.PublishModel{Project: id, Manifest: s.CID().String(), Root: s.Root, Size: s.Size, Parameters: 1}
	c.must(owner, model)
	c.must(owner, project.Mature{Project: id})
	c.wait(c.view().Params().Services.MatureMS)
	c.must(owner, project.Deploy{Project: id})
	c.must(owner, project.SetPrice{Project: id, Price: atn, Tiers: []project.Tier{{Hold: 100, PerMille: 100}}})
	v, ok := c.view().Serving(id)
	require.True(t, ok)
	require.Equal(t, s.CID().String(), v.Manifest)

	c.beat()
	price, err := c.view().Quote(acct(citizen), id, 10, "")
	require.NoError(t, err)
	require.Equal(t, 9*atn, price.Pay, "a tenth off for holders")
	m := project.Order{Project: id, Input: manifest("in"), Units: 10, MaxPrice: price.Pay}
	orderID := project.OrderID(network, acct(citizen), c.view().Nonce(acct(citizen)))
	c.must(citizen, m)
	require.Equal(t, 9*atn, c.view().Supply().Orders)
	c.beat()
	c.block(100)
	o, ok := c.view().Order(orderID)
	require.True(t, ok)
	require.Equal(t, project.OrderAssigned, o.State)
	before := c.view().Balance(o.Provider, "ATN")
	c.must(index(o.Provider), project.Deliver{Order: orderID, Output: manifest("out")})
	c.wait(c.view().Params().Services.ReviewMS + 1000)
	require.Equal(t, project.OrderSettled, c.view().Orders(id)[0].State)
	earned := c.view().Balance(o.Provider, "ATN") - before
	require.InDelta(t, float64(54*atn/10), float64(earned), 100_000, "60 %, less the fee")
	require.Equal(t, 9*atn/4, c.view().Supply().Revenues)
	due := c.view().RevenueDue(id, acct(citizen))
	require.InDelta(t, float64(9*atn/4), float64(due), 1)
	c.must(citizen, project.Withdraw{Project: id})
	require.Zero(t, c.view().RevenueDue(id, acct(citizen)))
	require.LessOrEqual(t, c.view().Revenue(id).Undrawn, ledger.Natn(1))
	c.sound()
}

func TestForgedServiceMoneyStopsTheChain(t *testing.T) {
	for name, forge := range map[string]func(c *chain){
		"order":   func(c *chain) { ledger.Save(c.kv, ledger.Key("project", "om", "x"), ledger.Natn(1)) },
		"revenue": func(c *chain) { ledger.Save(c.kv, ledger.Key("project", "r", "x"), project.Revenue{Undrawn: 1}) },
	} {
		c := newChain(t)
		forge(c)
		c.height++
		_, err := c.ExecBlock(c.kv, c.info(), nil)
		require.ErrorContains(t, err, "not conserved", name)
	}
}
