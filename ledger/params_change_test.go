package ledger_test

import (
	"math"
	"math/big"
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
)

// paramNames are the names of every field within the parameters, found another way than the code under test does.
func paramNames(typ reflect.Type, prefix string) []string {
	var names []string
	for f := range typ.Fields() {
		name := prefix + strings.Split(f.Tag.Get("json"), ",")[0]
		if f.Type.Kind() == reflect.Struct {
			names = append(names, paramNames(f.Type, name+".")...)
			continue
		}
		names = append(names, name)
	}
	return names
}

func TestEveryParameterHasANameAndAValue(t *testing.T) {
	list := ledger.DefaultParams().List()
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
		if p.Fixed {
			require.Equal(t, "epoch_ms", p.Name)
			continue
		}
		changed, err := ledger.DefaultParams().With([]ledger.Change{{Name: p.Name, Value: p.Value}})
		require.NoError(t, err, p.Name)
		require.Equal(t, ledger.DefaultParams(), changed, p.Name)
	}
	require.Equal(t, paramNames(reflect.TypeFor[ledger.Params](), ""), names, "a parameter is an integer, or a struct of such")
	require.Contains(t, names, "validator.min_stake")
	require.Contains(t, names, "governance.amend_majority.num")
}

func TestChangesSetWhatTheyName(t *testing.T) {
	before := ledger.DefaultParams()
	after, err := before.With([]ledger.Change{
		{Name: "challenge_ms", Value: 1234}, {Name: "validator.min_stake", Value: 5}, {Name: "governance.quorum.num", Value: 2},
	})
	require.NoError(t, err)
	require.Equal(t, int64(1234), after.ChallengeMS)
	require.Equal(t, ledger.Natn(5), after.Validator.MinStake)
	require.Equal(t, ledger.Ratio{Num: 2, Den: 5}, after.Governance.Quorum)
	require.Equal(t, ledger.DefaultParams(), before)
}

func TestChangesThatAreRefused(t *testing.T) {
	for name, v := range map[string]struct {
		changes []ledger.Change
		code    ledger.Code
	}{
		"unknown":       {[]ledger.Change{{Name: "mint_ms", Value: 1}}, ledger.CodeInvalid},
		"a struct":      {[]ledger.Change{{Name: "validator", Value: 1}}, ledger.CodeInvalid},
		"fixed":         {[]ledger.Change{{Name: "epoch_ms", Value: 60_000}}, ledger.CodeInvalid},
		"no name":       {[]ledger.Change{{}}, ledger.CodeInvalid},
		"twice":         {[]ledger.Change{{Name: "claim_ms", Value: 500}, {Name: "claim_ms", Value: 600}}, ledger.CodeInvalid},
		"out of bounds": {[]ledger.Change{{Name: "claim_ms", Value: -1}}, ledger.CodeRefused},
		"negative":      {[]ledger.Change{{Name: "committee", Value: -1}}, ledger.CodeRefused},
		"too wide":      {[]ledger.Change{{Name: "committee", Value: math.MaxInt64}}, ledger.CodeRefused},
		"together":      {[]ledger.Change{{Name: "committee", Value: 21}}, ledger.CodeRefused},
	} {
		_, err := ledger.DefaultParams().With(v.changes)
		require.Equal(t, v.code, ledger.CodeOf(err), name)
	}
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(ledger.CheckChanges(nil, 4)))
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(ledger.CheckChanges(make([]ledger.Change, 5), 4)))
	require.NoError(t, ledger.CheckChanges([]ledger.Change{{Name: "lease_ms", Value: -5}}, 4), "bounds are for later")
}

func TestWhatIsEntrenched(t *testing.T) {
	entrenched := map[string]bool{}
	for _, p := range ledger.DefaultParams().List() {
		if p.Entrenched {
			entrenched[p.Name] = true
		}
	}
	for _, name := range []string{
		"lease_ms", "governance.quorum.num", "governance.quorum.den", "governance.majority.num", "governance.grant_quorum.den",
		"governance.grant_majority.num", "governance.signal_majority.num", "governance.amend_majority.num",
		"governance.amend_quorum.num", "governance.verdict_majority.num", "governance.verdict_quorum",
		"governance.heartbeat_quorum.num", "governance.dormant_ms", "governance.notice_ms", "governance.grant_per_mille",
		"governance.grant_window_ms", "governor_power", "governor_absent_ms", "governance.propose_power",
		"disputes.appeal_quorum.num", "disputes.appeal_majority.den", "governance.delay_ms", "governance.vote_ms",
		"governance.timelock_ms", "governance.amend_ms", "governance.verdict_commit_ms", "governance.verdict_reveal_ms",
	} {
		require.True(t, entrenched[name], name)
	}
	for _, name := range []string{"challenge_ms", "validator.min_stake", "pulse_interval_ms"} {
		require.False(t, entrenched[name], name)
	}
}

func TestRatiosCompareExactly(t *testing.T) {
	third := ledger.Ratio{Num: 2, Den: 3}
	require.True(t, third.Reached(2, 3))
	require.False(t, third.Exceeded(2, 3))
	require.True(t, third.Exceeded(3, 4))
	require.False(t, third.Reached(1, 2))
	require.Equal(t, "2/3", third.String())
	rnd := rand.New(rand.NewSource(1))
	for range 10_000 {
		r := ledger.Ratio{Num: uint64(rnd.Intn(20)), Den: uint64(1 + rnd.Intn(20))}
		part, whole := rnd.Uint64()>>rnd.Intn(64), rnd.Uint64()>>rnd.Intn(64)
		left := new(big.Int).Mul(new(big.Int).SetUint64(part), new(big.Int).SetUint64(r.Den))
		right := new(big.Int).Mul(new(big.Int).SetUint64(whole), new(big.Int).SetUint64(r.Num))
		require.Equal(t, left.Cmp(right) >= 0, r.Reached(ledger.Natn(part), ledger.Natn(whole)))
		require.Equal(t, left.Cmp(right) > 0, r.Exceeded(ledger.Natn(part), ledger.Natn(whole)))
	}
}

func TestGovernanceNumbersOutOfBoundsAreNamed(t *testing.T) {
	for name, spoil := range map[string]func(*ledger.GovernanceParams){
		"propose_power":    func(p *ledger.GovernanceParams) { p.ProposePower = 0 },
		"vote_ms":          func(p *ledger.GovernanceParams) { p.VoteMS = 0 },
		"amend_ms":         func(p *ledger.GovernanceParams) { p.AmendMS = math.MaxInt64 },
		"grant_per_mille":  func(p *ledger.GovernanceParams) { p.GrantPerMille = 1001 },
		"quorum":           func(p *ledger.GovernanceParams) { p.Quorum = ledger.Ratio{} },
		"majority":         func(p *ledger.GovernanceParams) { p.Majority = ledger.Ratio{Num: 49, Den: 100} },
		"amend_majority":   func(p *ledger.GovernanceParams) { p.AmendMajority = ledger.Ratio{Num: 4, Den: 3} },
		"heartbeat_quorum": func(p *ledger.GovernanceParams) { p.HeartbeatQuorum = ledger.Ratio{Num: 1 << 62, Den: 1 << 63} },
		"verdict_quorum":   func(p *ledger.GovernanceParams) { p.VerdictQuorum = 0 },
	} {
		p := ledger.DefaultParams()
		spoil(&p.Governance)
		require.ErrorContains(t, p.Validate(), "governance."+name, name)
	}
}
