package app_test

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/dao"
	"autonet/ledger/heartbeat"
	"autonet/ledger/ledgertest"
	"autonet/ledger/project"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
)

// modelKeys is how many one-use keys there are for invitations and consensus.
const modelKeys = 12

// tape is where a history's choices come from.
type tape struct {
	raw []byte
	at  int
}

func (t *tape) over() bool { return t.at >= len(t.raw) }

func (t *tape) next(size int) uint64 {
	var word [8]byte
	t.at += copy(word[:size], t.raw[min(t.at, len(t.raw)):])
	if t.over() {
		t.at = len(t.raw)
	}
	return binary.LittleEndian.Uint64(word[:])
}

// n is a number below n.
func (t *tape) n(n int) int {
	switch {
	case n <= 1:
		return 0
	case n <= 256:
		return int(t.next(1)) % n
	default:
		return int(t.next(4) % uint64(n))
	}
}

// often is true in most of ten cases.
func (t *tape) often() bool { return t.n(10) > 1 }

// amount is often at an edge.
func (t *tape) amount(top uint64) uint64 {
	switch t.n(8) {
	case 0:
		return 1
	case 1:
		return max(top, 1)
	case 2:
		return top + 1
	case 3:
		return math.MaxUint64
	default:
		return 1 + t.next(8)%max(top, 1)
	}
}

func one[T any](t *tape, list []T) (zero T) {
	if len(list) == 0 {
		return zero
	}
	return list[t.n(len(list))]
}

// known picks one of the names, or one that nobody gave.
func known[V any](t *tape, m map[string]V) string {
	if len(m) == 0 || t.n(12) == 0 {
		return ledger.TaskID(network, acct(0), 1<<40)
	}
	return one(t, keys(m))
}

// game is a history of the ledger and of its model.
type game struct {
	*tape
	*chain
	r     *ref
	files []stored
	seen  map[string]int
}

func (g *game) bankMove(from int) ledger.Msg {
	denom := ledger.DenomATN
	have := g.r.balance[acct(from)]
	if g.n(2) == 0 {
		if p := g.r.projects[known(g.tape, g.r.projects)]; p != nil {
			for id, q := range g.r.projects {
				if p == q {
					denom, have = id, p.held[acct(from)]
				}
			}
		}
	}
	key := ledgertest.Key(800 + g.n(modelKeys))
	switch g.n(6) {
	case 0, 1, 2:
		return bank.Send{To: acct(g.n(castSize)), Denom: denom, Amount: g.amount(min(have, uint64(500*atn)))}
	case 3:
		return bank.Burn{Denom: denom, Amount: g.amount(min(have, uint64(atn)))}
	case 4:
		return bank.Grant{Key: key[32:], Amount: ledger.Natn(max(g.amount(uint64(atn)), uint64(bank.MinGrant))), ExpiresMS: g.timeMS + int64(g.n(40_000)) - 100}
	default:
		to := from
		if have := keys(g.r.invited); len(have) > 0 && g.n(2) == 0 {
			for n := range modelKeys {
				if k := ledgertest.Key(800 + n); hex.EncodeToString(k[32:]) == have[0] {
					key = k
				}
			}
		}
		if !g.often() {
			to = g.n(castSize)
		}
		return bank.Claim{Key: key[32:], Sig: bank.SignClaim(key, network, acct(to))}
	}
}

func (g *game) stakeMove(from int) ledger.Msg {
	role := ledger.Roles()[g.n(6)]
	key := ledgertest.Key(800 + g.n(modelKeys))
	switch g.n(5) {
	case 0, 1:
		m := staking.Bond{Role: role, Amount: ledger.Natn(g.amount(min(g.r.balance[acct(from)], uint64(1500*atn))))}
		if g.n(2) == 0 {
			m.Amount = g.r.rules.Role(role).MinStake
		}
		if role == ledger.RoleValidator && g.n(2) == 0 {
			m.ConsKey = key[32:]
		}
		return m
	case 2, 3:
		return staking.Unbond{Role: role, Amount: ledger.Natn(g.amount(g.r.bondedOf(acct(from), role)))}
	default:
		return staking.RotateConsensusKey{Key: key[32:], Proof: staking.ProveConsensusKey(key, network, acct(from))}
	}
}

func (g *game) voteMove(from int) move {
	switch g.n(9) {
	case 0:
		if g.n(3) == 0 {
			from = g.n(third + 1)
		}
		m := dao.Delegate{To: acct(g.n(castSize))}
		if g.n(2) == 0 {
			m.To = ""
		}
		return move{from, m}
	case 1, 2:
		if g.often() {
			from = g.n(third + 1)
		}
		m := dao.Propose{Title: "x", Text: why()}
		if g.n(3) > 0 {
			m.Grant = dao.Grant{To: acct(g.n(castSize)), Amount: ledger.Natn(g.amount(min(g.r.treasury/40, uint64(100*atn))))}
			return move{from, m}
		}
		m.Changes = []ledger.Change{one(g.tape, []ledger.Change{
			{Name: "solver.min_stake", Value: int64(40*atn) + int64(g.n(20))*int64(atn)},
			{Name: "provider.min_stake", Value: int64(40*atn) + int64(g.n(20))*int64(atn)},
			{Name: "validator.min_stake", Value: int64(g.n(3)) * int64(5000*atn)},
			{Name: "miss_slash", Value: int64(g.n(70)) * int64(atn)},
			{Name: "reporter_per_mille", Value: int64(g.n(1100))},
			{Name: "shards.failed", Value: int64(g.n(300))},
			{Name: "services.holders_per_mille", Value: int64(g.n(500))},
		})}
		return move{from, m}
	case 3:
		return move{from, heartbeat.Register{}}
	case 4:
		if g.n(4) > 0 {
			from = citizen
		}
		return move{from, heartbeat.Leave{}}
	case 5:
		last := g.r.newest
		if !g.often() {
			last.hash[0]++
		}
		return move{g.n(third + 1), heartbeat.Pulse{
			Interval: uint64(g.timeMS/g.r.rules.PulseIntervalMS) + uint64(g.n(4)) - 1, BlockHeight: last.height, BlockHash: last.hash,
		}}
	default:
		if g.often() {
			from = g.n(third + 1)
		}
		return move{from, dao.Vote{Proposal: known(g.tape, g.r.proposals), Choice: one(g.tape, []dao.Choice{dao.Yes, dao.Yes, dao.Yes, dao.No, dao.Abstain})}}
	}
}

func (g *game) shardMove(from int) move {
	f := one(g.tape, g.files)
	if g.often() {
		from = provider + g.n(2)
	}
	cid := f.CID().String()
	switch g.n(12) {
	case 0:
		return move{from, shardreg.RegisterProvider{Capacity: min(g.amount(12_000), 1<<50)}}
	case 1:
		if g.n(3) > 0 {
			return move{from, shardreg.Withdraw{Manifest: cid}}
		}
		return move{from, shardreg.Deregister{}}
	case 2:
		return move{from, shardreg.Unregister{Manifest: cid}}
	case 3, 4:
		return move{from, shardreg.Register{
			Manifest: cid, Root: f.Root, Size: f.Size, Data: uint8(f.K), Parity: uint8(f.M), Strategy: shardreg.LayerWise,
		}}
	default:
		m := shardreg.Announce{Manifest: cid, Root: f.Root, Size: f.Size, Data: uint8(f.K), Parity: uint8(f.M)}
		if !g.often() {
			m.Root[0]++
		}
		for c := range uint16(f.Shards() + 1) {
			if g.n(5) > 0 && (int(c) < f.Shards() || g.n(8) == 0) {
				m.Columns = append(m.Columns, c)
			}
		}
		return move{from, m}
	}
}

// answers are what providers say to open audits: mostly the truth, sometimes nothing or rubbish.
func (g *game) answers() (out []move) {
	for _, a := range g.view().Audits() {
		for _, f := range g.files {
			if f.CID().String() != a.Manifest || g.n(4) == 0 {
				continue
			}
			m := f.answer(g.t, a)
			if g.n(12) == 0 {
				m.Chunk = []byte{1}
			}
			from := index(a.Provider)
			if g.n(16) == 0 {
				from = g.n(castSize)
			}
			out = append(out, move{from, m})
		}
	}
	return out
}

func (g *game) projectMove(from int) move {
	id := known(g.tape, g.r.projects)
	p := g.r.projects[id]
	if p != nil && g.often() && g.n(2) == 0 {
		return g.onward(id, p)
	}
	boss := from
	if p != nil && g.often() {
		boss = index(p.owner)
	}
	order := known(g.tape, g.r.orders)
	switch g.n(14) {
	case 0:
		if len(g.r.projects) > 3 && g.n(4) > 0 {
			return move{from, project.Refund{Project: id}}
		}
		return move{g.n(2) * from, project.Create{
			Name: "p", Goal: ledger.Natn(g.amount(uint64(150 * atn))), DeadlineMS: int64(1 + g.n(60_000)), Model: "m",
			PTBase: one(g.tape, []uint64{uint64(atn), 7, 1_000_003}), PTSlope: one(g.tape, []uint64{0, 1, 1000, uint64(atn)}),
		}}
	case 1, 2, 3:
		return move{from, project.Fund{Project: id, Amount: ledger.Natn(g.amount(uint64(200 * atn)))}}
	case 4:
		return move{from, project.Refund{Project: id}}
	case 5:
		return move{boss, project.Pause{Project: id}}
	case 6, 7:
		return move{boss, project.Resume{Project: id}}
	case 8:
		return move{boss, project.Deploy{Project: id, Version: uint64(g.n(2))}}
	case 9:
		return move{boss, project.SetPrice{
			Project: id, Price: ledger.Natn(g.amount(uint64(atn)) % uint64(atn)),
			Tiers: []project.Tier{{Hold: 1, PerMille: 3}, {Hold: 3 + uint64(g.n(99)), PerMille: uint64(300 + g.n(256))}},
		}}
	case 10:
		return move{from, project.Deliver{Order: order, Output: manifest("out")}}
	case 11:
		return move{from, project.Reject{Order: order, Reason: "no"}}
	default:
		return move{from, project.Withdraw{Project: id}}
	}
}

// onward is what brings a project on.
func (g *game) onward(id string, p *venture) move {
	boss := index(p.owner)
	switch {
	case p.state == project.Funding && g.n(2) == 0:
		return move{g.n(castSize), project.Fund{Project: id, Amount: 160 * atn}}
	case p.state == project.Failed:
		for a, paid := range p.paid {
			if paid > 0 && a == slices.Min(payers(p)) {
				return move{index(a), project.Refund{Project: id}}
			}
		}
		return move{boss, project.Refund{Project: id}}
	case p.model == "":
		f := one(g.tape, g.files)
		return move{boss, project.PublishModel{Project: id, Manifest: f.CID().String(), Root: f.Root, Size: f.Size, Parameters: 1}}
	case p.state == project.Training:
		return move{boss, project.Mature{Project: id}}
	case p.state == project.Maturing:
		return move{boss, project.Deploy{Project: id}}
	case p.state == project.Deployed && p.price == 0:
		return move{boss, project.SetPrice{Project: id, Price: 1 + atn/100}}
	default:
		return move{g.n(castSize), project.Order{
			Project: id, Input: manifest("in"), Units: 1 + uint64(g.n(9)), MaxPrice: ledger.Natn(max(1, g.amount(uint64(100*atn)))),
		}}
	}
}

func payers(p *venture) (out []who) {
	for a, paid := range p.paid {
		if paid > 0 {
			out = append(out, a)
		}
	}
	return out
}
