package dao_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dao"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// A script is a list of commands; the indented lines under a command are the events it led to, or its refusal. Accounts are
// ann, bob, eve and dan with 4000, 3000, 2000 and 1000 ATN of power; times are the public network's.
func TestScriptsGiveTheirGoldenEvents(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			got := runScript(t, string(want))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
				return
			}
			require.Equal(t, string(want), got)
		})
	}
}

func runScript(t *testing.T, script string) string {
	t.Helper()
	s := &scripted{world: newWorld(t), names: map[string]string{}}
	var out strings.Builder
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue
		}
		out.WriteString(line + "\n")
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		for _, result := range s.command(fields[0], fields[1:]) {
			out.WriteString("  " + s.named(result) + "\n")
		}
	}
	return out.String()
}

// scripted is a world whose accounts and proposals have names.
type scripted struct {
	*world
	names map[string]string // of proposals, to IDs
}

func account(name string) ledger.Account {
	return map[string]ledger.Account{"ann": ann, "bob": bob, "eve": eve, "dan": dan}[name]
}

func (s *scripted) named(text string) string {
	for _, name := range []string{"ann", "bob", "eve", "dan"} {
		text = strings.ReplaceAll(text, string(account(name)), name)
	}
	for _, name := range []string{"P1", "P2", "P3"} {
		if id, ok := s.names[name]; ok {
			text = strings.ReplaceAll(text, id, name)
		}
	}
	return text
}

func (s *scripted) number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(s.t, err)
	return n
}

// command runs one line: "propose P1 ann claim_ms=5000", "propose P1 ann grant dan 500", "propose P1 ann upgrade 2 10",
// "vote P1 bob yes", "delegate ann bob", "signal ann 2", "stake ann 500", "treasury 10", "wait 24h in hours", "blocks 5".
func (s *scripted) command(verb string, args []string) []string {
	from := len(s.events)
	var err error
	switch verb {
	case "propose":
		s.names[args[0]] = dao.ProposalID("test", account(args[1]), s.nonce)
		err = s.try(account(args[1]), s.proposal(args[2:]))
	case "vote":
		err = s.try(account(args[1]), dao.Vote{Proposal: s.names[args[0]], Choice: dao.Choice(args[2])})
	case "delegate":
		err = s.try(account(args[0]), dao.Delegate{To: account(args[1])})
	case "signal":
		err = s.try(account(args[0]), dao.Signal{Version: uint64(s.number(args[1]))})
	case "stake":
		s.stake(account(args[0]), ledger.Natn(s.number(args[1]))*atn)
	case "treasury":
		s.treasury = ledger.Natn(s.number(args[0])) * atn
	case "wait":
		s.block(s.number(args[0]) * 60 * 60 * 1000)
	case "blocks":
		for range s.number(args[0]) {
			s.block(5000)
		}
	default:
		require.Fail(s.t, "no command "+verb)
	}
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for _, e := range s.events[from:] {
		raw, err := json.Marshal(e)
		require.NoError(s.t, err)
		lines = append(lines, e.EventKind()+" "+string(raw))
	}
	return lines
}

func (s *scripted) proposal(args []string) dao.Propose {
	switch args[0] {
	case "grant":
		return grant(account(args[1]), ledger.Natn(s.number(args[2]))*atn)
	case "upgrade":
		return upgrade(uint64(s.number(args[1])), s.number(args[2]))
	}
	m := dao.Propose{Title: "A change", Text: ledger.DocCID([]byte("why"))}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		m.Changes = append(m.Changes, ledger.Change{Name: name, Value: s.number(value)})
	}
	return m
}
