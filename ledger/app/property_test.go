package app_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/dispute"
	"autonet/ledger/heartbeat"
	"autonet/ledger/project"
	"autonet/ledger/rewards"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// dice picks what a random history does next.
type dice struct{ *rand.Rand }

func (d dice) account() ledger.Account { return acct(d.Intn(castSize)) }

func (d dice) role() ledger.Role { return ledger.Roles()[d.Intn(6)] }

// amount is often at an edge.
func (d dice) amount(top ledger.Natn) ledger.Natn {
	switch d.Intn(8) {
	case 0:
		return 1
	case 1:
		return top
	case 2:
		return top + 1
	case 3:
		return math.MaxUint64
	default:
		return 1 + ledger.Natn(d.Int63n(int64(max(top, 1))))
	}
}

func (d dice) hash() ledger.Hash { return digest(d.Intn(4)) }

// pick returns one of the list, or an unknown ID.
func (d dice) pick(ids []string) string {
	if len(ids) == 0 || d.Intn(10) == 0 {
		return ledger.TaskID(network, acct(0), uint64(1000+d.Intn(3)))
	}
	return ids[d.Intn(len(ids))]
}

// message is any message by anybody, sensible or not.
func (d dice) message(c *chain) move {
	v := c.view()
	var projects, tasks []string
	for _, p := range v.Projects() {
		projects = append(projects, p.ID)
	}
	for _, t := range v.Tasks() {
		tasks = append(tasks, t.ID)
	}
	from := d.Intn(castSize)
	denom := ledger.DenomATN
	if d.Intn(3) == 0 {
		denom = d.pick(projects)
	}
	have := ledger.Natn(v.Balance(acct(from), denom))
	cid := manifest("m", d.Intn(3))
	if d.Intn(5) == 0 {
		return d.service(c, from, d.pick(projects))
	}
	switch d.Intn(24) {
	case 0, 1:
		return move{from, bank.Send{To: d.account(), Denom: denom, Amount: uint64(d.amount(have))}}
	case 2:
		return move{from, bank.Burn{Denom: denom, Amount: uint64(d.amount(min(have, atn)))}}
	case 3, 4:
		m := staking.Bond{Role: d.role(), Amount: d.amount(min(have, 2000*atn))}
		if m.Role == ledger.RoleValidator && d.Intn(2) == 0 {
			key := sha256.Sum256([]byte{byte(from), 'c'})
			m.ConsKey = key[:]
		}
		return move{from, m}
	case 5, 6:
		role := d.role()
		bonded := ledger.Natn(0)
		for _, s := range v.Stake(acct(from)) {
			if s.Role == role {
				bonded = s.Bonded
			}
		}
		return move{from, staking.Unbond{Role: role, Amount: d.amount(bonded)}}
	case 7:
		return move{from, d.money(c, from)}
	case 8:
		m := create()
		m.Goal, m.DeadlineMS = d.amount(100*atn), int64(1+d.Intn(20_000))
		return move{from, m}
	case 9, 10:
		return move{from, project.Fund{Project: d.pick(projects), Amount: d.amount(min(have, 300*atn))}}
	case 11:
		return move{from, project.Refund{Project: d.pick(projects)}}
	case 12:
		return move{from, project.PublishModel{Project: d.pick(projects), Manifest: cid, Root: d.hash(), Size: 5, Parameters: 6}}
	case 13:
		return move{from, shardreg.RegisterProvider{Capacity: uint64(d.amount(1 << 20))}}
	case 14:
		return move{from, shardreg.Register{Manifest: cid, Root: d.hash(), Size: uint64(1 + d.Intn(1<<20)), Data: 10, Parity: 4, Strategy: shardreg.Replica}}
	case 15:
		var columns []uint16
		for i := range uint16(16) {
			if d.Intn(3) == 0 {
				columns = append(columns, i)
			}
		}
		m, _ := v.Manifest(cid)
		return move{from, shardreg.Announce{Manifest: cid, Root: m.Root, Size: m.Size, Data: m.Data, Parity: m.Parity, Columns: columns}}
	case 16:
		return move{from, heartbeat.Register{}}
	case 17:
		m := c.pulse()
		m.Interval += uint64(d.Intn(3)) - 1
		return move{from, m}
	case 18, 19:
		m := c.proposal(d.pick(projects))
		m.Steps, m.Interval, m.Slots = uint32(1+d.Intn(8)), uint32(1+d.Intn(4)), uint32(1+d.Intn(3))
		m.Replay = uint32(1 + d.Intn(2))
		m.RewardPerSample, m.StorageFee = d.amount(atn/10), d.amount(atn)
		return move{owner, m}
	default:
		return d.work(from, d.pick(tasks))
	}
}

// mischief is what somebody with a part in a task, or an eye on it, could do to it now.
func (d dice) mischief(t task.Task) []move {
	switch {
	case d.Intn(2) == 0:
		return nil
	case t.State == task.StateSettled && t.Aggregator != "":
		return []move{{index(t.Aggregator), task.Aggregate{Task: t.ID, Manifest: manifest("wrong"), Root: d.hash(), Size: 1, Parameters: 1}}}
	case t.Phase == task.PhaseAggregateChallenge:
		return []move{{third, dispute.ChallengeAggregate{Task: t.ID, Manifest: manifest("else"), Root: d.hash(), Size: 1, Parameters: 1}}}
	case t.State == task.StateChallenge:
		at := t.Slots[d.Intn(len(t.Slots))]
		return []move{{second, dispute.AppealScore{Task: t.ID, Solver: at.Account, Score: uint16(d.Intn(1 << 16))}}}
	default:
		return nil
	}
}

func (d dice) question() dispute.Question {
	if d.Intn(2) == 0 {
		return dispute.Question{}
	}
	return dispute.Question{Solver: d.account(), Interval: uint32(d.Intn(4)), Step: uint32(d.Intn(3))}
}

// work is any message about a task by anybody.
func (d dice) work(from int, id string) move {
	var m ledger.Msg
	switch d.Intn(16) {
	case 0:
		m = task.Open{Task: id}
	case 1:
		m = task.Claim{Task: id, Slot: uint32(d.Intn(4))}
	case 2:
		m = task.Checkpoint{Task: id, Step: uint32(1 + d.Intn(9)), Hash: d.hash()}
	case 3:
		m = task.Commit{Task: id, Commitment: d.hash()}
	case 4:
		m = task.RevealTruth{Task: id, CID: ledger.DocCID([]byte("lie")), Salt: d.hash()}
	case 5:
		m = task.Reveal{Task: id, Doc: []byte{byte(d.Intn(256))}, Salt: d.hash()}
	case 6:
		m = task.Aggregate{Task: id, Manifest: manifest(d.Intn(3)), Root: d.hash(), Size: 1, Parameters: 1}
	case 7:
		m = rewards.CommitVote{Task: id, Commitment: d.hash()}
	case 8:
		m = rewards.RevealVote{Task: id, Doc: []byte{1}, Salt: d.hash(), ChainSalt: d.hash()}
	case 9:
		m = dispute.Challenge{Task: id, Solver: d.account(), Interval: uint32(d.Intn(4)), Hashes: []ledger.Hash{d.hash(), d.hash()}}
	case 10, 11:
		m = dispute.ChallengeAggregate{Task: id, Manifest: manifest(d.Intn(3)), Root: d.hash(), Size: 1, Parameters: 1}
	case 12:
		m = dispute.Commit{Task: id, Question: d.question(), Commitment: d.hash()}
	case 13:
		m = dispute.Reveal{Task: id, Question: d.question(), Finding: dispute.Finding{Unusable: true}, Salt: d.hash()}
	case 14:
		m = dispute.AppealScore{Task: id, Solver: acct(solver + d.Intn(3)), Score: uint16(d.Intn(1 << 16))}
	default:
		m = dispute.VoteAppeal{Task: id, Solver: acct(solver + d.Intn(3)), Appellant: d.account(), Support: d.Intn(2) == 0}
	}
	return move{from, m}
}

// history plays a random network: everybody sends anything, some act honestly, blocks come fast and slow, heartbeats
// fail, validators equivocate. After every block money must be conserved.
func history(t *testing.T, seed int64, blocks int) (*chain, map[string]int) {
	t.Helper()
	d := dice{rand.New(rand.NewSource(seed))}
	c := newChain(t)
	c.funded()
	outcomes := map[string]int{}
	for range blocks {
		if d.Intn(6) > 0 {
			c.beat()
		}
		var moves []move
		for range d.Intn(4) {
			moves = append(moves, d.message(c))
		}
		for _, one := range c.view().Tasks() {
			moves = append(moves, d.mischief(one)...)
			for _, m := range c.moves(one) {
				if d.Intn(3) > 0 && m.from >= 0 {
					moves = append(moves, m)
				}
			}
		}
		for _, p := range c.view().Projects() {
			if p.State == project.Failed && p.Sold > 0 {
				moves = append(moves, move{index(c.view().TokenHolders(p.ID)[0].Holder), project.Refund{Project: p.ID}})
			}
		}
		nonces := map[int]uint64{}
		var txs [][]byte
		for _, m := range moves {
			if m.msg.Validate() != nil {
				continue
			}
			nonce := c.view().Nonce(acct(m.from)) + nonces[m.from]
			nonces[m.from]++
			raw, err := ledger.SignTx(key(m.from), network, nonce, m.msg)
			require.NoError(t, err)
			txs = append(txs, raw)
		}
		c.height++
		c.timeMS += []int64{1, 100, 700, 3000, 20_000}[d.Intn(5)]
		info := c.info()
		if d.Intn(40) == 0 {
			key := sha256.Sum256([]byte{byte(d.Intn(4)), 'c'})
			info.Equivocations = []app.Equivocation{{
				Kind: app.DoubleSign, Address: staking.ConsAddress(key[:]), Height: 1 + d.Int63n(c.height), TimeMS: c.timeMS,
			}}
		}
		res, err := c.ExecBlock(c.kv, info, txs)
		require.NoError(t, err, "seed %d height %d", seed, c.height)
		c.events = append(c.events, res.Events...)
		for _, tx := range res.Txs {
			require.NotEqual(t, ledger.CodeInternal, tx.Code, "seed %d: %s: %s", seed, tx.Kind, tx.Text)
			outcomes[fmt.Sprintf("%s %s", tx.Kind, tx.Code)]++
		}
		for _, e := range res.Events {
			_, err := app.DecodeEvent(e.Kind, e.Data)
			require.NoError(t, err, e.Kind)
		}
		c.sound()
	}
	for _, e := range c.events {
		outcomes[e.Kind]++
	}
	return c, outcomes
}

func TestRandomHistoriesConserveMoney(t *testing.T) {
	total := map[string]int{}
	for seed := range int64(20) {
		_, outcomes := history(t, seed, 160)
		for what, n := range outcomes {
			total[what] += n
		}
	}
	for _, what := range []string{
		"task/aggregated", "rewards/settled", "dispute/challenged", "dispute/aggregate-challenged", "dispute/judged", "dispute/appealed",
		"task/replaced", "dispute/paid", "staking/slashed", "staking/released", "project/refunded",
		"heartbeat/beaten", "staking/validator-changed", "shardreg/announced", "bank/burned", "task/dropped", "task/returned",
	} {
		require.NotZero(t, total[what], "the histories never reach %s", what)
	}
}

func TestTheSameBlocksGiveTheSameBytes(t *testing.T) {
	record := func() ([]byte, []ledger.Event) {
		c, _ := history(t, 99, 60)
		return c.kv.Dump(), c.events
	}
	first, events := record()
	again, eventsAgain := record()
	require.Equal(t, first, again)
	require.Equal(t, events, eventsAgain)
}

func TestBlocksRunAlikeOverAnyStore(t *testing.T) {
	direct, layered := newChain(t), newChain(t)
	base := layered.kv
	for range 20 {
		txs := [][]byte{direct.sign(citizen, bank.Send{To: acct(owner), Denom: "ATN", Amount: 3}), direct.sign(owner, direct.pulse())}
		direct.height++
		direct.timeMS += 900
		want, err := direct.ExecBlock(direct.kv, direct.info(), txs)
		require.NoError(t, err)
		overlay := ledger.NewOverlay(base)
		got, err := layered.ExecBlock(overlay, direct.info(), txs)
		require.NoError(t, err)
		overlay.Flush()
		require.Equal(t, want, got)
		require.Equal(t, direct.kv.Dump(), base.Dump())
	}
}
