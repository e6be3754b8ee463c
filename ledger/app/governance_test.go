package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/constitution"
	"autonet/ledger/dao"
	"autonet/ledger/heartbeat"
	"autonet/ledger/staking"
)

func why() string { return ledger.DocCID([]byte("why")) }

// governanceMessages is one well-formed message of every kind of governance that the citizen, who has no stake, is refused.
func governanceMessages() []ledger.Msg {
	id := ledger.TaskID(network, acct(citizen), 99)
	return []ledger.Msg{
		dao.Delegate{},
		dao.Propose{Title: "x", Text: why(), Changes: []ledger.Change{{Name: "claim_ms", Value: 5000}}},
		dao.Vote{Proposal: id, Choice: dao.Yes},
		dao.Signal{Version: 2},
		constitution.Amend{Title: "x", Text: why(), Changes: []ledger.Change{{Name: "lease_ms", Value: 5000}}},
		constitution.Sign{Amendment: id, Support: true},
		constitution.Notice{Account: acct(owner)},
		constitution.CommitVerdict{Matter: id, Commitment: digest("h")},
		constitution.RevealVerdict{Matter: id, Doc: verdictOf(id, citizen), Salt: digest("h")},
		heartbeat.Leave{},
	}
}

func verdictOf(id string, i int) []byte {
	v := constitution.Verdict{Matter: id, Account: acct(i), Reasons: why()}
	doc, err := v.Encode()
	if err != nil {
		panic(err)
	}
	return doc
}

// pass lets ledger time pass without a heartbeat: governance needs none.
func (c *chain) pass(ms int64) {
	c.t.Helper()
	c.block(ms)
}

// validatorsVote has the three validators vote yes.
func (c *chain) validatorsVote(id string) {
	c.t.Helper()
	for i := range third + 1 {
		c.must(i, dao.Vote{Proposal: id, Choice: dao.Yes})
	}
}

// decide brings a proposal of the owner through its vote and its timelock.
func (c *chain) decide(m dao.Propose) dao.Proposal {
	c.t.Helper()
	g := c.view().Params().Governance
	id := dao.ProposalID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, m)
	c.pass(g.DelayMS)
	c.validatorsVote(id)
	c.pass(g.VoteMS)
	c.pass(g.TimelockMS)
	p, ok := c.view().Proposal(id)
	require.True(c.t, ok)
	return p
}

func TestGovernanceWorksWithoutALease(t *testing.T) {
	c := newChain(t)
	treasury := c.view().Supply().Treasury
	p := c.decide(dao.Propose{Title: "A grant", Text: why(), Grant: dao.Grant{To: acct(citizen), Amount: 20 * atn}})
	require.Equal(t, dao.StateExecuted, p.State, p.Reason)
	require.Equal(t, uint64(10_020*atn), c.view().Balance(acct(citizen), "ATN"))
	require.Less(t, c.view().Supply().Treasury, treasury)
	require.Len(t, c.view().Ballots(p.ID), 3)
	require.Equal(t, []dao.Proposal{p}, c.view().Proposals())
	require.False(t, c.view().LeaseLive(c.timeMS))
	c.sound()
}

func TestNewNumbersAreInForceForTheWholeBlock(t *testing.T) {
	c := newChain(t)
	p := c.decide(dao.Propose{Title: "Higher stakes", Text: why(), Changes: []ledger.Change{
		{Name: "validator.min_stake", Value: int64(10_001 * atn)}, {Name: "solver.min_stake", Value: int64(atn)},
	}})
	require.Equal(t, dao.StateExecuted, p.State, p.Reason)
	require.Equal(t, 10_001*atn, c.view().Params().Validator.MinStake)
	require.Equal(t, uint64(2), c.view().ParamsVersion())
	history := c.view().ParamsHistory()
	require.Len(t, history, 2)
	require.Equal(t, genesis().Params, history[0].Params)
	require.Equal(t, p.ID, history[1].Cause)
	require.Len(t, c.view().Validators(), 3, "a set that would become empty stays as it is")
	c.must(owner, staking.Bond{Role: ledger.RoleValidator, Amount: 10 * atn})
	require.Len(t, c.view().Validators(), 1, "the set is made by the new numbers")
	c.sound()
}

func TestAnAmendmentChangesWhatIsEntrenched(t *testing.T) {
	c := newChain(t)
	g := c.view().Params().Governance
	id := constitution.AmendmentID(network, acct(owner), c.view().Nonce(acct(owner)))
	c.must(owner, constitution.Amend{
		Title: "A longer lease, and a right", Text: why(), Changes: []ledger.Change{{Name: "lease_ms", Value: 15_000}},
		Standards: []constitution.StandardChange{{Jurisdiction: constitution.Default, Number: 31, Title: "Clean air", Text: "Everyone may breathe clean air."}},
	})
	doc := verdictOf(id, member)
	c.must(member, constitution.CommitVerdict{Matter: id, Commitment: commitreveal.Commit(
		commitreveal.KindVerdict, network, id, string(acct(member)), ledger.DocCID(doc), digest("salt"),
	)})
	c.pass(g.VerdictCommitMS)
	c.must(member, constitution.RevealVerdict{Matter: id, Doc: doc, Salt: digest("salt")})
	c.pass(g.VerdictRevealMS)
	m, _ := c.view().Matter(id)
	require.True(t, m.Proceed, m.Reason)
	require.NotNil(t, c.view().Evaluators(id)[0].Verdict)
	signed := ledger.Natn(0)
	for i := range castSize {
		power, _ := c.view().Power(acct(i))
		if power.Power == 0 {
			continue
		}
		a, _ := c.view().Amendment(id)
		require.Equal(t, constitution.StateSigning, a.State)
		require.Less(t, 20*signed, 19*c.view().TotalPower())
		c.must(i, constitution.Sign{Amendment: id, Support: true})
		if signed += power.Power; 20*signed >= 19*c.view().TotalPower() {
			break
		}
	}
	c.pass(1000)
	c.pass(g.TimelockMS)
	a, _ := c.view().Amendment(id)
	require.Equal(t, constitution.StateExecuted, a.State, a.Reason)
	require.Equal(t, int64(15_000), c.view().Params().LeaseMS)
	require.Len(t, c.view().Standards(constitution.Default), 31)
	require.Len(t, c.view().StandardsHistory(constitution.Default), 31)
	require.Len(t, c.view().Principles(), 7)
	require.Len(t, c.view().Jurisdictions(), 1)
	require.Len(t, c.view().Signatures(id), int(a.Signers))
	require.Len(t, c.view().Amendments(), 1)
}

func TestAProtocolVersionThisSoftwareDoesNotKnowStopsIt(t *testing.T) {
	c := newChain(t)
	for i := range third + 1 {
		c.must(i, dao.Signal{Version: 2})
	}
	p := c.decide(dao.Propose{Title: "Version 2", Text: why(), Upgrade: dao.Upgrade{Version: 2, Height: 20}})
	require.Equal(t, dao.StateScheduled, p.State)
	info := c.view().Protocol()
	require.Equal(t, []uint64{1, 1, 30_000, 30_000}, []uint64{info.Version, info.Known, info.Ready, info.Power})
	require.Len(t, info.Signals, 3)
	for c.height < 19 {
		c.pass(500)
	}
	before := c.kv.Dump()
	c.height++
	_, err := c.ExecBlock(c.kv, c.info(), nil)
	require.ErrorContains(t, err, "install a newer one")
	require.Equal(t, before, c.kv.Dump())
}

func TestEveryTransactionIsASignOfLife(t *testing.T) {
	c := newChain(t)
	g := c.view().Params().Governance
	seen := func(i int) int64 {
		p, _ := c.view().Power(acct(i))
		return p.SignedMS
	}
	require.Equal(t, start, seen(owner), "genesis stakes count from the beginning")
	c.pass(g.DormantMS / 2)
	require.Equal(t, ledger.CodeOK, c.block(0, c.sign(owner, c.pulse())).Txs[0].Code)
	c.must(second, bank.Send{To: acct(citizen), Denom: "ATN", Amount: 1})
	require.Equal(t, ledger.CodeRefused, c.send(third, heartbeat.Register{}).Code)
	require.Equal(t, start+g.DormantMS/2, seen(owner))
	require.Greater(t, seen(second), start)
	require.Equal(t, start, seen(third), "a refused message changes nothing but nonce and fee")

	c.pass(g.DormantMS / 2)
	c.pass(g.DormantMS / 365)
	require.Equal(t, ledger.CodeEarly, c.send(citizen, constitution.Notice{Account: acct(owner)}).Code)
	c.must(citizen, constitution.Notice{Account: acct(third)})
	require.Len(t, c.view().Notices(), 1)
	c.pass(g.NoticeMS)
	p, _ := c.view().Power(acct(third))
	require.True(t, p.Asleep)
	c.must(third, bank.Send{To: acct(citizen), Denom: "ATN", Amount: 1})
	p, _ = c.view().Power(acct(third))
	require.False(t, p.Asleep || p.Noticed)
	require.Empty(t, c.view().Notices())
}

func TestDelegatedPowerBeatsTheHeart(t *testing.T) {
	c := newChain(t)
	c.must(member, dao.Delegate{To: acct(owner)})
	c.must(third, dao.Delegate{To: acct(owner)})
	var powers []app.PowerInfo
	for _, p := range c.view().Powers() {
		if p.Delegate != "" {
			powers = append(powers, p)
		}
	}
	require.Len(t, powers, 2)
	require.Equal(t, ledger.CodeRefused, c.send(third, c.pulse()).Code)
	require.Equal(t, ledger.CodeOK, c.send(owner, c.pulse()).Code)
	require.True(t, c.view().LeaseLive(c.timeMS), "21 506 of 31 506 ATN are more than two thirds")
	for _, g := range c.view().Governors() {
		power, _ := c.view().Power(g.Account)
		require.Equal(t, power.Power, g.Power)
	}
	require.Equal(t, c.view().TotalPower(), c.view().TotalPowerAt(c.height))
	require.Zero(t, c.view().PowerAt(acct(third), c.height))
}

func TestALedgerBeginsOnceAndDoesNotGoBack(t *testing.T) {
	c := newChain(t)
	before := c.kv.Dump()
	_, err := c.InitGenesis(c.kv, genesis(), start)
	require.ErrorContains(t, err, "begins once")
	info := c.info()
	info.Height--
	_, err = c.ExecBlock(c.kv, info, nil)
	require.ErrorContains(t, err, "does not go back")
	require.Equal(t, before, c.kv.Dump())
}
