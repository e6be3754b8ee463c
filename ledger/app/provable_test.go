package app_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/rewards"
	"autonet/ledger/staking"
	"autonet/ledger/task"
	"autonet/shards/merkle"
)

// lived is a chain on which a task went from its proposal to a new model.
func lived(t *testing.T) (*chain, string) {
	t.Helper()
	c := newChain(t)
	_, id := c.proposed()
	done := c.play(id)
	require.NotNil(t, done.Result)
	return c, id
}

// provableKinds are the kinds of records that can be named, with their number of arguments.
func provableKinds() map[string]int {
	kinds := map[string]int{}
	for _, line := range app.ProvableWords() {
		words := strings.Fields(strings.Split(line, ":")[0])
		kinds[words[0]] = len(words) - 1
	}
	return kinds
}

func TestEveryRecordThatCanBeNamedIsReadAsWhatItIs(t *testing.T) {
	c, _ := lived(t)
	kinds, seen := provableKinds(), map[string]bool{}
	c.kv.Iterate(nil, func(key, value []byte) bool {
		parts := strings.Split(string(key), "/")
		for kind, count := range kinds {
			if len(parts) < count || kind == "key" || kind == "event" {
				continue
			}
			args := append([]string(nil), parts[len(parts)-count:]...)
			for i, arg := range args { // keys hold heights, versions and slots in other forms than words do
				if n, err := strconv.ParseUint(arg, 16, 64); err == nil && (len(arg) == 16 || len(arg) == 2) {
					args[i] = strconv.FormatUint(n, 10)
				}
			}
			p, err := app.ProvableKey(kind, args...)
			if err != nil || string(p.Key) != string(key) {
				continue
			}
			v, err := p.Decode(value)
			require.NoError(t, err, "%s at %q", kind, key)
			_, err = json.Marshal(v)
			require.NoError(t, err)
			seen[kind] = true
		}
		return true
	})
	for _, kind := range []string{
		"balance", "token", "tokens", "supply", "stake", "validator", "project", "version", "task", "solution", "vote", "heartbeat", "clock",
		"governor", "provider", "params", "events", "standing", "protocol",
	} {
		require.True(t, seen[kind], kind)
	}
}

func TestWordsNameTheRecordsThatViewsRead(t *testing.T) {
	c, id := lived(t)
	read := func(words ...string) any {
		p, err := app.ProvableKey(words[0], words[1:]...)
		require.NoError(t, err)
		raw := c.kv.Get(p.Key)
		require.NotNil(t, raw, words)
		v, err := p.Decode(raw)
		require.NoError(t, err)
		return v
	}
	a, _ := c.view().Account(acct(solver))
	require.Equal(t, a.Balance, read("balance", string(acct(solver))).(bank.Account).Balance)
	stake := read("stake", string(acct(solver))).(app.StakeRecord)
	require.Len(t, stake.Stakes, 1)
	require.Equal(t, a.Stakes[0].Bonded, stake.Stakes[0].Bonded)
	require.Equal(t, ledger.RoleSolver, stake.Stakes[0].Role)
	done, _ := c.view().Task(id)
	require.Equal(t, done.State, read("task", id).(task.Task).State)
	votes := c.view().Votes(id)
	require.NotEmpty(t, votes)
	require.Equal(t, votes[0], read("vote", id, string(votes[0].Account)).(rewards.Record))
	require.Equal(t, c.view().Params(), read("params"))
	raw := c.kv.Get(ledger.Key("staking", "v", string(acct(owner))))
	require.Equal(t, hex.EncodeToString(raw), read("key", hex.EncodeToString(ledger.Key("staking", "v", string(acct(owner))))))
	require.Len(t, read("validator", string(acct(owner))).(staking.Member).ConsKey, 32)
}

func TestWhatCannotBeNamedIsRefused(t *testing.T) {
	id := strings.Repeat("0", 32)
	for _, words := range [][]string{
		{"wealth"},
		{""},
		{"balance"},
		{"balance", "me"},
		{"balance", string(acct(1)), "x"},
		{"task", "x"},
		{"task", strings.ToUpper("abcdef" + id[6:])},
		{"event", "1"},
		{"event", "1", "-1"},
		{"event", "01", "1"},
		{"event", "1", "4294967296"},
		{"events", "x"},
		{"key", ""},
		{"key", "0G"},
		{"key", "AA"},
		{"manifest", ""},
		{"manifest", "a/b"},
		{"solution", id, "100"},
		{"version", id, "18446744073709551616"},
		{"manifest", strings.Repeat("a", 300)},
	} {
		_, err := app.ProvableKey(words[0], words[1:]...)
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err), words)
	}
}

func TestEveryBlocksEventsHaveTheirRootInTheState(t *testing.T) {
	c, _ := lived(t)
	byHeight := map[int64][]ledger.Event{}
	for _, e := range c.events {
		byHeight[e.Height] = append(byHeight[e.Height], e)
	}
	require.Greater(t, len(byHeight), 10)
	for height := int64(1); height <= c.height; height++ {
		p, err := app.ProvableKey("events", fmt.Sprint(height))
		require.NoError(t, err)
		raw, events := c.kv.Get(p.Key), byHeight[height]
		if len(events) == 0 {
			require.Nil(t, raw, "an idle block leaves nothing")
			continue
		}
		v, err := p.Decode(raw)
		require.NoError(t, err)
		root := v.(app.EventsRoot)
		want, err := app.RootOf(events)
		require.NoError(t, err)
		require.Equal(t, want, root)
		for i, e := range events {
			_, encoded, err := app.EventLeaf(e)
			require.NoError(t, err)
			path, err := app.EventPath(events, i)
			require.NoError(t, err)
			require.True(t, root.VerifyEvent(encoded, uint32(i), path))
			require.False(t, root.VerifyEvent(encoded, uint32(i+1), path))
			require.False(t, root.VerifyEvent(append(encoded, 0), uint32(i), path))
			require.False(t, root.VerifyEvent(encoded, uint32(i), append(path, ledger.Hash(merkle.Leaf(nil)))))
		}
		_, err = app.EventPath(events, len(events))
		require.Error(t, err)
	}
}

func TestEventsNameTheirSubjects(t *testing.T) {
	c, id := lived(t)
	done, _ := c.view().Task(id)
	r := app.NewEventReader()
	tasks, projects, accounts := map[string]int{}, map[string]int{}, map[ledger.Account]int{}
	for _, e := range c.events {
		about, err := r.Subjects(e.Kind, e.Data)
		require.NoError(t, err)
		typed, err := r.Decode(e.Kind, e.Data)
		require.NoError(t, err)
		same, err := app.DecodeEvent(e.Kind, e.Data)
		require.NoError(t, err)
		require.Equal(t, same, typed)
		for _, x := range about.Tasks {
			tasks[x]++
		}
		for _, x := range about.Projects {
			projects[x]++
		}
		for _, x := range about.Accounts {
			require.NoError(t, x.Validate())
			accounts[x]++
		}
		switch d := typed.(type) {
		case task.EventCommittee:
			require.Len(t, about.Accounts, len(d.Members), "accounts within lists")
			require.Equal(t, []string{id}, about.Tasks)
		case staking.Locked:
			require.Equal(t, []string{id}, about.Tasks, "a lock names its task in its purpose")
		case bank.Issued:
			require.Equal(t, []string{done.Project}, about.Projects)
		}
	}
	require.Greater(t, tasks[id], 40)
	require.Positive(t, projects[done.Project])
	require.GreaterOrEqual(t, len(accounts), 8)
	_, err := r.Subjects("no/kind", nil)
	require.Error(t, err)
	_, err = r.Subjects("task/paid", []byte{1})
	require.Error(t, err)
}
