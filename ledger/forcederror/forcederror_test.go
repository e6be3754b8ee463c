package forcederror_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/forcederror"
	"autonet/ledger/ledgertest"
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

func TestSealsThatBreakTheRulesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		sender int
		code   ledger.Code
		spoil  func(w *world, id string)
		seals  int
	}{
		"no governor":           {sender: stranger, code: ledger.CodeRefused},
		"a party":               {sender: 0, code: ledger.CodeRefused},
		"one seal":              {sender: governor, code: ledger.CodeRefused, seals: 1},
		"twice":                 {sender: governor, code: ledger.CodeRefused, spoil: func(w *world, id string) { _ = w.seal(governor, id, dummies(id, 9)) }},
		"too many sets":         {sender: governor, code: ledger.CodeRefused, spoil: func(w *world, id string) { _ = w.seal(2, id, dummies(id, 2)); _ = w.seal(3, id, dummies(id, 3)) }},
		"not open yet":          {sender: governor, code: ledger.CodeEarly, spoil: func(w *world, id string) { w.tasks[id].Unopened, w.tasks[id].Open = true, false }},
		"after the commitments": {sender: governor, code: ledger.CodeLate, spoil: func(w *world, id string) { w.tasks[id].Open = false }},
		"a poor treasury":       {sender: governor, code: ledger.CodeFunds, spoil: func(w *world, _ string) { w.balances[acct(0)] += w.treasury; w.treasury = 0 }},
		"unknown task":          {sender: governor, code: ledger.CodeNotFound, spoil: func(w *world, id string) { delete(w.tasks, id) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.task(1)
			if c.spoil != nil {
				c.spoil(w, id)
			}
			secrets := dummies(id, c.sender)
			if c.seals > 0 {
				secrets = secrets[:c.seals]
			}
			before := w.kv.Dump()
			require.Equal(t, c.code, ledger.CodeOf(w.seal(c.sender, id, secrets)))
			require.Equal(t, before, w.kv.Dump())
		})
	}
}

func TestOpeningsThatBreakTheRulesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		code  ledger.Code
		spoil func(w *world, id string, secrets []forcederror.Secret) []forcederror.Secret
		from  int
	}{
		"another's seals": {code: ledger.CodeNotFound, from: governor + 1},
		"too early": {code: ledger.CodeEarly, spoil: func(w *world, id string, s []forcederror.Secret) []forcederror.Secret {
			w.tasks[id].Early = true
			return s
		}},
		"too late": {code: ledger.CodeLate, spoil: func(w *world, id string, s []forcederror.Secret) []forcederror.Secret {
			w.tasks[id].Window = false
			return s
		}},
		"not all": {code: ledger.CodeRefused, spoil: func(_ *world, _ string, s []forcederror.Secret) []forcederror.Secret { return s[1:] }},
		"another order": {code: ledger.CodeRefused, spoil: func(_ *world, _ string, s []forcederror.Secret) []forcederror.Secret {
			s[0], s[1] = s[1], s[0]
			return s
		}},
		"a trap called a dummy": {code: ledger.CodeRefused, spoil: func(_ *world, _ string, s []forcederror.Secret) []forcederror.Secret {
			s[1] = forcederror.Secret{Nonce: s[1].Nonce}
			return s
		}},
		"another nonce": {code: ledger.CodeRefused, spoil: func(_ *world, _ string, s []forcederror.Secret) []forcederror.Secret {
			s[0].Nonce = digest("other")
			return s
		}},
		"unknown task": {code: ledger.CodeNotFound, spoil: func(w *world, id string, s []forcederror.Secret) []forcederror.Secret {
			delete(w.tasks, id)
			return s
		}},
		"twice": {code: ledger.CodeRefused, spoil: func(w *world, id string, s []forcederror.Secret) []forcederror.Secret {
			require.NoError(w.t, w.open(governor, id, s))
			return s
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w, id, secrets := sealed(t)
			if c.spoil != nil {
				secrets = c.spoil(w, id, secrets)
			}
			from := governor
			if c.from != 0 {
				from = c.from
			}
			before := w.kv.Dump()
			require.Equal(t, c.code, ledger.CodeOf(w.open(from, id, secrets)))
			require.Equal(t, before, w.kv.Dump())
		})
	}
}

func TestNobodyIsMadeATrapWithoutItsConsent(t *testing.T) {
	w := newWorld(t)
	id := w.task(1)
	forged := []forcederror.Secret{{Nonce: digest(1)}, trapOf(id, governor, solver, stranger)}
	require.NoError(t, w.seal(governor, id, forged), "nobody can see what is sealed")
	w.challenge(id, solver)
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.open(governor, id, forged)))
	require.False(t, w.keeper.Opened(w.kv, id, acct(solver)))

	borrowed := []forcederror.Secret{{Nonce: digest(1)}, trapOf(id, governor+1, solver, solver)}
	other := w.task(2)
	require.NoError(t, w.seal(governor, other, borrowed))
	w.challenge(other, solver)
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.open(governor, other, borrowed)), "consent given to another governor, for another task")
}

func TestACopiedSealCannotBeOpenedByTheCopier(t *testing.T) {
	w, id, secrets := sealed(t)
	w.tasks[id] = &forcederror.Task{Proposer: acct(0), Open: true, Early: true, Reward: 20 * atn}
	set, _ := w.keeper.Set(w.kv, id, acct(governor))
	require.NoError(t, w.deliver(governor+1, forcederror.Seal{Task: id, Commitments: set.Commitments}))
	w.challenge(id, solver)
	require.NoError(t, w.open(governor, id, secrets))
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(w.open(governor+1, id, secrets)))
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
	for seed := range uint64(60) {
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

func TestMessagesCheckTheirForm(t *testing.T) {
	id := taskID(1)
	good := trapOf(id, governor, solver, solver)
	for name, m := range map[string]ledger.Msg{
		"no task":            forcederror.Seal{Commitments: []ledger.Hash{{1}}},
		"no seals":           forcederror.Seal{Task: id},
		"empty seal":         forcederror.Seal{Task: id, Commitments: []ledger.Hash{{}}},
		"same seals":         forcederror.Seal{Task: id, Commitments: []ledger.Hash{{1}, {1}}},
		"too many seals":     forcederror.Seal{Task: id, Commitments: make([]ledger.Hash, 9)},
		"opening of no task": forcederror.Open{Secrets: []forcederror.Secret{{}}},
		"no secrets":         forcederror.Open{Task: id},
		"too many secrets":   forcederror.Open{Task: id, Secrets: make([]forcederror.Secret, 9)},
		"a dummy's document": forcederror.Open{Task: id, Secrets: []forcederror.Secret{{Doc: good.Doc}}},
		"a dummy's consent":  forcederror.Open{Task: id, Secrets: []forcederror.Secret{{Consent: good.Consent}}},
		"a dummy's key":      forcederror.Open{Task: id, Secrets: []forcederror.Secret{{Key: good.Key}}},
		"solver":             forcederror.Open{Task: id, Secrets: []forcederror.Secret{{Solver: "x", Doc: good.Doc, Key: good.Key, Consent: good.Consent}}},
		"document":           forcederror.Open{Task: id, Secrets: []forcederror.Secret{{Solver: good.Solver, Doc: "x", Key: good.Key, Consent: good.Consent}}},
		"key":                forcederror.Open{Task: id, Secrets: []forcederror.Secret{{Solver: good.Solver, Doc: good.Doc, Key: "x", Consent: good.Consent}}},
		"signature":          forcederror.Open{Task: id, Secrets: []forcederror.Secret{{Solver: good.Solver, Doc: good.Doc, Key: good.Key, Consent: []byte{1}}}},
		"one solver twice":   forcederror.Open{Task: id, Secrets: []forcederror.Secret{good, good}},
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
	require.NoError(t, forcederror.Open{Task: id, Secrets: []forcederror.Secret{{}, good}}.Validate())
	require.Len(t, forcederror.Messages(), 2)
	for _, e := range forcederror.Events() {
		require.Contains(t, e.EventKind(), "forcederror/")
	}
}

// FuzzOpen: bytes that decode as an opening are checked without a panic and never make a trap by chance.
func FuzzOpen(f *testing.F) {
	id := taskID(1)
	for _, secrets := range [][]forcederror.Secret{dummies(id, governor), {trapOf(id, governor, solver, solver)}} {
		raw, err := ledger.Marshal(forcederror.Open{Task: id, Secrets: secrets})
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m forcederror.Open
		if ledger.Unmarshal(raw, &m) != nil || m.Validate() != nil {
			return
		}
		w, id, _ := sealed(t)
		m.Task = id
		require.Error(t, w.open(governor, id, m.Secrets))
		for _, s := range m.Secrets {
			_ = s.Consented(ledgertest.Network, id, acct(governor))
		}
	})
}
