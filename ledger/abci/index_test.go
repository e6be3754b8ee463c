package abci_test

import (
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/bank"
)

func moved(from, to ed25519.PrivateKey, denom string) ledger.Event {
	data, err := ledger.Marshal(bank.Moved{From: string(account(from)), To: string(account(to)), Denom: denom, Amount: 1})
	if err != nil {
		panic(err)
	}
	return ledger.Event{Kind: "bank/moved", Data: data}
}

// place numbers the events of a height.
func placed(height int64, events ...ledger.Event) []ledger.Event {
	for i := range events {
		events[i].Height, events[i].Index = height, i
	}
	return events
}

// collect reads all events of a query in pages.
func collect(tb testing.TB, log *abci.TestLog, q abci.EventQuery, page int) []ledger.Event {
	tb.Helper()
	var all []ledger.Event
	var cursor abci.Cursor
	for {
		events, next, done, err := log.Query(q, cursor, page)
		require.NoError(tb, err)
		require.LessOrEqual(tb, len(events), page)
		all = append(all, events...)
		if done {
			return all
		}
		cursor = next
	}
}

func TestEventsAreFoundByWhatTheyName(t *testing.T) {
	log, err := abci.OpenTestLog(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, log.Close()) }()
	people := []ed25519.PrivateKey{key("a"), key("b"), key("c")}
	project := "0123456789abcdef0123456789abcdef"
	var all []ledger.Event
	for height := int64(1); height <= 60; height++ {
		var events []ledger.Event
		for i := range int(height % 4) {
			denom := ledger.DenomATN
			if i == 2 {
				denom = project
			}
			events = append(events, moved(people[int(height)%3], people[(int(height)+i)%3], denom))
		}
		events = append(events, ledger.Event{Kind: "test/unknown", Data: []byte{1}})
		all = append(all, placed(height, events...)...)
		require.NoError(t, log.Write(height, events))
	}
	want := func(keep func(e ledger.Event, m bank.Moved) bool) (out []ledger.Event) {
		for _, e := range all {
			var m bank.Moved
			if e.Kind == "bank/moved" {
				require.NoError(t, ledger.Unmarshal(e.Data, &m))
			}
			if keep(e, m) {
				out = append(out, e)
			}
		}
		return out
	}
	a, b := string(account(people[0])), string(account(people[1]))
	names := func(m bank.Moved, who string) bool { return m.From == who || m.To == who }
	for name, c := range map[string]struct {
		q    abci.EventQuery
		keep func(ledger.Event, bank.Moved) bool
	}{
		"all":     {abci.EventQuery{}, func(ledger.Event, bank.Moved) bool { return true }},
		"range":   {abci.EventQuery{From: 7, To: 31}, func(e ledger.Event, _ bank.Moved) bool { return e.Height >= 7 && e.Height <= 31 }},
		"account": {abci.EventQuery{Account: ledger.Account(a)}, func(_ ledger.Event, m bank.Moved) bool { return names(m, a) }},
		"account and range": {abci.EventQuery{Account: ledger.Account(b), From: 10, To: 20}, func(e ledger.Event, m bank.Moved) bool {
			return names(m, b) && e.Height >= 10 && e.Height <= 20
		}},
		"project": {abci.EventQuery{Project: project}, func(_ ledger.Event, m bank.Moved) bool { return m.Denom == project }},
		"project and account": {abci.EventQuery{Project: project, Account: ledger.Account(a)}, func(_ ledger.Event, m bank.Moved) bool {
			return m.Denom == project && names(m, a)
		}},
		"kind":    {abci.EventQuery{Kind: "test/unknown"}, func(e ledger.Event, _ bank.Moved) bool { return e.Kind == "test/unknown" }},
		"no task": {abci.EventQuery{Task: project}, func(ledger.Event, bank.Moved) bool { return false }},
		"nobody":  {abci.EventQuery{Account: account(key("z"))}, func(ledger.Event, bank.Moved) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			for _, page := range []int{1, 7, 1000} {
				require.Equal(t, want(c.keep), collect(t, log, c.q, page), page)
			}
		})
	}
}

func TestAHeightWrittenAgainLeavesNoEntriesOfTheFirstTime(t *testing.T) {
	log, err := abci.OpenTestLog(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, log.Close()) }()
	a, b, c := key("a"), key("b"), key("c")
	require.NoError(t, log.Write(1, placed(1, moved(a, b, "ATN"), moved(a, c, "ATN"))))
	again := placed(1, moved(b, c, "ATN"))
	require.NoError(t, log.Write(1, again))
	require.Empty(t, collect(t, log, abci.EventQuery{Account: account(a)}, 10))
	require.Equal(t, again, collect(t, log, abci.EventQuery{Account: account(b)}, 10))
	require.Equal(t, again, collect(t, log, abci.EventQuery{Kind: "bank/moved"}, 10))
}

func TestAMissingIndexIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	log, err := abci.OpenTestLog(dir)
	require.NoError(t, err)
	a, b := key("a"), key("b")
	for height := int64(1); height <= 5000; height++ {
		require.NoError(t, log.WriteLazily(height, placed(height, moved(a, b, "ATN"))))
	}
	before := collect(t, log, abci.EventQuery{Account: account(a)}, 1000)
	require.Len(t, before, 5000)
	require.NoError(t, log.SpoilIndex())
	require.NoError(t, log.Close())
	log, err = abci.OpenTestLog(dir)
	require.NoError(t, err)
	defer func() { require.NoError(t, log.Close()) }()
	require.Equal(t, before, collect(t, log, abci.EventQuery{Account: account(a)}, 1000))
	require.Len(t, collect(t, log, abci.EventQuery{Kind: "bank/moved"}, 1000), 5000)
}

func TestARunningLedgerAnswersQueries(t *testing.T) {
	n, cfg := ledgerNode(t)
	from, to := key("sender0"), account(key("sender1"))
	for i := range 3 {
		require.NoError(t, commit(t, n, sign(t, from, uint64(i), bank.Send{To: to, Denom: ledger.DenomATN, Amount: 7})).Err())
	}
	count := func() (found int) {
		require.NoError(t, n.EventsOf(t.Context(), abci.EventQuery{Account: to, Kind: "bank/moved"}, func(e ledger.Event) error {
			require.Equal(t, "bank/moved", e.Kind)
			found++
			return nil
		}))
		return found
	}
	require.Equal(t, 3, count())
	stop := fmt.Errorf("enough")
	require.ErrorIs(t, n.EventsOf(t.Context(), abci.EventQuery{Account: to}, func(ledger.Event) error { return stop }), stop)
	n.stop()
	_, _, _, err := n.Events(abci.EventQuery{}, abci.Cursor{}, 1)
	require.ErrorIs(t, err, abci.ErrNotRunning)
	e, err := abci.New(cfg)
	require.NoError(t, err)
	n = run(t, e)
	require.Eventually(t, func() bool { return n.Status().Height > 0 }, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, 3, count())
}
