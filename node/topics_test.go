package node_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/heartbeat"
	"autonet/ledger/ledgertest"
	"autonet/node"
	"autonet/p2p/gossip"
	"autonet/shards/manifest"
	"autonet/shards/pin"
	"autonet/work/engine"
)

type check = func(context.Context, gossip.Message) gossip.Verdict

// verdict is the bare word of a check's answer.
func verdict(t *testing.T, c check, from int, payload []byte) string {
	t.Helper()
	v := c(t.Context(), gossip.Message{Signer: peerOf(t, from), Payload: payload})
	for _, word := range []gossip.Verdict{gossip.Accept, gossip.Ignore, gossip.Reject} {
		if v == word || v == word.Because(v.Reason()) {
			return string(word)
		}
	}
	require.FailNow(t, "no verdict", "%q", v)
	return ""
}

const (
	accept = string(gossip.Accept)
	ignore = string(gossip.Ignore)
	reject = string(gossip.Reject)
)

// signed is the citizen's message in a network.
func signed(tb testing.TB, network string, m ledger.Msg) []byte {
	tb.Helper()
	raw, err := ledger.SignTx(ledgertest.Key(soloCitizen), network, 7, m)
	require.NoError(tb, err)
	return raw
}

func encoded(tb testing.TB, v any) []byte {
	tb.Helper()
	raw, err := node.Encode(v)
	require.NoError(tb, err)
	return raw
}

// manifestCID is the CID of some file.
func manifestCID() string { return manifest.CIDOf([]byte("a manifest")).String() }

func spec(tb testing.TB) []byte {
	tb.Helper()
	c := manifestCID()
	raw, err := engine.EncodeSpec(engine.Spec{
		Trainer: engine.TrainerNative, Model: "simplenet", Steps: 4, Interval: 2, Batch: 2, Slots: 1, Replay: 1,
		LearningRateMicro: 1000, MomentumMicro: 1000, Rule: "fedavg", BaseModel: c, TrainImages: c, TrainLabels: c,
	})
	require.NoError(tb, err)
	return raw
}

func taskID() string { return ledger.TaskID(soloNetwork, ledgertest.Account(1), 1) }

func pulse() heartbeat.Pulse {
	return heartbeat.Pulse{Interval: 1, BlockHeight: 1, BlockHash: ledger.Hash{1}}
}

func TestTransactionsOfOthersAreForwardedIfTheyCanEverBeValid(t *testing.T) {
	c := node.Checks(soloNetwork, engineOf(t))["tx"]
	whole := signed(t, soloNetwork, penny())
	require.Equal(t, accept, verdict(t, c, soloProposer, whole), "whoever forwards it, its sender signed it")
	require.Equal(t, reject, verdict(t, c, soloCitizen, signed(t, "other", penny())), "of another network")
	for name, raw := range map[string][]byte{
		"nothing":        nil,
		"noise":          []byte("noise"),
		"cut off":        whole[:len(whole)-1],
		"trailing bytes": append(bytes.Clone(whole), 0),
	} {
		require.Equal(t, reject, verdict(t, c, soloCitizen, raw), name)
	}
	for i := range whole { // no bit is without meaning
		bad := bytes.Clone(whole)
		bad[i] ^= 1
		require.Equal(t, reject, verdict(t, c, soloCitizen, bad), "byte %d", i)
	}
}

func TestPulsesAreTheirGovernorsOwn(t *testing.T) {
	c := node.Checks(soloNetwork, engineOf(t))["pulse"]
	mine := signed(t, soloNetwork, pulse())
	require.Equal(t, accept, verdict(t, c, soloCitizen, mine))
	require.Equal(t, reject, verdict(t, c, soloProposer, mine), "somebody else's")
	require.Equal(t, reject, verdict(t, c, soloCitizen, signed(t, soloNetwork, penny())), "not a pulse")
	require.Equal(t, reject, verdict(t, c, soloCitizen, signed(t, "other", pulse())))
	require.Equal(t, reject, verdict(t, c, soloCitizen, []byte("noise")))
}

func TestColumnsNameAManifest(t *testing.T) {
	c := node.Checks(soloNetwork, engineOf(t))["shard"]
	good := pin.Announcement{Manifest: manifestCID(), Columns: []uint16{0, 3}}
	require.Equal(t, accept, verdict(t, c, soloCitizen, encoded(t, good)))
	for name, bad := range map[string]pin.Announcement{
		"no manifest":  {Columns: []uint16{1}},
		"no CID":       {Manifest: "bafkfoo", Columns: []uint16{1}},
		"too long":     {Manifest: strings.Repeat("b", 4000), Columns: []uint16{1}},
		"out of order": {Manifest: good.Manifest, Columns: []uint16{3, 0}},
		"twice":        {Manifest: good.Manifest, Columns: []uint16{3, 3}},
		"too many":     {Manifest: good.Manifest, Columns: make([]uint16, 300)},
	} {
		require.Equal(t, reject, verdict(t, c, soloCitizen, encoded(t, bad)), name)
	}
	require.Equal(t, reject, verdict(t, c, soloCitizen, append(encoded(t, good), 0)), "trailing bytes")
}

func TestAnnouncementsThatCanNeverHoldAreRejectedAndTheRestWaitsForALedger(t *testing.T) {
	c := node.Checks(soloNetwork, engineOf(t))["task"]
	good := node.Announcement{Task: taskID(), Spec: spec(t), CID: manifestCID()}
	require.Equal(t, ignore, verdict(t, c, soloProposer, encoded(t, good)), "the ledger does not run yet")
	for name, change := range map[string]func(*node.Announcement){
		"no task":        func(a *node.Announcement) { a.Task = "" },
		"no task's name": func(a *node.Announcement) { a.Task = strings.ToUpper(a.Task) },
		"long CID":       func(a *node.Announcement) { a.CID = strings.Repeat("b", 4000) },
		"no spec":        func(a *node.Announcement) { a.Spec = nil },
		"broken spec":    func(a *node.Announcement) { a.Spec = a.Spec[1:] },
		"spec and more":  func(a *node.Announcement) { a.Spec = append(bytes.Clone(a.Spec), 0) },
	} {
		bad := good
		change(&bad)
		require.Equal(t, reject, verdict(t, c, soloProposer, encoded(t, bad)), name)
	}
}

func TestWithALedgerAnnouncementsNeedStakeAndBlocksMustAgree(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a ledger")
	}
	e := engineOf(t)
	run(t, e)
	c := node.Checks(soloNetwork, e)
	announced := encoded(t, node.Announcement{Task: taskID(), Spec: spec(t), CID: manifestCID()})
	require.Equal(t, accept, verdict(t, c["task"], soloProposer, announced))
	require.Equal(t, ignore, verdict(t, c["task"], soloCitizen, announced))

	b, err := e.Block(1)
	require.NoError(t, err)
	light, err := e.LightBlock(1)
	require.NoError(t, err)
	note := node.BlockNote{Height: 1, Hash: b.Hash, Light: light}
	say := func(n node.BlockNote) string { return verdict(t, c["block"], soloCitizen, encoded(t, n)) }
	require.Equal(t, accept, say(note))
	require.Equal(t, ignore, say(node.BlockNote{Height: 1 << 40, Hash: b.Hash, Light: light}), "not known yet")
	require.Equal(t, reject, say(node.BlockNote{Height: 1, Hash: ledger.Hash{1}, Light: light}), "another block")
	require.Equal(t, reject, say(node.BlockNote{Height: 0, Hash: b.Hash, Light: light}))
	require.Equal(t, reject, say(node.BlockNote{Height: -5, Hash: b.Hash, Light: light}))
	require.Equal(t, reject, say(node.BlockNote{Height: 1, Hash: b.Hash}), "without a block")
	require.Equal(t, ignore, say(node.BlockNote{Height: 1, Hash: b.Hash, Light: []byte("another block")}), "what this node would not send")
}

func TestGossipIsReadOnlyAsItIsWritten(t *testing.T) {
	good := encoded(t, pin.Announcement{Manifest: "m", Columns: []uint16{1}})
	var a pin.Announcement
	require.NoError(t, node.Decode(good, &a))
	require.Equal(t, []byte("\xa2\x67columns\x81\x01\x68manifest\x61m"), good, "the shortest keys come first")
	for name, raw := range map[string]string{
		"trailing bytes":    string(good) + "\x00",
		"unknown field":     "\xa3\x61x\x01\x67columns\x81\x01\x68manifest\x61m",
		"field twice":       "\xa3\x67columns\x81\x01\x67columns\x81\x01\x68manifest\x61m",
		"other order":       "\xa2\x68manifest\x61m\x67columns\x81\x01",
		"long number":       "\xa2\x67columns\x81\x18\x01\x68manifest\x61m",
		"indefinite list":   "\xa2\x67columns\x9f\x01\xff\x68manifest\x61m",
		"a tag":             "\xa2\x67columns\x81\x01\x68manifest\xc1\x61m",
		"missing field":     "\xa1\x68manifest\x61m",
		"huge list claimed": "\xa2\x67columns\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
		"not a map":         "\x01",
		"nothing":           "",
	} {
		require.Error(t, node.Decode([]byte(raw), &a), name)
	}
}

func TestPayloadsAreShownToPeopleWhateverTheyAre(t *testing.T) {
	kind, task, content := node.Describe("tx", signed(t, soloNetwork, penny()))
	require.Equal(t, "bank/send", kind)
	require.Empty(t, task)
	require.Contains(t, content, "sender")
	kind, task, _ = node.Describe("task", encoded(t, node.Announcement{Task: taskID(), Spec: spec(t)}))
	require.Equal(t, "task/announced", kind)
	require.Equal(t, taskID(), task)
	kind, _, content = node.Describe("tx", []byte("noise"))
	require.Empty(t, kind)
	require.Equal(t, "6e6f697365", content)
	_, _, content = node.Describe("unheard-of", bytes.Repeat([]byte{1}, 1<<16))
	require.Len(t, content, 512, "and briefly")
}

func FuzzGossipChecks(f *testing.F) {
	for _, raw := range [][]byte{
		signed(f, soloNetwork, penny()), signed(f, soloNetwork, pulse()),
		encoded(f, node.Announcement{Task: taskID(), Spec: spec(f), CID: manifestCID()}),
		encoded(f, node.BlockNote{Height: 1, Hash: ledger.Hash{1}, Light: []byte{1}}),
		encoded(f, pin.Announcement{Manifest: manifestCID(), Columns: []uint16{1, 2}}),
	} {
		f.Add(raw)
	}
	checks := node.Checks(soloNetwork, engineOf(f))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for name, c := range checks {
			verdict(t, c, soloCitizen, raw)
			node.Describe(name, raw)
		}
		var a node.Announcement
		if node.Decode(raw, &a) == nil {
			require.Equal(t, raw, encoded(t, a), "what is accepted has one form")
		}
	})
}
