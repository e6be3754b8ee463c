package app_test

import (
	"crypto/sha256"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/dispute"
	"autonet/ledger/heartbeat"
	"autonet/ledger/ledgertest"
	"autonet/ledger/project"
	"autonet/ledger/rewards"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// everyMessage is one well-formed message of every kind that the citizen, who has no stake, is refused.
func everyMessage(known project.Project) []ledger.Msg {
	id := ledger.TaskID(network, acct(citizen), 99)
	h := digest("h")
	return append(append(governanceMessages(), alignmentMessages()...), []ledger.Msg{
		bank.Send{To: acct(owner), Denom: "ATN", Amount: math.MaxUint64},
		bank.Burn{Denom: "ATN", Amount: math.MaxUint64},
		staking.Bond{Role: staking.Solver, Amount: math.MaxUint64},
		staking.Unbond{Role: staking.Solver, Amount: 1},
		staking.SetSalts{Head: h},
		staking.RotateKey{Key: key(citizen)[32:], Proof: make([]byte, 64)},
		staking.RotateConsensusKey{Key: key(citizen)[32:], Proof: make([]byte, 64)},
		bank.Grant{Key: h[:], Amount: atn, ExpiresMS: 1},
		bank.Claim{Key: h[:], Sig: make([]byte, 64)},
		project.Fund{Project: id, Amount: atn},
		project.Fund{Project: known.ID, Amount: 1},
		project.Refund{Project: known.ID},
		project.PublishModel{Project: known.ID, Manifest: manifest(1), Root: h, Size: 1, Parameters: 1},
		task.Propose{
			Project: known.ID, Spec: manifest(1), Model: manifest(2), Steps: 4, Interval: 2, Batch: 1, Slots: 1, Replay: 1,
			Truth: h, RewardPerSample: 1,
		},
		task.Open{Task: id},
		task.Claim{Task: id},
		task.Checkpoint{Task: id, Step: 1, Hash: h},
		task.Commit{Task: id, Commitment: h},
		task.RevealTruth{Task: id, CID: ledger.DocCID([]byte("x")), Salt: h},
		task.Reveal{Task: id, Doc: []byte{1}, Salt: h},
		task.OpenSteps{Task: id, Intervals: []task.IntervalOpening{{Hashes: []ledger.Hash{h}}}},
		task.Aggregate{Task: id, Manifest: manifest(1), Root: h, Size: 1, Parameters: 1},
		rewards.CommitVote{Task: id, Commitment: h},
		rewards.RevealVote{Task: id, Doc: []byte{1}, Salt: h, ChainSalt: h},
		dispute.Challenge{Task: id, Solver: acct(solver), Hashes: []ledger.Hash{h}},
		dispute.ChallengeAggregate{Task: id, Manifest: manifest("x"), Root: h, Size: 1, Parameters: 1},
		dispute.Commit{Task: id, Question: dispute.Question{Solver: acct(solver)}, Commitment: h},
		dispute.Reveal{Task: id, Question: dispute.Question{Solver: acct(solver)}, Finding: dispute.Finding{State: h}},
		dispute.AppealScore{Task: id, Solver: acct(solver)},
		dispute.VoteAppeal{Task: id, Solver: acct(solver), Appellant: acct(owner)},
		shardreg.RegisterProvider{Capacity: 1},
		shardreg.Announce{Manifest: manifest(1), Root: h, Size: 1, Data: 1, Columns: []uint16{0}},
		shardreg.Deregister{},
		shardreg.Unregister{Manifest: manifest(1)},
		shardreg.Withdraw{Manifest: manifest(1)},
		shardreg.AnswerAudit{Audit: id, Chunk: []byte{1}},
		project.Mature{Project: known.ID},
		project.Deploy{Project: known.ID},
		project.Pause{Project: known.ID},
		project.Resume{Project: known.ID},
		project.SetPrice{Project: known.ID, Price: 1},
		project.Order{Project: known.ID, Input: manifest(1), Units: 1, MaxPrice: 1},
		project.Deliver{Order: id, Output: manifest(1)},
		project.Reject{Order: id, Reason: "x"},
		project.Withdraw{Project: known.ID},
		heartbeat.Register{},
		heartbeat.Pulse{Interval: 1, BlockHeight: 1, BlockHash: h},
	}...)
}

func TestARefusedMessageChangesOnlyNonceAndFee(t *testing.T) {
	c := newChain(t)
	known, _ := c.view().Project(c.funded())
	c.beat()
	for _, m := range everyMessage(known) {
		raw := c.sign(citizen, m)
		want := c.kv.Clone()
		price := ledger.Fee(len(raw))
		if m.Kind() == (bank.Claim{}).Kind() {
			price = 0
		}
		if app.TakesNonce(m.Kind()) {
			require.NoError(t, bank.New().Charge(want, acct(citizen), c.view().Nonce(acct(citizen)), price))
		} else {
			price = 0
		}
		res := c.DeliverTx(c.kv, c.info(), raw)
		require.NotEqual(t, ledger.CodeOK, res.Code, m.Kind())
		require.NotEqual(t, ledger.CodeInvalid, res.Code, "%s: %s", m.Kind(), res.Text)
		require.NotEqual(t, ledger.CodeInternal, res.Code, "%s: %s", m.Kind(), res.Text)
		require.NotEmpty(t, res.Text)
		require.Empty(t, res.Events)
		require.Equal(t, price, res.Fee)
		require.Equal(t, want.Dump(), c.kv.Dump(), m.Kind())
	}
	_, _, err := c.EndBlock(c.kv, c.info())
	require.NoError(t, err)
	c.sound()
}

func TestWorkIsRefusedWithoutALeaseFreeOfCharge(t *testing.T) {
	c := newChain(t)
	known, _ := c.view().Project(c.funded())
	work := map[string]bool{}
	for _, m := range everyMessage(known) {
		raw := c.sign(citizen, m)
		before := c.kv.Dump()
		err := c.CheckTx(ledger.NewOverlay(c.kv), c.info(), raw)
		res := c.DeliverTx(c.kv, c.info(), raw)
		if res.Code != ledger.CodeHalted {
			continue
		}
		work[m.Kind()] = true
		require.Equal(t, ledger.CodeHalted, ledger.CodeOf(err))
		require.Equal(t, before, c.kv.Dump(), m.Kind())
		require.Zero(t, res.Fee)
	}
	require.Equal(t, map[string]bool{
		"task/claim": true, "task/checkpoint": true, "task/commit": true, "task/reveal-truth": true, "task/reveal": true,
		"task/open-steps": true, "task/aggregate": true, "rewards/commit-vote": true, "rewards/reveal-vote": true,
		"project/order": true, "project/deliver": true,
		"dispute/challenge": true, "dispute/challenge-aggregate": true, "dispute/commit": true, "dispute/reveal": true,
	}, work)
}

func TestAPulseInABlockGivesTheRestOfItALease(t *testing.T) {
	c := newChain(t)
	claim := task.Claim{Task: ledger.TaskID(network, acct(owner), 5)}
	res := c.block(100, c.sign(solver, claim), c.sign(owner, c.pulse()), c.sign(second, c.pulse()))
	require.Equal(t, ledger.CodeHalted, res.Txs[0].Code)
	require.Equal(t, ledger.CodeOK, res.Txs[1].Code, res.Txs[1].Text)
	require.Zero(t, res.Txs[1].Fee)
	require.Equal(t, ledger.CodeOK, res.Txs[2].Code)
	require.True(t, c.view().LeaseLive(c.timeMS))
	require.Equal(t, ledger.CodeNotFound, c.send(solver, claim).Code)
	require.Zero(t, c.view().Nonce(acct(owner)), "a pulse takes no nonce")
	require.Equal(t, uint64(1), c.view().Nonce(acct(solver)), "a halted message does not")
}

func TestInadmissibleTransactionsChangeNothing(t *testing.T) {
	c := newChain(t)
	good := bank.Send{To: acct(owner), Denom: "ATN", Amount: 1}
	sign := func(network string, nonce uint64) []byte {
		raw, err := ledger.SignTx(key(citizen), network, nonce, good)
		require.NoError(t, err)
		return raw
	}
	poor, err := ledger.SignTx(ledgertest.Key(77), network, 0, good)
	require.NoError(t, err)
	forged := sign(network, 0)
	forged[len(forged)-1] ^= 1
	for name, v := range map[string]struct {
		raw  []byte
		code ledger.Code
	}{
		"garbage":          {[]byte{1, 2, 3}, ledger.CodeInvalid},
		"nothing":          {nil, ledger.CodeInvalid},
		"forged signature": {forged, ledger.CodeInvalid},
		"another network":  {sign("other", 0), ledger.CodeInvalid},
		"nonce ahead":      {sign(network, 1), ledger.CodeNonce},
		"no money":         {poor, ledger.CodeFunds},
		"unknown kind":     {handmade(t, "bank/mint", good, 1<<20), ledger.CodeInvalid},
		"wrong message":    {handmade(t, "bank/burn", good, 1<<20), ledger.CodeInvalid},
		"invalid message":  {handmade(t, "bank/send", bank.Send{To: acct(owner), Denom: "ATN"}, 1<<20), ledger.CodeInvalid},
		"fee too low":      {handmade(t, "bank/send", good, 1000), ledger.CodeFee},
	} {
		before := c.kv.Dump()
		require.Equal(t, v.code, ledger.CodeOf(c.CheckTx(ledger.NewOverlay(c.kv), c.info(), v.raw)), name)
		res := c.DeliverTx(c.kv, c.info(), v.raw)
		require.Equal(t, v.code, res.Code, name)
		require.Equal(t, before, c.kv.Dump(), name)
	}
	raw := sign(network, 0)
	require.Equal(t, ledger.CodeOK, c.block(1, raw).Txs[0].Code)
	require.Equal(t, ledger.CodeNonce, c.block(1, raw).Txs[0].Code, "no transaction counts twice")
}

func TestCheckJudgesASendersNextTransactionAfterTheOneBefore(t *testing.T) {
	c := newChain(t)
	scratch := ledger.NewOverlay(c.kv)
	for nonce := range uint64(3) {
		raw, err := ledger.SignTx(key(citizen), network, nonce, bank.Send{To: acct(owner), Denom: "ATN", Amount: 1})
		require.NoError(t, err)
		require.NoError(t, c.CheckTx(scratch, c.info(), raw))
		require.Equal(t, ledger.CodeNonce, ledger.CodeOf(c.RecheckTx(scratch, c.info(), raw)))
	}
	stale, err := ledger.SignTx(key(owner), network, 0, heartbeat.Pulse{Interval: 1, BlockHeight: 1, BlockHash: digest(1)})
	require.NoError(t, err)
	require.Equal(t, ledger.CodeLate, ledger.CodeOf(c.CheckTx(scratch, c.info(), stale)), "free messages are judged in full")
}

func TestFeesReachTheValidators(t *testing.T) {
	c := newChain(t)
	before := c.view().Supply()
	res := c.block(100, c.sign(citizen, bank.Send{To: acct(citizen + 1), Denom: "ATN", Amount: 5}))
	fee := res.Txs[0].Fee
	require.Equal(t, ledger.Fee(len(c.sign(citizen, bank.Send{To: acct(citizen + 1), Denom: "ATN", Amount: 5}))), fee)
	for i := range third + 1 {
		require.Equal(t, uint64(10_000*atn+fee/3), c.view().Balance(acct(i), "ATN"))
	}
	require.Equal(t, before.Treasury+fee%3, c.view().Supply().Treasury)
	require.Equal(t, before.Total, c.view().Supply().Total)
	c.sound()
}

func TestAnIdleChainKeepsItsState(t *testing.T) {
	c := newChain(t)
	before := c.kv.Dump()
	c.block(c.view().Params().EmptyBlockMS - 1)
	require.Equal(t, before, c.kv.Dump())
	c.block(1)
	require.NotEqual(t, before, c.kv.Dump())
}

func TestForgedMoneyStopsTheChain(t *testing.T) {
	for name, forge := range map[string]func(c *chain){
		"balance": func(c *chain) {
			ledger.Save(c.kv, ledger.Key("bank", "a", string(acct(citizen))), bank.Account{Balance: 1 << 50})
		},
		"totals": func(c *chain) {
			totals := bank.New().Totals(c.kv)
			totals.Treasury++
			ledger.Save(c.kv, ledger.Key("bank", "t"), totals)
		},
		"stake": func(c *chain) {
			ledger.Save(c.kv, ledger.Key("staking", "s", string(acct(citizen))), staking.Record{Stakes: [6]staking.Stake{{Bonded: 1}}})
		},
		"budget": func(c *chain) {
			id := ledger.ProjectID(network, acct(citizen), 9)
			ledger.Save(c.kv, ledger.Key("project", "p", id), project.Project{ID: id, Budget: 1})
		},
		"escrow": func(c *chain) {
			id := ledger.TaskID(network, acct(citizen), 9)
			ledger.Save(c.kv, ledger.Key("task", "t", id), task.Task{ID: id, State: task.StateSettled, Deadline: math.MaxInt64, Escrow: task.Escrow{Storage: 1}})
			c.kv.Set(ledger.Key("task", "live", id), []byte{1})
		},
	} {
		c := newChain(t)
		forge(c)
		c.height++
		_, err := c.ExecBlock(c.kv, c.info(), nil)
		require.ErrorContains(t, err, "not conserved", name)
		require.False(t, c.view().Supply().Conserved, name)
		require.NotEmpty(t, c.view().Supply().Breach)
	}
}

func TestBlocksNeedAGenesis(t *testing.T) {
	a, kv := app.New(), ledgertest.NewKV()
	_, err := a.ExecBlock(kv, app.BlockInfo{Network: network, Height: 1}, nil)
	require.Error(t, err)
	require.Error(t, a.CheckTx(kv, app.BlockInfo{Network: network}, newChain(t).sign(owner, heartbeat.Register{})))
	require.Zero(t, a.View(kv).Params())
	_, _, err = a.EndBlock(kv, app.BlockInfo{})
	require.Error(t, err)
	require.Equal(t, ledger.CodeInternal, a.DeliverTx(kv, app.BlockInfo{}, nil).Code)
}

func TestGenesisRefusals(t *testing.T) {
	for name, spoil := range map[string]func(*app.Genesis){
		"network":         func(g *app.Genesis) { g.Network = "" },
		"parameters":      func(g *app.Genesis) { g.Params.LeaseMS = 0 },
		"nobody":          func(g *app.Genesis) { g.Accounts = nil },
		"odd account":     func(g *app.Genesis) { g.Accounts[0].Account = "x" },
		"twice":           func(g *app.Genesis) { g.Accounts[1].Account = g.Accounts[0].Account },
		"no validator":    func(g *app.Genesis) { g.Accounts = g.Accounts[solver:] },
		"shared key":      func(g *app.Genesis) { g.Accounts[1].Stakes[0].ConsKey = g.Accounts[0].Stakes[0].ConsKey },
		"no key":          func(g *app.Genesis) { g.Accounts[1].Stakes[0].ConsKey = nil },
		"key of a solver": func(g *app.Genesis) { g.Accounts[solver].Stakes[0].ConsKey = make([]byte, 32) },
		"below minimum":   func(g *app.Genesis) { g.Accounts[solver].Stakes[0].Amount = 1 },
		"odd role":        func(g *app.Genesis) { g.Accounts[solver].Stakes[0].Role = "king" },
		"role twice": func(g *app.Genesis) {
			g.Accounts[solver].Stakes = append(g.Accounts[solver].Stakes, g.Accounts[solver].Stakes[0])
		},
		"endless supply":  func(g *app.Genesis) { g.Treasury = math.MaxUint64 },
		"endless balance": func(g *app.Genesis) { g.Accounts[0].Balance = math.MaxUint64 },
		"endless stake":   func(g *app.Genesis) { g.Accounts[0].Stakes[0].Amount = math.MaxUint64 },
		"weak governor":   func(g *app.Genesis) { g.Accounts[solver].Governor = true },
		"no stake":        func(g *app.Genesis) { g.Accounts[citizen].Capacity = 1 },
	} {
		g := genesis()
		spoil(&g)
		kv := ledgertest.NewKV()
		_, err := app.New().InitGenesis(kv, g, start)
		require.Error(t, err, name)
		require.Empty(t, kv.Keys(), name)
	}
}

func TestEquivocationIsSlashed(t *testing.T) {
	c := newChain(t)
	key := sha256.Sum256([]byte{owner, 'c'})
	info := c.info()
	info.Height++
	info.Equivocations = []app.Equivocation{{
		Kind: app.DoubleSign, Address: staking.ConsAddress(key[:]), Height: 1, TimeMS: info.TimeMS,
	}}
	res, err := c.ExecBlock(c.kv, info, nil)
	require.NoError(t, err)
	require.Len(t, res.Updates, 1)
	require.Zero(t, res.Updates[0].Power, "below the minimum it leaves the set")
	require.Equal(t, 9500*atn, c.view().Stake(acct(owner))[1].Bonded)
	c.sound()
}

// handmade signs what SignTx would not.
func handmade(tb testing.TB, kind string, m any, fee ledger.Natn) []byte {
	tb.Helper()
	msg, err := ledger.Marshal(m)
	require.NoError(tb, err)
	return sealed(tb, 0, kind, msg, fee)
}
