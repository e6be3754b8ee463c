package app_test

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/alignment"
	"autonet/ledger/bank"
	"autonet/ledger/project"
)

const (
	kindText  = "Write plain guides that help refugees find asylum and protect children from hunger"
	cruelText = "Torture prisoners and spy on dissidents to silence the free press"
)

// alignmentMessages are messages of the module that are refused to a citizen.
func alignmentMessages() []ledger.Msg {
	round := alignment.RoundID(network, acct(citizen), 99)
	return []ledger.Msg{
		alignment.Publish{Name: "a", Text: kindText, MaxPrice: 1},
		alignment.Join{Community: "nobody"},
		alignment.Leave{},
		alignment.Ask{Text: kindText, Community: "nobody"},
		alignment.CommitScore{Round: round, Commitment: digest("c")},
		alignment.RevealScore{Round: round},
	}
}

// shop is a chain with a deployed project, a full pool, and a median price. It returns the project's ID.
func shop(tb testing.TB) (*chain, string) {
	tb.Helper()
	return shopOf(tb, nil)
}

// shopOf is shop with somebody who watches its blocks.
func shopOf(tb testing.TB, watch func(*chain)) (*chain, string) {
	tb.Helper()
	g := genesis()
	g.Accounts[citizen].Balance += 3_000_000 * atn
	g.Params.EpochMS, g.Params.Services.MatureMS, g.Params.Services.ReviewMS = 5000, 1000, 1000
	g.Params.Shards.AuditsPerRound = 0 // nobody here answers audits
	c := newChainOf(tb, g)
	if watch != nil {
		watch(c)
	}
	s := store(tb, 50_000, 2, 2)
	c.keep(s)
	id := ledger.ProjectID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, create())
	c.must(citizen, project.Fund{Project: id, Amount: 300 * atn})
	c.must(owner, project.PublishModel{Project: id, Manifest: s.CID().String(), Root: s.Root, Size: s.Size, Parameters: 1})
	c.must(owner, project.Mature{Project: id})
	c.wait(c.view().Params().Services.MatureMS)
	c.must(owner, project.Deploy{Project: id})
	c.must(owner, project.SetPrice{Project: id, Price: atn})
	c.must(citizen, bank.Send{To: alignment.PoolAccount(), Denom: ledger.DenomATN, Amount: uint64(2_000_000 * atn)})
	c.beat()
	return c, id
}

// order places an order and returns its ID and the price that was shown before.
func (c *chain) order(from int, id string, units uint64, text string) (string, project.Price) {
	c.t.Helper()
	c.beat()
	shown, err := c.view().Quote(acct(from), id, units, text)
	require.NoError(c.t, err)
	name := project.OrderID(network, acct(from), c.view().Nonce(acct(from)))
	before := c.view().Balance(acct(from), ledger.DenomATN)
	res := c.send(from, project.Order{Project: id, Input: manifest("in"), Units: units, MaxPrice: shown.Pay, Text: text})
	require.Equal(c.t, ledger.CodeOK, res.Code, res.Text)
	require.Equal(c.t, uint64(shown.Pay+res.Fee), before-c.view().Balance(acct(from), ledger.DenomATN), "the price shown is the price charged")
	c.sound()
	return name, shown
}

// deliver lets the drawn provider deliver and the buyer's time to complain pass.
func (c *chain) deliver(order string) {
	c.t.Helper()
	c.beat()
	c.block(100)
	o, _ := c.view().Order(order)
	require.Equal(c.t, project.OrderAssigned, o.State)
	c.must(index(o.Provider), project.Deliver{Order: order, Output: manifest("out")})
	c.wait(c.view().Params().Services.ReviewMS + 1000)
	o, _ = c.view().Order(order)
	require.Equal(c.t, project.OrderSettled, o.State)
	c.sound()
}

func TestPremiumsFillThePoolThatSubsidises(t *testing.T) {
	c, id := shop(t)
	require.Equal(t, 2_000_000*atn, c.view().SubsidyPool().Balance)
	first, price := c.order(citizen+1, id, 100, cruelText)
	require.Positive(t, price.Premium)
	require.Equal(t, 100*atn, price.Base)
	c.deliver(first)
	pool := c.view().SubsidyPool()
	require.Equal(t, 2_000_000*atn+price.Premium, pool.Balance)
	require.Equal(t, price.Premium, pool.Premiums)

	c.wait(c.view().Params().EpochMS)
	require.Equal(t, uint64(atn)*1000, c.view().SubsidyPool().Median)
	quote, err := c.view().AlignmentQuote(alignment.Query{User: acct(citizen + 1), Project: id, Base: 100 * atn, Units: 100, Text: kindText})
	require.NoError(t, err)
	require.Equal(t, alignment.RowSubsidy, quote.Row)
	require.Zero(t, quote.Maturity, "no verified task has given the project a model")
	require.Zero(t, quote.Subsidy)

	p, _ := c.view().Project(id)
	p.Versions = 10
	ledger.Save(c.kv, ledger.Key("project", "p", id), p)
	c.wait(3 * c.view().Params().EpochMS)
	reasons, err := c.view().PriceReasons(acct(citizen+1), id, 100, kindText)
	require.NoError(t, err)
	require.Equal(t, uint64(1000), reasons.Maturity)
	second, price := c.order(citizen+1, id, 100, kindText)
	require.Positive(t, price.Subsidy)
	require.Equal(t, reasons.Subsidy, price.Subsidy)
	require.Equal(t, 100*atn-price.Subsidy, price.Pay)
	require.LessOrEqual(t, price.Subsidy, 100*atn*45/100, "two providers: 55 % may come back to a buyer who is one of them")
	c.deliver(second)
	require.Equal(t, price.Subsidy, c.view().SubsidyPool().Paid)
}

func TestTheNetworkStandsForItsConstitution(t *testing.T) {
	c := newChain(t)
	for text, closer := range map[string]bool{
		"Everyone has the right to education":                        true,
		"Restrict education and ban schools for girls":               false,
		"No one shall be tortured":                                   true,
		"Torture prisoners":                                          false,
		"Freedom of opinion and of the press":                        true,
		"Censor the press and jail reporters":                        false,
		"Privacy of every person":                                    true,
		"Spy on people and sell their private data to secret police": false,
	} {
		price, closeness, err := c.view().StandardsPrice(text)
		require.NoError(t, err)
		require.Equal(t, closer, closeness > 50_000, "%s: %d", text, closeness)
		require.Equal(t, !closer, closeness < 15_000, "%s: %d", text, closeness)
		base := c.view().Params().Pricing.PublishBase
		require.GreaterOrEqual(t, price, base)
		require.LessOrEqual(t, price, 3*base)
	}
}

func TestCommunitiesAreFoundJoinedAndRead(t *testing.T) {
	c := newChain(t)
	price, _, err := c.view().StandardsPrice(kindText)
	require.NoError(t, err)
	c.must(owner, alignment.Publish{Name: "helpers", Text: kindText, MaxPrice: price})
	c.must(citizen, alignment.SetValues{Text: "Help refugees"})
	c.must(citizen, alignment.Join{Community: "helpers"})
	require.Equal(t, "helpers", c.view().Membership(acct(citizen)))
	s, ok := c.view().CommunityStandards("helpers", 0)
	require.True(t, ok)
	require.Equal(t, kindText, s.Text)
	require.Equal(t, price, s.Paid)
	require.Equal(t, uint64(1), c.view().Communities()[0].Members)
	v, ok := c.view().Values(acct(citizen))
	require.True(t, ok)
	require.Equal(t, "Help refugees", v.Text)
	c.must(citizen, alignment.Ask{Text: kindText, Community: "helpers"})
	require.Len(t, c.view().JudgeRounds(), 1)
	_, judged := c.view().TextVerdict(kindText, "helpers", 1)
	require.False(t, judged)
	c.must(citizen, alignment.Leave{})
	c.sound()
}

func TestASettledTaskMovesItsCapabilitysMultiplier(t *testing.T) {
	c := newChain(t)
	id := c.funded()
	name := ledger.TaskID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, c.proposal(id))
	c.play(name)
	all := c.view().Capabilities()
	require.Len(t, all, 1)
	require.Equal(t, mustProject(t, c, id).Model, all[0].Name)
	require.Positive(t, all[0].Wanted)
	require.Equal(t, uint64(1000), all[0].Multiplier)
	c.wait(c.view().Params().EpochMS)
	require.NotEqual(t, uint64(1000), c.view().Capabilities()[0].Multiplier)
}

func TestAForgedPoolStopsTheChain(t *testing.T) {
	c := newChain(t)
	pool := c.view().SubsidyPool()
	pool.Balance++
	ledger.Save(c.kv, ledger.Key("alignment", "pool"), pool)
	c.height++
	_, err := c.ExecBlock(c.kv, c.info(), nil)
	require.ErrorContains(t, err, "subsidies")
}

// Random orders of random texts by random buyers, delivered or not, over epochs: money is conserved in every block.
func TestRandomOrdersConserveMoney(t *testing.T) {
	for seed := range int64(3) {
		c, id := shop(t)
		d := rand.New(rand.NewSource(seed))
		texts := []string{"", kindText, cruelText, "Sort a list of integers"}
		var open []string
		for range 25 {
			switch {
			case d.Intn(4) == 0:
				c.wait(int64(1000 * (1 + d.Intn(20))))
			case len(open) > 0 && d.Intn(3) == 0:
				o, _ := c.view().Order(open[0])
				if o.State == project.OrderAssigned {
					c.beat()
					c.must(index(o.Provider), project.Deliver{Order: open[0], Output: manifest("out")})
				}
				open = open[1:]
			default:
				name, _ := c.order(solver+d.Intn(castSize-solver), id, uint64(1+d.Intn(50)), texts[d.Intn(len(texts))])
				open = append(open, name)
			}
			c.sound()
		}
	}
}
