package forcederror_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/forcederror"
)

// sealed brings a task with one trap to its challenge window.
func sealed(t *testing.T) (*world, string, []forcederror.Secret) {
	t.Helper()
	w := newWorld(t)
	id := w.task(1)
	secrets := w.secrets(id, governor, solver)
	require.NoError(t, w.seal(governor, id, secrets))
	w.challenge(id, solver, solver+1)
	return w, id, secrets
}

func TestATrapThatIsCaughtPaysItsJackpotAndItsSolver(t *testing.T) {
	w, id, secrets := sealed(t)
	require.Equal(t, 2*70*atn, w.pot, "jackpot and pay for every seal")
	require.Len(t, w.locks, 1)
	require.NoError(t, w.open(governor, id, secrets))
	require.Empty(t, w.locks)
	require.True(t, w.keeper.Opened(w.kv, id, acct(solver)))
	require.True(t, w.keeper.Counts(w.kv, id, acct(solver)))
	require.False(t, w.keeper.Opened(w.kv, id, acct(solver+1)))
	require.Equal(t, 70*atn, w.pot, "the dummy's escrow is back")
	w.settle(id, forcederror.Outcome{Solver: acct(solver), Proven: true, Caught: []ledger.Account{acct(member)}})
	require.Equal(t, 150*atn, w.balances[acct(member)])
	require.Equal(t, 120*atn, w.balances[acct(solver)])
	w.over(id)
	require.Zero(t, w.pot)
	require.Equal(t, 1000*atn-70*atn, w.treasury)
	require.Equal(t, forcederror.Figures{Caught: 1, Won: 50 * atn}, w.keeper.Figures(w.kv, acct(member)))
}

func TestTwoWhoCatchATrapShareItsJackpotAndOneWhoMissesItIsSlashed(t *testing.T) {
	w, id, secrets := sealed(t)
	require.NoError(t, w.open(governor, id, secrets))
	outcome := forcederror.Outcome{
		Solver: acct(solver), Proven: true, Caught: []ledger.Account{acct(member), acct(member + 1)}, Missed: []ledger.Account{acct(member + 2)},
	}
	w.settle(id, outcome)
	w.settle(id, outcome) // a second settlement is nothing to do
	require.Equal(t, 125*atn, w.balances[acct(member)])
	require.Equal(t, 125*atn, w.balances[acct(member+1)])
	require.Equal(t, 475*atn, w.stakes[acct(member+2)])
	w.over(id)
	totals := w.keeper.Totals(w.kv)
	require.Equal(t, uint64(1), totals.Traps)
	require.Equal(t, uint64(1), totals.Proven)
	require.Equal(t, uint64(666), totals.CatchPerMille())
	require.Equal(t, 25*atn, totals.Lost)
	var visited []ledger.Account
	w.keeper.Coordinators(w.kv, func(a ledger.Account, _ forcederror.Figures) bool {
		visited = append(visited, a)
		return true
	})
	require.ElementsMatch(t, []ledger.Account{acct(member), acct(member + 1), acct(member + 2)}, visited)
}

func TestAJackpotNobodyCaughtGoesToTheTreasury(t *testing.T) {
	w, id, secrets := sealed(t)
	require.NoError(t, w.open(governor, id, secrets))
	w.settle(id, forcederror.Outcome{Solver: acct(solver), Proven: true, Missed: []ledger.Account{acct(member)}})
	w.over(id)
	require.Equal(t, 1000*atn-20*atn+25*atn, w.treasury, "less the solver's pay, with the slash")
}

func TestTheGovernorThatSealedATrapCannotCatchIt(t *testing.T) {
	w, id, secrets := sealed(t)
	require.NoError(t, w.open(governor, id, secrets))
	w.settle(id, forcederror.Outcome{Solver: acct(solver), Proven: true, Caught: []ledger.Account{acct(governor), acct(member)}})
	require.Equal(t, 150*atn, w.balances[acct(member)])
	require.Equal(t, 100*atn, w.balances[acct(governor)])
}

func TestWithoutAPanelsProofNobodyGainsOrLoses(t *testing.T) {
	w, id, secrets := sealed(t)
	require.NoError(t, w.open(governor, id, secrets))
	w.settle(id, forcederror.Outcome{Solver: acct(solver), Caught: []ledger.Account{acct(member)}, Missed: []ledger.Account{acct(member + 1)}})
	w.over(id)
	require.Equal(t, 1000*atn, w.treasury)
	require.Equal(t, 500*atn, w.stakes[acct(member+1)])
	require.True(t, w.keeper.Opened(w.kv, id, acct(solver)), "its solution is out all the same")
}

func TestSealsLeftUnopenedCostTheGovernorAndGoBackToTheTreasury(t *testing.T) {
	w, id, _ := sealed(t)
	w.over(id)
	require.Zero(t, w.pot)
	require.Empty(t, w.locks)
	require.Equal(t, 500*atn-25*atn-2*20*atn, w.stakes[acct(governor)], "what two hidden solutions could earn, and the slash")
	require.Equal(t, uint64(1), w.keeper.Warden(w.kv, acct(governor)).Failed)
	set, ok := w.keeper.Set(w.kv, id, acct(governor))
	require.True(t, ok)
	require.True(t, set.Closed)
}

func TestSealsOfATaskThatNeverReachedItsWindowCostNothing(t *testing.T) {
	w := newWorld(t)
	id := w.task(1)
	require.NoError(t, w.seal(governor, id, dummies(id, governor)))
	w.tasks[id].Open, w.tasks[id].Early, w.tasks[id].Over = false, false, true
	w.end()
	require.Equal(t, 1000*atn, w.treasury)
	require.Equal(t, 500*atn, w.stakes[acct(governor)])
	require.Len(t, w.events("forcederror/closed"), 1)
	w.end()
	require.Empty(t, w.events("forcederror/slashed"))
}

func TestWhatAProofTookBeforeTheOpeningIsMadeGood(t *testing.T) {
	w, id, secrets := sealed(t)
	w.treasury += 7 * atn
	w.stakes[acct(solver)] -= 7 * atn
	w.keeper.Taken(w.kv, id, acct(solver), 7*atn)
	require.NoError(t, w.open(governor, id, secrets))
	require.Equal(t, 107*atn, w.balances[acct(solver)])
	trap, _ := w.keeper.Trap(w.kv, id, acct(solver))
	require.Equal(t, 7*atn, trap.Restored)
}

func TestATrapThatDoesNotCountStillTakesItsSolutionOut(t *testing.T) {
	for name, spoil := range map[string]func(w *world, id string){
		"a new solver": func(w *world, _ string) { w.old = false },
		"a poor solver": func(w *world, _ string) {
			w.treasury += w.balances[acct(solver)]
			w.balances[acct(solver)] = 0
		},
		"no trap left": func(w *world, id string) {
			for n := 2; n < 4; n++ {
				other := w.task(n)
				secrets := w.secrets(other, governor, solver)
				require.NoError(w.t, w.seal(governor, other, secrets))
				w.challenge(other, solver)
				require.NoError(w.t, w.open(governor, other, secrets))
			}
			_ = id
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, id, secrets := sealed(t)
			w.now.Params.Traps.LimitPerMille = 0
			spoil(w, id)
			require.NoError(t, w.open(governor, id, secrets))
			require.True(t, w.keeper.Opened(w.kv, id, acct(solver)))
			require.False(t, w.keeper.Counts(w.kv, id, acct(solver)))
			before := w.treasury
			w.settle(id, forcederror.Outcome{Solver: acct(solver), Proven: true, Missed: []ledger.Account{acct(member)}})
			require.Equal(t, before, w.treasury)
			require.Equal(t, 500*atn, w.stakes[acct(member)])
		})
	}
}

func TestASolutionNobodyShowedIsNoTrap(t *testing.T) {
	w, id, secrets := sealed(t)
	delete(w.shown, id+string(acct(solver)))
	require.NoError(t, w.open(governor, id, secrets), "a solver that broke its word costs the governor nothing")
	require.False(t, w.keeper.Opened(w.kv, id, acct(solver)))
	w.over(id)
	require.Equal(t, 1000*atn, w.treasury)
}

func TestASolutionIsTrappedOnce(t *testing.T) {
	w := newWorld(t)
	id := w.task(1)
	first, second := w.secrets(id, governor, solver), w.secrets(id, governor+1, solver)
	require.NoError(t, w.seal(governor, id, first))
	require.NoError(t, w.seal(governor+1, id, second))
	w.challenge(id, solver)
	require.NoError(t, w.open(governor, id, first))
	require.NoError(t, w.open(governor+1, id, second))
	trap, _ := w.keeper.Trap(w.kv, id, acct(solver))
	require.Equal(t, acct(governor), trap.Governor)
	require.Len(t, w.keeper.Traps(w.kv, id), 1)
	w.settle(id, forcederror.Outcome{Solver: acct(solver), Proven: true, Caught: []ledger.Account{acct(member)}})
	w.over(id)
	require.Equal(t, 1000*atn-70*atn, w.treasury)
}

func TestAGovernorsTrapsAreLimited(t *testing.T) {
	w := newWorld(t)
	counted := 0
	for n := range 40 {
		id := w.task(n)
		secrets := w.secrets(id, governor, solver)
		require.NoError(t, w.seal(governor, id, secrets))
		w.challenge(id, solver)
		require.NoError(t, w.open(governor, id, secrets))
		if w.keeper.Counts(w.kv, id, acct(solver)) {
			counted++
		}
		w.settle(id, forcederror.Outcome{Solver: acct(solver)})
		w.over(id)
	}
	limit := int(w.now.Params.Traps.LimitPerMille)
	require.Equal(t, 1+40*limit/1000, counted)
}

func TestASealTellsNothingOfWhatItHolds(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	shape := func(trapped bool) (keys []string, sizes []int, treasury ledger.Natn, events []ledger.EventData) {
		w := newWorld(t)
		id := w.task(int(rng.Uint32()))
		secrets := dummies(id, governor)
		if trapped {
			secrets = w.secrets(id, governor, solver)
			rng.Shuffle(2, func(i, j int) { secrets[i], secrets[j] = secrets[j], secrets[i] })
		}
		require.NoError(t, w.seal(governor, id, secrets))
		for _, key := range w.kv.Keys() {
			sizes = append(sizes, len(w.kv.Get([]byte(key))))
			keys = append(keys, key[:14])
		}
		for _, e := range w.now.Emitted() {
			if s, ok := e.(forcederror.EventSealed); ok {
				s.Task, s.Commitments = "", make([]ledger.Hash, len(s.Commitments))
				e = s
			}
			events = append(events, e)
		}
		return keys, sizes, w.treasury, events
	}
	for range 50 {
		k1, s1, t1, e1 := shape(true)
		k2, s2, t2, e2 := shape(false)
		require.Equal(t, k1, k2)
		require.Equal(t, s1, s2)
		require.Equal(t, t1, t2)
		require.Equal(t, e1, e2)
	}
}

// Whatever governors, solvers and panels do, the pot is what the books say and the supply is whole: audit checks it after
// every step.
func TestRandomTrapsConserveMoney(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		w := newWorld(t)
		w.now.Params.Traps.LimitPerMille = uint64(rng.IntN(1000))
		type sealing struct {
			id       string
			governor int
			secrets  []forcederror.Secret
		}
		var live []sealing
		for n := range 30 {
			id := w.task(n)
			for g := governor; g < solver; g++ {
				secrets := dummies(id, g)
				if rng.IntN(2) == 0 {
					secrets = w.secrets(id, g, solver+rng.IntN(3))
				}
				if w.seal(g, id, secrets) == nil {
					live = append(live, sealing{id, g, secrets})
				}
			}
			if rng.IntN(4) > 0 {
				w.challenge(id, solver, solver+rng.IntN(3))
			}
			for _, s := range live {
				if s.id == id && rng.IntN(5) > 0 {
					_ = w.open(s.governor, s.id, s.secrets)
				}
			}
			if rng.IntN(3) == 0 {
				w.treasury += min(w.stakes[acct(solver)], atn)
				w.stakes[acct(solver)] -= min(w.stakes[acct(solver)], atn)
			}
			for _, trap := range w.keeper.Traps(w.kv, id) {
				o := forcederror.Outcome{Solver: trap.Solver, Proven: rng.IntN(3) > 0}
				for i := member; i < stranger; i++ {
					switch rng.IntN(3) {
					case 0:
						o.Caught = append(o.Caught, acct(i))
					case 1:
						o.Missed = append(o.Missed, acct(i))
					}
				}
				w.settle(id, o)
			}
			w.over(id)
		}
		require.Zero(t, w.pot, "what is over holds nothing")
	}
}
