package dao_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dao"
	"autonet/ledger/ledgertest"
)

func TestWhatCannotBeProposed(t *testing.T) {
	spoil := func(fn func(*dao.Propose)) dao.Propose { m := change("claim_ms", 5000); fn(&m); return m }
	for name, v := range map[string]struct {
		from ledger.Account
		msg  dao.Propose
		code ledger.Code
	}{
		"no title":           {ann, spoil(func(m *dao.Propose) { m.Title = "" }), ledger.CodeInvalid},
		"long title":         {ann, spoil(func(m *dao.Propose) { m.Title = strings.Repeat("x", 129) }), ledger.CodeInvalid},
		"no text":            {ann, spoil(func(m *dao.Propose) { m.Title = "\xff" }), ledger.CodeInvalid},
		"no reasons":         {ann, spoil(func(m *dao.Propose) { m.Text = "" }), ledger.CodeInvalid},
		"nothing":            {ann, spoil(func(m *dao.Propose) { m.Changes = nil }), ledger.CodeInvalid},
		"two things":         {ann, spoil(func(m *dao.Propose) { m.Grant = dao.Grant{To: ann, Amount: 1} }), ledger.CodeInvalid},
		"too many changes":   {ann, spoil(func(m *dao.Propose) { m.Changes = make([]ledger.Change, 17) }), ledger.CodeInvalid},
		"unknown parameter":  {ann, change("mint_per_block", 1), ledger.CodeInvalid},
		"entrenched quorum":  {ann, change("governance.quorum.num", 1), ledger.CodeInvalid},
		"entrenched lease":   {ann, change("lease_ms", 130_000), ledger.CodeInvalid},
		"out of bounds":      {ann, change("claim_ms", 1), ledger.CodeRefused},
		"grant of nothing":   {ann, grant(bob, 0), ledger.CodeInvalid},
		"grant to nobody":    {ann, grant("", 1), ledger.CodeInvalid},
		"grant of too much":  {ann, grant(bob, 100_001*atn), ledger.CodeFunds},
		"version again":      {ann, upgrade(1, 1000), ledger.CodeRefused},
		"version skipped":    {ann, upgrade(3, 1000), ledger.CodeRefused},
		"no version":         {ann, upgrade(0, 1000), ledger.CodeInvalid},
		"height of the past": {ann, upgrade(2, 1), ledger.CodeRefused},
		"no height":          {ann, upgrade(2, 0), ledger.CodeInvalid},
		"height of never":    {ann, upgrade(2, dao.MaxAhead+100), ledger.CodeRefused},
		"too little power":   {ledgertest.Account(9), change("claim_ms", 5000), ledger.CodeFunds},
	} {
		w := newWorld(t)
		require.Equal(t, v.code, ledger.CodeOf(w.try(v.from, v.msg)), name)
	}
}

func TestProposalsOfAnAccountAreBoundedByItsPower(t *testing.T) {
	w := newWorld(t)
	w.must(dan, change("claim_ms", 5000))
	w.refused(ledger.CodeFunds, dan, change("claim_ms", 6000))
	w.stake(ann, 100_000*atn)
	for range dao.MaxOwn {
		w.must(ann, change("claim_ms", 5000))
	}
	w.refused(ledger.CodeRefused, ann, change("claim_ms", 5000))
}

func TestProposalsOnTheirWayAreBounded(t *testing.T) {
	w := newWorld(t)
	for i := range dao.MaxOpen {
		account := ledgertest.Account(100 + i)
		w.stake(account, 1000*atn)
		w.must(account, change("claim_ms", 5000))
	}
	w.refused(ledger.CodeRefused, dan, change("claim_ms", 5000))
	w.stake(ledgertest.Account(100), 999*atn)
	w.block(1000)
	w.must(dan, change("claim_ms", 5000))

	w.must(eve, change("claim_ms", 5000))
	displaced := 0
	w.Proposals(w.kv, func(p dao.Proposal) bool {
		if strings.HasPrefix(p.Reason, "displaced") {
			displaced++
			require.Equal(t, dao.StateLapsed, p.State)
			require.NotEqual(t, eve, p.Proposer)
		}
		return true
	})
	require.Equal(t, 1, displaced, "more power finds a place")
}

func TestPowerBorrowedToProposeDoesNotCarryAProposalFar(t *testing.T) {
	w := newWorld(t)
	id := w.propose(dan, change("claim_ms", 5000))
	w.must(dan, dao.Delegate{To: bob})
	w.block(1000)
	p := w.state(id)
	require.Equal(t, dao.StateLapsed, p.State)
	require.NotEmpty(t, p.Reason)
}

func TestVotesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	id := w.propose(ann, change("claim_ms", 5000))
	yes := dao.Vote{Proposal: id, Choice: dao.Yes}
	w.refused(ledger.CodeEarly, bob, yes)
	w.block(w.params.Governance.DelayMS)
	w.refused(ledger.CodeInvalid, bob, dao.Vote{Proposal: id, Choice: "maybe"})
	w.refused(ledger.CodeInvalid, bob, dao.Vote{Proposal: "x", Choice: dao.Yes})
	w.refused(ledger.CodeNotFound, bob, dao.Vote{Proposal: dao.ProposalID("test", bob, 77), Choice: dao.Yes})
	w.refused(ledger.CodeRefused, ledgertest.Account(9), yes)
	w.must(bob, yes)
	w.refused(ledger.CodeRefused, bob, yes)
	w.timeMS += w.params.Governance.VoteMS
	w.refused(ledger.CodeLate, eve, yes)
	w.block(0)
	w.refused(ledger.CodeLate, eve, yes)
}

func TestPowerCannotBeBoughtAfterTheVoteOpened(t *testing.T) {
	w := newWorld(t)
	late := ledgertest.Account(9)
	id := w.propose(ann, change("claim_ms", 5000))
	w.block(w.params.Governance.DelayMS)
	w.stake(late, 1_000_000*atn)
	w.stake(bob, 1_000_000*atn)
	w.must(eve, dao.Delegate{To: late})
	w.block(1000)
	w.refused(ledger.CodeRefused, late, dao.Vote{Proposal: id, Choice: dao.Yes})
	w.must(bob, dao.Vote{Proposal: id, Choice: dao.Yes})
	w.must(eve, dao.Vote{Proposal: id, Choice: dao.No})
	p := w.state(id)
	require.Equal(t, 3000*atn, p.Yes)
	require.Equal(t, 2000*atn, p.No, "who delegates afterwards still votes with what it had")
	require.Equal(t, 10_000*atn, p.Power)
}

func TestQuorumAndMajority(t *testing.T) {
	for name, v := range map[string]struct {
		votes map[ledger.Account]dao.Choice
		state dao.State
	}{
		"nobody":                 {nil, dao.StateRejected},
		"a tenth":                {map[ledger.Account]dao.Choice{dan: dao.Yes}, dao.StateRejected},
		"a fifth":                {map[ledger.Account]dao.Choice{eve: dao.Yes}, dao.StateTimelock},
		"abstentions make it":    {map[ledger.Account]dao.Choice{dan: dao.Yes, bob: dao.Abstain}, dao.StateTimelock},
		"abstentions alone":      {map[ledger.Account]dao.Choice{bob: dao.Abstain}, dao.StateRejected},
		"half and half":          {map[ledger.Account]dao.Choice{bob: dao.Yes, eve: dao.No, dan: dao.No}, dao.StateRejected},
		"more than half":         {map[ledger.Account]dao.Choice{ann: dao.Yes, bob: dao.No}, dao.StateTimelock},
		"less than half":         {map[ledger.Account]dao.Choice{ann: dao.No, bob: dao.Yes}, dao.StateRejected},
		"everybody is against":   {map[ledger.Account]dao.Choice{ann: dao.No, bob: dao.No, eve: dao.No}, dao.StateRejected},
		"everybody is in favour": {map[ledger.Account]dao.Choice{ann: dao.Yes, bob: dao.Yes, eve: dao.Yes}, dao.StateTimelock},
	} {
		w := newWorld(t)
		id := w.propose(ann, change("claim_ms", 5000))
		w.block(w.params.Governance.DelayMS)
		for _, account := range []ledger.Account{ann, bob, eve, dan} {
			if choice, voted := v.votes[account]; voted {
				w.must(account, dao.Vote{Proposal: id, Choice: choice})
			}
		}
		w.block(w.params.Governance.VoteMS)
		p := w.state(id)
		require.Equal(t, v.state, p.State, name)
		require.Equal(t, v.state == dao.StateRejected, p.Reason != "", name)
		require.Equal(t, v.state == dao.StateRejected, p.EndHeight > 0, name)
	}
}

func TestADelegateVotesForWhoTrustsIt(t *testing.T) {
	w := newWorld(t)
	w.must(ann, dao.Delegate{To: dan})
	id := w.propose(bob, change("claim_ms", 5000))
	w.block(w.params.Governance.DelayMS)
	w.refused(ledger.CodeRefused, ann, dao.Vote{Proposal: id, Choice: dao.No})
	w.must(dan, dao.Vote{Proposal: id, Choice: dao.Yes})
	require.Equal(t, 5000*atn, w.state(id).Yes)
}

func TestParametersChangeAfterTheTimelockAndNotBefore(t *testing.T) {
	w := newWorld(t)
	before := w.params
	id := w.propose(ann, change("claim_ms", 5000))
	w.block(w.params.Governance.DelayMS)
	w.must(ann, dao.Vote{Proposal: id, Choice: dao.Yes})
	w.block(w.params.Governance.VoteMS)
	w.block(w.params.Governance.TimelockMS - 1)
	require.Equal(t, before, w.params)
	w.block(1)
	require.Equal(t, int64(5000), w.params.ClaimMS)
	p := w.state(id)
	require.Equal(t, dao.StateExecuted, p.State)
	require.Equal(t, uint64(2), p.Params)
	require.Equal(t, 1, w.reconsidered, "the validator set is made by the numbers")
	var versions []dao.ParamsVersion
	w.History(w.kv, func(v dao.ParamsVersion) bool { versions = append(versions, v); return true })
	require.Len(t, versions, 2)
	require.Equal(t, before, versions[0].Params)
	require.Equal(t, dao.ParamsVersion{Version: 2, Height: w.height, TimeMS: w.timeMS, Cause: id, Params: w.params}, versions[1])
	again, ok := w.Version(w.kv, 1)
	require.True(t, ok)
	require.Equal(t, versions[0], again)
}

func TestTwoProposalsMayContradictEachOther(t *testing.T) {
	w := newWorld(t)
	// Each is within bounds alone; after one the other is not.
	first := w.propose(ann, change("committee", 9))
	second := w.propose(bob, change("max_committee", 5))
	g := w.params.Governance
	w.block(g.DelayMS)
	for _, id := range []string{first, second} {
		w.must(ann, dao.Vote{Proposal: id, Choice: dao.Yes})
	}
	w.block(g.VoteMS)
	w.block(g.TimelockMS)
	states := []dao.State{w.state(first).State, w.state(second).State}
	require.ElementsMatch(t, []dao.State{dao.StateExecuted, dao.StateFailed}, states)
	require.NoError(t, w.params.Validate())
	require.Equal(t, uint64(2), w.Latest(w.kv))
	for _, id := range []string{first, second} {
		if p := w.state(id); p.State == dao.StateFailed {
			require.Contains(t, p.Reason, "committee")
		}
	}
}

func TestGrantsWithinTheWindow(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, dao.StateExecuted, w.carry(w.propose(ann, grant(dan, 1500*atn)), eve).State, "2 % of 100 000 are 2000")
	p := w.carry(w.propose(ann, grant(dan, 501*atn)), eve)
	require.Equal(t, dao.StateFailed, p.State)
	require.Contains(t, p.Reason, "exceed")
	require.Equal(t, 1500*atn, w.granted[dan])
	require.Equal(t, dao.StateExecuted, w.carry(w.propose(ann, grant(dan, 500*atn)), eve).State)
	w.block(w.params.Governance.GrantWindowMS)
	require.Equal(t, dao.StateExecuted, w.carry(w.propose(ann, grant(dan, 1900*atn)), eve).State, "the window moves on")
	require.Equal(t, 3900*atn, w.granted[dan])
}

func TestGreaterGrantsNeedTheGreaterMajority(t *testing.T) {
	for name, v := range map[string]struct {
		yes, no []ledger.Account
		state   dao.State
	}{
		"under two fifths":       {[]ledger.Account{bob}, nil, dao.StateFailed},
		"two fifths":             {[]ledger.Account{ann}, nil, dao.StateExecuted},
		"under two thirds":       {[]ledger.Account{ann}, []ledger.Account{bob}, dao.StateFailed},
		"exactly two thirds":     {[]ledger.Account{ann}, []ledger.Account{eve}, dao.StateExecuted},
		"two thirds and a tenth": {[]ledger.Account{ann, bob}, []ledger.Account{dan}, dao.StateExecuted},
	} {
		w := newWorld(t)
		id := w.propose(ann, grant(dan, 50_000*atn))
		w.block(w.params.Governance.DelayMS)
		for _, account := range v.yes {
			w.must(account, dao.Vote{Proposal: id, Choice: dao.Yes})
		}
		for _, account := range v.no {
			w.must(account, dao.Vote{Proposal: id, Choice: dao.No})
		}
		w.block(w.params.Governance.VoteMS)
		w.block(w.params.Governance.TimelockMS)
		require.Equal(t, v.state, w.state(id).State, name)
	}
}

func TestAGrantThatTheTreasuryNoLongerHoldsFails(t *testing.T) {
	w := newWorld(t)
	id := w.propose(ann, grant(dan, 100_000*atn))
	w.treasury = 10 * atn
	p := w.carry(id, ann, bob, eve)
	require.Equal(t, dao.StateFailed, p.State)
	require.Contains(t, p.Reason, "treasury")
	require.Zero(t, w.granted[dan])
}

func TestEvaluatorsComeBeforeTheVote(t *testing.T) {
	w := newWorld(t)
	m := change("claim_ms", 5000)
	m.Values = true
	id, other := w.propose(ann, m), w.propose(bob, m)
	require.Equal(t, m.Text, w.judging[id])
	w.block(5 * w.params.Governance.DelayMS)
	require.Equal(t, dao.StateEvaluation, w.state(id).State)
	w.refused(ledger.CodeEarly, ann, dao.Vote{Proposal: id, Choice: dao.Yes})
	w.done, w.proceed = true, true
	w.must(bob, dao.Delegate{To: ann})
	w.block(1000)
	require.Equal(t, dao.StateDelay, w.state(id).State)
	require.Equal(t, dao.StateLapsed, w.state(other).State)
	w.block(1000)
	require.Equal(t, dao.StateVoting, w.state(id).State)

	w = newWorld(t)
	id = w.propose(ann, m)
	w.done = true
	w.block(1000)
	require.Equal(t, dao.StateRejected, w.state(id).State)
	require.Equal(t, "the evaluators oppose it", w.state(id).Reason)
}

func TestAProtocolVersionNeedsItsValidators(t *testing.T) {
	for name, v := range map[string]struct {
		ready  []ledger.Account
		raised bool
	}{
		"nobody":             {nil, false},
		"exactly two thirds": {[]ledger.Account{ann, bob}, false},
		"all":                {[]ledger.Account{ann, bob, eve}, true},
	} {
		w := newWorld(t)
		id := w.propose(ann, upgrade(2, 10))
		for _, account := range v.ready {
			w.must(account, dao.Signal{Version: 2})
		}
		require.Equal(t, dao.StateScheduled, w.carry(id, ann).State, name)
		for w.height < 9 {
			w.block(1000)
			require.Equal(t, uint64(1), w.Protocol(w.kv).Version)
		}
		w.block(1000)
		p := w.state(id)
		if !v.raised {
			require.Equal(t, dao.StateLapsed, p.State, name)
			require.Equal(t, uint64(1), w.Protocol(w.kv).Version, name)
			continue
		}
		require.Equal(t, dao.StateExecuted, p.State, name)
		require.Equal(t, dao.Protocol{Version: 2, Height: 10, Cause: id}, w.Protocol(w.kv))
		var versions []uint64
		w.Protocols(w.kv, func(p dao.Protocol) bool { versions = append(versions, p.Version); return true })
		require.Equal(t, []uint64{1, 2}, versions)
		w.Signals(w.kv, func(ledger.Account) bool { require.Fail(t, "signals end with their version"); return false })
		ready, all := w.Ready(w.kv)
		require.Zero(t, ready)
		require.Equal(t, uint64(300), all)
	}
}

func TestAProtocolVersionIsRaisedOnce(t *testing.T) {
	w := newWorld(t)
	first, second, late := w.propose(ann, upgrade(2, 10)), w.propose(bob, upgrade(2, 11)), w.propose(eve, upgrade(2, 3))
	for _, account := range []ledger.Account{ann, bob, eve} {
		w.must(account, dao.Signal{Version: 2})
	}
	w.block(w.params.Governance.DelayMS)
	for _, id := range []string{first, second, late} {
		w.must(ann, dao.Vote{Proposal: id, Choice: dao.Yes})
	}
	w.block(w.params.Governance.VoteMS)
	w.block(w.params.Governance.TimelockMS)
	require.Equal(t, dao.StateFailed, w.state(late).State, "its height passed before it was carried")
	for w.height < 12 {
		w.block(1000)
	}
	require.Equal(t, dao.StateExecuted, w.state(first).State)
	require.Equal(t, dao.StateFailed, w.state(second).State)
	require.Equal(t, uint64(2), w.Protocol(w.kv).Version)
}

func TestSignalsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.refused(ledger.CodeInvalid, ann, dao.Signal{})
	w.refused(ledger.CodeRefused, ann, dao.Signal{Version: 1})
	w.refused(ledger.CodeRefused, ann, dao.Signal{Version: 3})
	w.refused(ledger.CodeRefused, dan, dao.Signal{Version: 2})
	w.must(ann, dao.Signal{Version: 2})
	w.refused(ledger.CodeRefused, ann, dao.Signal{Version: 2})
	ready, all := w.Ready(w.kv)
	require.Equal(t, []uint64{100, 300}, []uint64{ready, all})
}

func TestAnIdleBlockWritesNothing(t *testing.T) {
	w := newWorld(t)
	w.must(ann, change("claim_ms", 5000))
	before := w.kv.Dump()
	w.block(1000)
	require.Equal(t, before, w.kv.Dump())
}

func FuzzPropose(f *testing.F) {
	for _, m := range []dao.Propose{change("claim_ms", 5000), grant(bob, 5), upgrade(2, 50)} {
		raw, err := ledger.Marshal(m)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m dao.Propose
		if ledger.Unmarshal(raw, &m) != nil {
			return
		}
		w := newWorld(t)
		if err := m.Validate(); err != nil {
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
			return
		}
		if w.try(ann, m) == nil {
			w.block(w.params.Governance.DelayMS)
		}
	})
}
