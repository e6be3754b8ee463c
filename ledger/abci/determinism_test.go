package abci_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/dao"
	"autonet/ledger/heartbeat"
	"autonet/ledger/project"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

const players = 9

func player(i int) ed25519.PrivateKey { return key(fmt.Sprint("player", i)) }

// consKeyOf is a player's consensus key, and the address that consensus knows it by.
func consKeyOf(i int) (pub, address []byte) {
	pub = key(fmt.Sprint("consensus", i)).Public().(ed25519.PublicKey)
	sum := sha256.Sum256(pub)
	return pub, sum[:20]
}

// roleGenesis has a player or two for every role.
func roleGenesis(tb testing.TB) []byte {
	tb.Helper()
	params := ledger.DevnetParams()
	g := app.Genesis{Network: network, Params: params, Treasury: 1000 * ledger.ATN}
	for i := range players {
		a := app.GenAccount{Account: account(player(i)), Balance: 20_000 * ledger.ATN}
		for n, role := range ledger.Roles() {
			if (n+i)%3 == 0 || (role == ledger.RoleCoordinator && i > 4) {
				s := app.GenStake{Role: role, Amount: params.Role(role).MinStake + ledger.Natn(i)*ledger.ATN}
				if role == ledger.RoleValidator {
					s.ConsKey, _ = consKeyOf(i)
					a.Governor = true
				}
				if role == ledger.RoleProvider {
					a.Capacity = 1 << 20
				}
				if role == ledger.RoleCoordinator {
					a.Salts = sha256.Sum256([]byte{byte(i)})
				}
				a.Stakes = append(a.Stakes, s)
			}
		}
		g.Accounts = append(g.Accounts, a)
	}
	raw, err := json.Marshal(g)
	require.NoError(tb, err)
	return raw
}

// author writes the blocks, knowing the state of the replica that runs straight on.
type author struct {
	*rand.Rand
	tb     testing.TB
	nonces map[int]uint64
	now    time.Time
}

func (a *author) account() ledger.Account { return account(player(a.Intn(players))) }

func (a *author) cid(n int) string { return ledger.ManifestCID([]byte{byte(n)}) }

func (a *author) hash() ledger.Hash { return sha256.Sum256([]byte{byte(a.Intn(3))}) }

// id picks one of a list, or nothing that exists.
func (a *author) id(list []string) string {
	if len(list) == 0 {
		return ledger.TaskID(network, account(player(0)), 1<<40)
	}
	return list[a.Intn(len(list))]
}

func (a *author) message(v app.View, from int) ledger.Msg {
	var projects, tasks, proposals []string
	for _, p := range v.Projects() {
		projects = append(projects, p.ID)
	}
	for _, t := range v.Tasks() {
		if !t.Final() {
			tasks = append(tasks, t.ID)
		}
	}
	for _, p := range v.Proposals() {
		if p.State == dao.StateVoting {
			proposals = append(proposals, p.ID)
		}
	}
	n := a.Intn(3)
	role := ledger.Roles()[a.Intn(6)]
	amount := ledger.Natn(1+a.Intn(900)) * ledger.ATN
	switch a.Intn(22) {
	case 0:
		return staking.Bond{Role: role, Amount: amount}
	case 1:
		for _, s := range v.Stake(account(player(from))) {
			return staking.Unbond{Role: s.Role, Amount: s.Bonded}
		}
		return staking.Unbond{Role: role, Amount: 1}
	case 2, 3:
		return project.Create{Name: "p", Goal: 20 * ledger.ATN, DeadlineMS: 40_000, PTBase: uint64(ledger.ATN), PTSlope: 3, Model: "m"}
	case 4, 5:
		return project.Fund{Project: a.id(projects), Amount: amount}
	case 6:
		return project.PublishModel{Project: a.id(projects), Manifest: a.cid(n), Root: sha256.Sum256([]byte{byte(n)}), Size: 5000, Parameters: 1}
	case 7:
		return shardreg.Register{Manifest: a.cid(n), Root: sha256.Sum256([]byte{byte(n)}), Size: 5000, Data: 3, Parity: 2, Strategy: shardreg.Replica}
	case 8, 9:
		m := shardreg.Announce{Manifest: a.cid(n), Root: sha256.Sum256([]byte{byte(n)}), Size: 5000, Data: 3, Parity: 2, Columns: []uint16{0, 1, 2, 3, 4}}
		m.Columns = m.Columns[a.Intn(3):]
		return m
	case 10:
		return shardreg.Withdraw{Manifest: a.cid(n)}
	case 11:
		return dao.Delegate{To: a.account()}
	case 12:
		return dao.Propose{
			Title: "x", Text: ledger.DocCID([]byte("why")), Changes: []ledger.Change{{Name: "miss_slash", Value: int64(1+a.Intn(9)) * int64(ledger.ATN)}},
		}
	case 13, 14:
		return dao.Vote{Proposal: a.id(proposals), Choice: dao.Yes}
	case 15, 16:
		return task.Propose{
			Project: a.id(projects), Spec: ledger.DocCID([]byte("spec")), Model: a.cid(1), Steps: 4, Interval: 2, Batch: 1, Slots: 2, Replay: 2,
			Truth: a.hash(), RewardPerSample: ledger.ATN / 10, CoordinatorFee: ledger.ATN, AggregatorFee: 1, StorageFee: 1, ProposerReward: 1,
		}
	case 17:
		return task.Open{Task: a.id(tasks)}
	case 18, 19:
		return task.Claim{Task: a.id(tasks), Slot: uint32(a.Intn(2))}
	case 20:
		return task.Commit{Task: a.id(tasks), Commitment: a.hash()}
	default:
		return bank.Send{To: a.account(), Denom: ledger.DenomATN, Amount: uint64(amount)}
	}
}

// able is somebody who may send a message, where the one that was picked may not.
func (a *author) able(v app.View, m ledger.Msg, from int) int {
	who := account(player(from))
	switch m := m.(type) {
	case task.Open:
		if t, ok := v.Task(m.Task); ok {
			who = t.Proposer
		}
	case task.Propose:
		if p, ok := v.Project(m.Project); ok {
			who = p.Owner
		}
	case task.Claim, task.Commit:
		return 2 + 3*a.Intn(3) // the solvers
	case shardreg.Announce, shardreg.Withdraw:
		return 1 + 3*a.Intn(3) // the providers
	case dao.Vote, dao.Propose:
		return 2 + 3*a.Intn(3) // the validators
	case project.Create:
		return 3 * a.Intn(3) // the proposers
	}
	for i := range players {
		if account(player(i)) == who {
			return i
		}
	}
	return from
}

// block writes the next block: pulses, then anything by anybody.
func (a *author) block(height int64, v app.View) abci.ReplicaBlock {
	a.tb.Helper()
	a.now = a.now.Add([]time.Duration{time.Millisecond, 400 * time.Millisecond, 900 * time.Millisecond, 2 * time.Second, 7 * time.Second}[a.Intn(5)])
	b := abci.ReplicaBlock{Height: height, At: a.now}
	_, b.Proposer = consKeyOf(a.Intn(players))
	if a.Intn(50) == 0 {
		_, b.Guilty = consKeyOf(a.Intn(players))
	}
	last := v.LastBlock()
	for i := range players {
		interval := uint64(a.now.UnixMilli() / v.Params().PulseIntervalMS)
		if v.Governor(account(player(i))) && last.Height > 0 && v.Heartbeat().Interval < interval {
			b.Txs = append(b.Txs, sign(a.tb, player(i), 0, heartbeat.Pulse{Interval: interval, BlockHeight: last.Height, BlockHash: last.Hash}))
		}
	}
	for range a.Intn(8) {
		from := a.Intn(players)
		m := a.message(v, from)
		from = a.able(v, m, from)
		if m.Validate() != nil {
			continue
		}
		b.Txs = append(b.Txs, sign(a.tb, player(from), a.nonces[from], m))
		a.nonces[from]++
	}
	return b
}

func openReplica(tb testing.TB, dir string, began time.Time, genesis []byte) *abci.Replica {
	tb.Helper()
	r, err := abci.OpenReplica(dir, network)
	require.NoError(tb, err)
	if r.Height() == 0 && genesis != nil {
		require.NoError(tb, r.Init(began, genesis))
	}
	return r
}

// TestEveryWayThroughTheBlocksLeadsToTheSameState runs the same blocks on nodes with different lives.
func TestEveryWayThroughTheBlocksLeadsToTheSameState(t *testing.T) {
	const blocks = 140
	began := time.UnixMilli(1_700_000_000_000)
	genesis := roleGenesis(t)
	for seed := range int64(1) {
		d := rand.New(rand.NewSource(seed))
		a := &author{Rand: rand.New(rand.NewSource(seed + 100)), tb: t, nonces: map[int]uint64{}, now: began}
		straight := openReplica(t, t.TempDir(), began, genesis)
		restartedDir, checked := t.TempDir(), openReplica(t, t.TempDir(), began, genesis)
		restarted := openReplica(t, restartedDir, began, genesis)
		var restored *abci.Replica
		from := int64(blocks/4 + d.Intn(blocks/2))

		outcomes := map[string]int{}
		for height := int64(1); height <= blocks; height++ {
			var b abci.ReplicaBlock
			straight.View(func(v app.View) { b = a.block(height, v) })
			want := play(t, straight, b)
			for _, r := range want.Results {
				outcomes[fmt.Sprint(r.Kind, " ", r.Code == ledger.CodeOK)]++
			}
			for _, e := range want.Events {
				outcomes[e.Kind]++
			}

			for d.Intn(4) == 0 { // the node stops before, or in the middle of, a block
				if d.Intn(2) == 0 {
					_, err := restarted.Execute(b)
					require.NoError(t, err)
				}
				require.NoError(t, restarted.Close())
				restarted = openReplica(t, restartedDir, began, genesis)
			}
			require.Equal(t, want, play(t, restarted, b), "seed %d: the restarted node at height %d", seed, height)

			for _, raw := range b.Txs { // what passes the door is not verified again
				if d.Intn(3) > 0 {
					_ = checked.Check(raw)
				}
			}
			threads := runtime.GOMAXPROCS(1 + 3*d.Intn(2))
			require.Equal(t, want, play(t, checked, b), "seed %d: the node with another cache and scheduler at height %d", seed, height)
			runtime.GOMAXPROCS(threads)

			if restored != nil {
				require.Equal(t, want, play(t, restored, b), "seed %d: the node restored from height %d at height %d", seed, from, height)
			}
			if height == from {
				restored = openReplica(t, t.TempDir(), began, nil)
				require.NoError(t, straight.RestoreInto(restored))
				require.Equal(t, height, restored.Height())
			}
		}
		for _, r := range []*abci.Replica{straight, restarted, checked, restored} {
			require.NoError(t, r.Close())
		}
		for _, what := range []string{
			"heartbeat/beaten", "staking/bond true", "project/fund true", "shardreg/announce true", "shardreg/audit-drawn",
			"dao/delegate true", "dao/vote true", "task/propose true", "task/claim true", "task/claim false", "staking/slashed",
		} {
			require.NotZero(t, outcomes[what], "seed %d never reaches %s: %v", seed, what, outcomes)
		}
	}
}

func play(t *testing.T, r *abci.Replica, b abci.ReplicaBlock) abci.Outcome {
	t.Helper()
	out, err := r.Execute(b)
	require.NoError(t, err)
	require.NoError(t, r.Commit())
	require.Equal(t, b.Height, r.Height())
	return out
}
