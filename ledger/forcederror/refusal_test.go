package forcederror_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/forcederror"
	"autonet/ledger/ledgertest"
)

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
