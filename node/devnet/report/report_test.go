package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/devnet/report"
)

var update = flag.Bool("update", false, "write golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func sample() report.Report {
	return report.Report{
		Network: "devnet-7f", Seconds: 84.25,
		Nodes: []report.Node{
			{Name: "proposer-1", Role: "proposer", PeerID: "12D3KooWProposerAAAA", PID: 11, RSSMiB: 180},
			{Name: "solver-1", Role: "solver", PeerID: "12D3KooWSolverBBBB", PID: 12, RSSMiB: 240},
			{Name: "solver-2", Role: "solver", PeerID: "12D3KooWSolverCCCC", PID: 13, Byzantine: true, RSSMiB: 241},
			{Name: "coordinator-1", Role: "coordinator", PeerID: "12D3KooWCoordDDDD", PID: 14, RSSMiB: 199},
		},
		Rounds: []report.Round{
			{Round: 1, Solutions: 2, Accepted: 1, Rejected: 1, AccuracyBefore: 0.0985, AccuracyAfter: 0.9012, ReplayChecked: 12, ReplayMismatch: 1, GossipBytes: 81_000, ShardBytes: 4_200_000, Seconds: 27.5},
			{Round: 2, Solutions: 2, Accepted: 2, AccuracyBefore: 0.9012, AccuracyAfter: 0.942, ReplayChecked: 12, GossipBytes: 80_111, ShardBytes: 4_100_000, Seconds: 25},
		},
		Model:     report.Model{CID: "bafymodel", MerkleRoot: "00ff", Parameters: 105_866, Bytes: 423_888, DataShards: 10, ParityShards: 4, Providers: 8},
		Ledger:    report.Ledger{Height: 412, Validators: 4, Heartbeats: 1, SupplyNatn: 1_000_000_000_000_000, Conserved: true, AppHashAgrees: true},
		Rewards:   []report.Reward{{Account: "12D3KooWSolverBBBB", Role: "solver", EarnedNatn: 12_500_000_000}, {Account: "12D3KooWSolverCCCC", Role: "solver", SlashedNatn: 25_000_000_000}},
		Cheats:    []report.Cheat{{Account: "12D3KooWSolverCCCC", Kind: "skipped-steps", Caught: true, How: "replay mismatch at step 41, judged by 3 validators"}},
		Killed:    []report.Killed{{Name: "coordinator-1", Role: "coordinator", Recovered: true}},
		Inference: report.Inference{Requests: 64, Correct: 61},
	}
}

func TestReportForPeople(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, sample().Text(&b))
	golden(t, "report.txt", b.Bytes())
}

func TestReportForMachines(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, sample().JSON(&b))
	golden(t, "report.json", b.Bytes())
}

func TestReportHasThePublishedFieldsAndNoOther(t *testing.T) {
	published := map[string]string{
		"":          "network seconds nodes rounds model ledger rewards cheats killed inference",
		"nodes":     "name role peer_id pid byzantine rss_mib",
		"rounds":    "round solutions accepted rejected traps_sealed traps_caught traps_missed accuracy_before accuracy_after replay_checked replay_mismatch gossip_bytes shard_bytes seconds",
		"model":     "cid merkle_root parameters bytes data_shards parity_shards providers",
		"ledger":    "height validators heartbeats supply_natn conserved app_hash_agrees",
		"rewards":   "account role earned_natn slashed_natn",
		"cheats":    "account kind caught how",
		"killed":    "name role recovered",
		"inference": "requests correct",
	}
	fields := func(t reflect.Type) (names []string) {
		for f := range t.Fields() {
			names = append(names, f.Tag.Get("json"))
		}
		return names
	}
	top := reflect.TypeFor[report.Report]()
	require.Equal(t, strings.Fields(published[""]), fields(top))
	for f := range top.Fields() {
		ft := f.Type
		if ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct {
			require.Equal(t, strings.Fields(published[f.Tag.Get("json")]), fields(ft), f.Name)
		}
	}
}

func TestEmptyListsAreNotNull(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, report.Report{}.JSON(&b))
	var m map[string]any
	require.NoError(t, json.Unmarshal(b.Bytes(), &m))
	for _, list := range []string{"nodes", "rounds", "rewards", "cheats", "killed"} {
		require.NotNil(t, m[list], list)
	}
}

func TestBrokenPromisesAreProblems(t *testing.T) {
	require.Empty(t, sample().Problems())
	r := sample()
	r.Ledger.Conserved, r.Ledger.AppHashAgrees = false, false
	r.Cheats[0].Caught, r.Killed[0].Recovered = false, false
	require.Equal(t, []string{
		"money is not conserved on every node", "the nodes do not agree on the ledger's state",
		"skipped-steps by …lverCCCC was not caught", "coordinator-1 did not recover from its kill",
	}, r.Problems())
	var b bytes.Buffer
	require.NoError(t, r.Text(&b))
	require.Equal(t, 4, strings.Count(b.String(), "PROBLEM: "))
}

func TestOptionsAreChecked(t *testing.T) {
	require.NoError(t, report.DefaultOptions().Validate())
	for name, c := range map[string]struct {
		edit func(*report.Options)
		want string
	}{
		"too few nodes":    {func(o *report.Options) { o.Nodes = 3 }, "--nodes 3"},
		"too many nodes":   {func(o *report.Options) { o.Nodes = 65 }, "--nodes 65"},
		"no rounds":        {func(o *report.Options) { o.Rounds = 0 }, "--rounds 0"},
		"all byzantine":    {func(o *report.Options) { o.Byzantine = 5 }, "--byzantine 5"},
		"negative kill":    {func(o *report.Options) { o.Kill = -1 }, "--kill -1"},
		"negative threads": {func(o *report.Options) { o.Threads = -1 }, "--threads -1"},
		"unknown cheat":    {func(o *report.Options) { o.Byzantine, o.Cheats = 1, []string{"lying"} }, `--cheat "lying"`},
		"cheat of nobody":  {func(o *report.Options) { o.Cheats = []string{"garbage-update"} }, "--byzantine"},
	} {
		t.Run(name, func(t *testing.T) {
			o := report.DefaultOptions()
			c.edit(&o)
			require.ErrorContains(t, o.Validate(), c.want)
		})
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestUnwritableReportIsAnError(t *testing.T) {
	require.Error(t, sample().Text(full{}))
	require.Error(t, sample().JSON(full{}))
}
