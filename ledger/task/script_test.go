package task_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/rewards"
	"autonet/ledger/task"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// A script is a list of commands, one block each; the indented lines under a command are the events it led to. Blocks
// are 100 ms apart.
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
	s := newSim()
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
		for _, result := range s.command(t, fields[0], fields[1:]) {
			out.WriteString("  " + result + "\n")
		}
	}
	return out.String()
}

func (s *sim) command(t *testing.T, verb string, args []string) []string {
	t.Helper()
	switch verb {
	case "stake":
		amount, err := strconv.Atoi(args[2])
		require.NoError(t, err)
		s.stake(args[1], ledger.Role(args[0]), ledger.Natn(amount)*ledger.ATN)
		return nil
	case "unstake":
		account := s.account(args[1])
		s.supply -= load(s.kv, keyStake(ledger.Role(args[0]), account))
		s.kv.Delete(keyStake(ledger.Role(args[0]), account))
		return nil
	case "columns":
		n, err := strconv.Atoi(args[1])
		require.NoError(t, err)
		s.kv.Set(ledger.Key("x", "columns", string(s.account(args[0]))), []byte{byte(n)})
		return nil
	case "wait", "halted":
		span, err := time.ParseDuration(args[0])
		require.NoError(t, err)
		return s.run(t, span.Milliseconds(), verb == "halted", "", nil)
	case "deadline":
		return s.run(t, max(1, s.state().Deadline-s.workMS), false, "", nil)
	case "show":
		return s.show()
	}
	sender, m := s.message(t, verb, args)
	return s.run(t, 100, false, sender, m)
}

// message builds the transaction of a command.
func (s *sim) message(t *testing.T, verb string, args []string) (string, ledger.Msg) {
	t.Helper()
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	number := func(i int) uint32 {
		n, err := strconv.ParseUint(arg(i), 10, 32)
		require.NoError(t, err)
		return uint32(n)
	}
	switch verb {
	case "propose":
		return arg(0), s.amend(t, s.proposal(arg(0)), args[1:])
	case "open":
		return arg(0), task.Open{Task: s.id}
	case "claim":
		return arg(0), task.Claim{Task: s.id, Slot: number(1)}
	case "checkpoint":
		return arg(0), task.Checkpoint{Task: s.id, Step: number(1), Hash: digest("checkpoint", arg(0), arg(1))}
	case "commit":
		s.train(arg(0), arg(1))
		return arg(0), task.Commit{Task: s.id, Commitment: s.commitment(arg(0))}
	case "twin": // commit to the computation of another account under one's own name
		own := s.train(arg(0), "")
		doc, err := task.DecodeSolution(s.solutions[arg(1)].doc)
		require.NoError(t, err)
		doc.Account = s.account(arg(0))
		own.doc, err = doc.Encode()
		require.NoError(t, err)
		return arg(0), task.Commit{Task: s.id, Commitment: s.commitment(arg(0))}
	case "copy":
		return arg(0), task.Commit{Task: s.id, Commitment: s.commitment(arg(1))}
	case "truth":
		m := task.RevealTruth{Task: s.id, CID: s.truth, Salt: digest("truth")}
		if arg(1) == "wrong" {
			m.Salt = digest("wrong")
		}
		return arg(0), m
	case "reveal":
		whose := arg(0)
		if arg(1) != "" {
			whose = arg(1)
		}
		return arg(0), task.Reveal{Task: s.id, Doc: s.solutions[whose].doc, Salt: s.solutions[whose].salt}
	case "vote":
		s.vote(arg(0), args[1:])
		return arg(0), rewards.CommitVote{Task: s.id, Commitment: s.voteCommitment(arg(0))}
	case "copy-vote":
		return arg(0), rewards.CommitVote{Task: s.id, Commitment: s.voteCommitment(arg(1))}
	case "unveil":
		whose := arg(0)
		if arg(1) != "" && arg(1) != "wrong-salt" {
			whose = arg(1)
		}
		own := s.ballots[whose]
		if own == nil {
			own = s.vote(whose, nil)
		}
		m := rewards.RevealVote{Task: s.id, Doc: own.doc, Salt: own.salt, ChainSalt: own.chainSalt}
		if arg(1) == "wrong-salt" {
			m.ChainSalt = digest("wrong")
		}
		return arg(0), m
	case "steps":
		var which []uint32
		for i := range args[1:] {
			which = append(which, number(i+1))
		}
		return arg(0), s.openings(arg(0), which)
	case "challenge":
		m := s.challenge(arg(1), number(2))
		if arg(3) == "wrong" {
			m.Hashes[0] = digest("wrong")
		}
		return arg(0), m
	case "judge":
		return arg(0), s.judge(arg(0), arg(4), dispute.Question{Solver: s.account(arg(1)), Interval: number(2), Step: number(3)})
	case "judge-model":
		return arg(0), s.judge(arg(0), arg(1), dispute.Question{})
	case "copy-judgement": // seal what another judge sealed
		q := dispute.Question{Solver: s.account(arg(2)), Interval: number(3), Step: number(4)}
		p, _ := s.disputes.Panel(s.kv, s.id, q)
		return arg(0), dispute.Commit{Task: s.id, Question: q, Commitment: p.Judges[p.Seat(s.account(arg(1)))].Commitment}
	case "challenge-model":
		m := s.model(arg(1))
		return arg(0), dispute.ChallengeAggregate{
			Task: s.id, Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters,
		}
	case "appeal":
		return arg(0), dispute.AppealScore{Task: s.id, Solver: s.account(arg(1)), Score: uint16(number(2) * 65535 / 100)}
	case "vote-appeal":
		return arg(0), dispute.VoteAppeal{
			Task: s.id, Solver: s.account(arg(1)), Appellant: s.account(arg(2)), Support: arg(3) == "yes",
		}
	case "aggregate":
		who := arg(0)
		if who == "drawn" {
			who = s.nameOf(s.state().Aggregator)
		}
		m := s.model(arg(1))
		return who, task.Aggregate{Task: s.id, Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters}
	}
	t.Fatalf("no command %q", verb)
	return "", nil
}

// amend changes numbers of a proposal: "slots=3".
func (s *sim) amend(t *testing.T, m task.Propose, changes []string) task.Propose {
	t.Helper()
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	fields := map[string]any{}
	require.NoError(t, json.Unmarshal(raw, &fields))
	for _, change := range changes {
		key, value, _ := strings.Cut(change, "=")
		if value == "true" {
			fields[key] = true
			continue
		}
		n, err := strconv.ParseUint(value, 10, 64)
		require.NoError(t, err)
		require.Contains(t, fields, key)
		fields[key] = json.Number(strconv.FormatUint(n, 10))
	}
	raw, err = json.Marshal(fields)
	require.NoError(t, err)
	var out task.Propose
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

func (s *sim) run(t *testing.T, step int64, halted bool, sender string, m ledger.Msg) []string {
	t.Helper()
	account := ledger.Account("")
	if sender != "" {
		account = s.account(sender)
	}
	events, err := s.block(t, step, halted, account, m)
	var lines []string
	if err != nil {
		lines = append(lines, s.plain("refused, "+err.Error()))
	}
	for _, e := range events {
		raw, err := json.Marshal(e)
		require.NoError(t, err)
		lines = append(lines, s.plain(e.EventKind()+" "+string(raw)))
	}
	return lines
}

var (
	longHash = regexp.MustCompile(`[0-9a-f]{64}`)
	longCID  = regexp.MustCompile(`baf[a-z2-7]{56}`)
	zeroHash = strings.Repeat("0", 64)
)

// plain replaces accounts by their names and shortens hashes.
func (s *sim) plain(line string) string {
	for i, name := range s.names {
		line = strings.ReplaceAll(line, string(s.accounts[i]), name)
	}
	line = strings.ReplaceAll(line, `"task":"`+s.id+`",`, "")
	line = strings.ReplaceAll(line, s.id, "TASK")
	line = strings.ReplaceAll(line, s.projects, "PROJECT")
	line = strings.ReplaceAll(line, zeroHash, "0")
	line = longHash.ReplaceAllStringFunc(line, func(h string) string { return h[:8] })
	return longCID.ReplaceAllStringFunc(line, func(c string) string { return c[:4] + "…" + c[53:] })
}

// show prints who has what.
func (s *sim) show() []string {
	t := s.state()
	lines := []string{fmt.Sprintf("%s escrow %s, budget %s, treasury %s", t.State, t.Escrow.Total(),
		load(s.kv, keyBudget(s.projects)), load(s.kv, keyTreasury()))}
	for i, name := range s.names {
		account := s.accounts[i]
		line := name + ": balance " + load(s.kv, keyBalance(account)).String()
		for _, role := range ledger.Roles() {
			if stake := load(s.kv, keyStake(role, account)); stake > 0 {
				line += fmt.Sprintf(", %s %s (locked %s)", role, stake, locked(s.kv, account, role))
			}
		}
		lines = append(lines, line)
	}
	return lines
}
