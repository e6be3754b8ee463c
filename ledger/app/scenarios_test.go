package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/project"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// scenario is one thing that users of the ledger rely on, told in whole signed transactions.
type scenario struct {
	name string
	play func(t stage)
}

// stage is where a scenario plays.
type stage struct{ *testing.T }

// leastScenarios is how many situations the contracts that this ledger takes over were tested in.
const leastScenarios = 44

// TestScenarios plays every situation of the classic contracts: stakes, tasks, votes, forced errors, providers, models,
// announcements, audits, availability, removal, reputation, inference.
func TestScenarios(t *testing.T) {
	count := 0
	names := map[string]bool{}
	for _, group := range []struct {
		name string
		all  []scenario
	}{
		{"staking", stakingScenarios()},
		{"tasks", taskScenarios()},
		{"votes", voteScenarios()},
		{"forced errors", trapScenarios()},
		{"providers", providerScenarios()},
		{"models", modelScenarios()},
		{"announcements", announceScenarios()},
		{"audits and reputation", auditScenarios()},
		{"availability", availabilityScenarios()},
		{"removal", removalScenarios()},
		{"inference", inferenceScenarios()},
	} {
		for _, s := range group.all {
			name := group.name + "/" + s.name
			require.False(t, names[name], "%s appears twice", name)
			names[name] = true
			count++
			t.Run(name, func(t *testing.T) { s.play(stage{t}) })
		}
	}
	t.Logf("%d scenarios", count)
	require.GreaterOrEqual(t, count, leastScenarios)
}

// refuses requires that a message is refused with a code, and that it leaves everything but nonce and fee as it was.
func (c *chain) refuses(from int, code ledger.Code, m ledger.Msg) {
	c.t.Helper()
	before := c.view().Supply()
	res := c.send(from, m)
	require.Equal(c.t, code, res.Code, "%s: %s", m.Kind(), res.Text)
	require.NotEmpty(c.t, res.Text)
	after := c.view().Supply()
	before.Balances, before.Treasury, after.Balances, after.Treasury = 0, 0, 0, 0 // fees
	require.Equal(c.t, before, after)
	c.sound()
}

// rejects requires that a message is turned away for what it says, in a block as at the door.
func (c *chain) rejects(m ledger.Msg) {
	c.t.Helper()
	require.Equal(c.t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()))
	raw, err := ledger.Marshal(m)
	require.NoError(c.t, err)
	tx := sealed(c.t, c.view().Nonce(acct(citizen)), m.Kind(), raw, atn)
	require.Equal(c.t, ledger.CodeInvalid, ledger.CodeOf(c.CheckTx(ledger.NewOverlay(c.kv), c.info(), tx)))
	require.Equal(c.t, ledger.CodeInvalid, c.block(100, tx).Txs[0].Code)
	c.sound()
}

func (c *chain) bonded(account ledger.Account, role ledger.Role) ledger.Natn {
	for _, s := range c.view().Stake(account) {
		if s.Role == role {
			return s.Bonded
		}
	}
	return 0
}

func stakingScenarios() (all []scenario) {
	for _, role := range ledger.Roles() {
		all = append(all, scenario{"as " + string(role), func(t stage) {
			c := newChain(t)
			rules := c.view().Params().Role(role)
			m := staking.Bond{Role: role, Amount: rules.MinStake}
			if role == ledger.RoleValidator {
				pub := digest("consensus")
				m.ConsKey = pub[:]
			}
			c.refuses(citizen, ledger.CodeFunds, staking.Unbond{Role: role, Amount: 1})
			if rules.MinStake >= 10_000*atn { // more than it has, with the fees
				c.refuses(citizen, ledger.CodeFunds, m)
				m.Amount += atn
				c.must(owner, bankSend(citizen, 100*atn))
			}
			c.must(citizen, m)
			require.True(t, c.view().IsActive(acct(citizen), role))
			require.Equal(t, m.Amount, c.bonded(acct(citizen), role))
			for _, other := range ledger.Roles() {
				require.Equal(t, other == role, c.view().IsActive(acct(citizen), other), "no other role comes with it")
			}
			c.must(citizen, staking.Unbond{Role: role, Amount: m.Amount})
			require.False(t, c.view().IsActive(acct(citizen), role))
			before := c.view().Balance(acct(citizen), "ATN")
			c.block(rules.UnbondMS - 200)
			require.Equal(t, before, c.view().Balance(acct(citizen), "ATN"), "still at risk")
			c.block(200)
			require.Equal(t, before+uint64(m.Amount), c.view().Balance(acct(citizen), "ATN"))
			c.sound()
		}})
	}
	return append(all, scenario{"too little", func(t stage) {
		c := newChain(t)
		c.refuses(citizen, ledger.CodeFunds, staking.Bond{Role: ledger.RoleSolver, Amount: 50*atn - 1})
		require.False(t, c.view().IsActive(acct(citizen), ledger.RoleSolver))
	}})
}

// proposed gives the owner a project and a task in it that nobody has claimed.
func proposed(t *testing.T) (*chain, string) {
	t.Helper()
	c := newChain(t)
	id := c.funded()
	taskID := ledger.TaskID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, c.proposal(id))
	return c, taskID
}

// claimed is a task that two solvers claimed.
func claimed(t *testing.T) (*chain, string) {
	t.Helper()
	c, id := proposed(t)
	c.must(owner, task.Open{Task: id})
	for n := range c.task(id).Slots {
		c.beat()
		c.must(solver+n, task.Claim{Task: id, Slot: uint32(n)})
	}
	c.beat()
	return c, id
}

func taskScenarios() []scenario {
	return []scenario{
		{"creation escrows the rewards", func(t stage) {
			c := newChain(t)
			id := c.funded()
			budget, m := mustProject(t.T, c, id).Budget, c.proposal(id)
			c.must(owner, m)
			escrow := m.RewardPerSample*28*2 + m.CoordinatorFee + m.AggregatorFee + m.StorageFee + m.ProposerReward
			require.Equal(t, escrow, c.view().Supply().Escrows)
			require.Equal(t, budget-escrow, mustProject(t.T, c, id).Budget)
			c.sound()
		}},
		{"creation needs a proposer", func(t stage) {
			c := newChain(t)
			c.refuses(citizen, ledger.CodeFunds, c.proposal(c.funded()))
		}},
		{"creation needs a budget of one's own", func(t stage) {
			c := newChain(t)
			id := c.funded()
			c.must(second, staking.Bond{Role: ledger.RoleProposer, Amount: 100 * atn})
			c.refuses(second, ledger.CodeRefused, c.proposal(id))
			m := c.proposal(id)
			m.StorageFee = 1000 * atn
			c.refuses(owner, ledger.CodeFunds, m)
		}},
		{"checkpoints go forward", func(t stage) {
			c, id := claimed(t.T)
			for _, step := range []uint32{1, 2, 4} {
				c.must(solver, task.Checkpoint{Task: id, Step: step, Hash: digest(step)})
			}
			require.Equal(t, uint32(4), c.task(id).Slots[0].Step)
			require.Zero(t, c.task(id).Slots[1].Step)
		}},
		{"checkpoints never go back", func(t stage) {
			c, id := claimed(t.T)
			c.must(solver, task.Checkpoint{Task: id, Step: 4, Hash: digest(4)})
			for _, step := range []uint32{4, 3, 1} {
				c.refuses(solver, ledger.CodeRefused, task.Checkpoint{Task: id, Step: step, Hash: digest("other")})
			}
			require.Equal(t, digest(4), c.task(id).Slots[0].StepHash)
		}},
		{"checkpoints are a claimant's and within the task", func(t stage) {
			c, id := claimed(t.T)
			c.refuses(solver+2, ledger.CodeRefused, task.Checkpoint{Task: id, Step: 1, Hash: digest(1)})
			c.refuses(solver, ledger.CodeRefused, task.Checkpoint{Task: id, Step: 8, Hash: digest(1)})
			c.must(solver, task.Commit{Task: id, Commitment: digest("c")})
			c.refuses(solver, ledger.CodeRefused, task.Checkpoint{Task: id, Step: 1, Hash: digest(1)})
		}},
		{"a claim locks a bond, which comes back", func(t stage) {
			c, id := claimed(t.T)
			locks := c.view().Locks(acct(solver))
			require.Len(t, locks, 1)
			require.GreaterOrEqual(t, locks[0].Amount, 5*atn)
			require.Equal(t, c.task(id).Slots[0].Bond, locks[0].Amount)
			c.refuses(solver, ledger.CodeRefused, task.Claim{Task: id, Slot: 1})
			c.play(id)
			require.Empty(t, c.view().Locks(acct(solver)))
			require.Equal(t, 100*atn, c.bonded(acct(solver), ledger.RoleSolver))
		}},
		{"who falls silent loses of its bond alone", func(t stage) {
			c, id := claimed(t.T)
			doc := solution(c.task(id), acct(solver))
			c.must(solver, task.Commit{Task: id, Commitment: commitment("solution", c.task(id), acct(solver), doc)})
			c.wait(c.view().Params().CommitMS + 2000)
			require.Equal(t, 95*atn, c.bonded(acct(solver+1), ledger.RoleSolver))
			require.Equal(t, 100*atn, c.bonded(acct(solver), ledger.RoleSolver))
			require.Equal(t, task.StateAggregated, c.play(id).State, "the task goes on with the other")
		}},
	}
}

func inferenceScenarios() []scenario {
	return []scenario{
		{"price", func(t stage) {
			c, id, _ := served(t.T)
			c.must(owner, project.SetPrice{Project: id, Price: atn, Tiers: []project.Tier{{Hold: 100, PerMille: 100}}})
			price, err := c.view().Quote(acct(citizen), id, 10, "")
			require.NoError(t, err)
			require.Equal(t, 9*atn, price.Pay, "holders pay less")
			price, err = c.view().Quote(acct(second), id, 10, "")
			require.NoError(t, err)
			require.Equal(t, 10*atn, price.Pay)
			c.refuses(citizen, ledger.CodeRefused, project.SetPrice{Project: id, Price: 1})
			c.beat()
			c.refuses(second, ledger.CodeRefused, project.Order{Project: id, Input: manifest("in"), Units: 10, MaxPrice: 10*atn - 1})
			c.must(second, project.Order{Project: id, Input: manifest("in"), Units: 10, MaxPrice: 10 * atn})
			require.Equal(t, 10*atn, c.view().Supply().Orders, "what is shown is what is charged")
		}},
		{"model lookup", func(t stage) {
			c, id, s := served(t.T)
			v, ok := c.view().Serving(id)
			require.True(t, ok)
			require.Equal(t, s.CID().String(), v.Manifest)
			require.Zero(t, v.Version)
			require.Equal(t, acct(owner), v.Publisher)
			_, ok = c.view().Version(id, 1)
			require.False(t, ok)
			_, ok = c.view().Serving(ledger.ProjectID(network, acct(owner), 999))
			require.False(t, ok)
		}},
		{"duplicate deployment", func(t stage) {
			c, id, _ := served(t.T)
			c.refuses(owner, ledger.CodeRefused, project.Deploy{Project: id})
			c.refuses(owner, ledger.CodeNotFound, project.Deploy{Project: id, Version: 1})
			c.refuses(citizen, ledger.CodeRefused, project.Deploy{Project: id})
		}},
	}
}

// served is a project that sells inference.
func served(t *testing.T) (*chain, string, stored) {
	t.Helper()
	c, s := newChain(t), store(t, 50_000, 2, 2)
	c.keep(s)
	id := ledger.ProjectID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, create())
	c.must(citizen, project.Fund{Project: id, Amount: 300 * atn})
	c.must(owner, project.PublishModel{Project: id, Manifest: s.CID().String(), Root: s.Root, Size: s.Size, Parameters: 1})
	c.must(owner, project.Mature{Project: id})
	c.refuses(owner, ledger.CodeEarly, project.Deploy{Project: id})
	c.wait(c.view().Params().Services.MatureMS)
	c.must(owner, project.Deploy{Project: id})
	require.Equal(t, project.Deployed, mustProject(t, c, id).State)
	return c, id, s
}

func modelScenarios() []scenario {
	register := func(s stored) shardreg.Register {
		return shardreg.Register{
			Manifest: s.CID().String(), Root: s.Root, Size: s.Size, Data: uint8(s.K), Parity: uint8(s.M), Strategy: shardreg.LayerWise,
		}
	}
	return []scenario{
		{"registration", func(t stage) {
			c, s := newChain(t), store(t, 5000, 2, 1)
			c.must(citizen, register(s))
			m, ok := c.view().Manifest(s.CID().String())
			require.True(t, ok)
			require.Equal(t, acct(citizen), m.Publisher)
			require.Equal(t, ledger.Hash(s.Root), m.Root)
			require.Equal(t, 3, m.Columns())
		}},
		{"duplicate", func(t stage) {
			c, s := newChain(t), store(t, 5000, 2, 1)
			c.must(citizen, register(s))
			c.refuses(citizen, ledger.CodeRefused, register(s))
			c.refuses(owner, ledger.CodeRefused, register(s))
			require.Len(t, c.view().Manifests(), 1)
		}},
		{"no data shards", func(t stage) {
			c, m := newChain(t), register(store(t, 5000, 2, 1))
			m.Data = 0
			c.rejects(m)
			m.Data, m.Parity = 200, 57
			c.rejects(m)
			require.Empty(t, c.view().Manifests())
		}},
	}
}
