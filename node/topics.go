package node

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/heartbeat"
	"autonet/node/api/types"
	"autonet/p2p/gossip"
	"autonet/shards/pin"
	"autonet/work/engine"
)

// Gossip topics of PROTOCOL §11.
const (
	topicTx    = "tx"
	topicTask  = "task"
	topicBlock = "block"
	topicPulse = "pulse"
	topicShard = "shard"
)

// Bounds of gossip payloads, in bytes.
const (
	maxAnnouncement = 16 << 10
	maxBlock        = 96 << 10
	maxColumns      = 4 << 10
	maxManifestText = 128
)

// earlyFetch bounds the fetching of what an announcement names; the ledger's task brings the next try.
const earlyFetch = 2 * time.Minute

type topics struct{ tx, task, block, pulse, shard *gossip.Topic }

// announcement tells solvers of a task before the ledger has it, so that they can fetch what it needs.
type announcement struct {
	Task string `cbor:"task" json:"task"`
	Spec []byte `cbor:"spec" json:"-"` // the whole document
	CID  string `cbor:"cid" json:"cid"`
}

// blockNote carries a light block to followers.
type blockNote struct {
	Height int64       `cbor:"height" json:"height"`
	Hash   ledger.Hash `cbor:"hash" json:"hash"`
	Light  []byte      `cbor:"light" json:"-"` // CometBFT LightBlock, protobuf
}

// joinTopics subscribes to every topic with its check and its destination.
func (n *Node) joinTopics() error {
	for _, t := range []struct {
		name string
		at   **gossip.Topic
		spec gossip.TopicSpec
	}{
		{topicTx, &n.topics.tx, gossip.TopicSpec{Raw: true, MaxBytes: ledger.MaxTxBytes, Validate: n.checkTx, Handle: n.takeTx, Rate: 256, Burst: 1024}},
		{topicPulse, &n.topics.pulse, gossip.TopicSpec{MaxBytes: maxAnnouncement, Validate: n.checkPulse, Handle: n.takeTx}},
		{topicTask, &n.topics.task, gossip.TopicSpec{MaxBytes: maxAnnouncement, Validate: n.checkTask, Handle: n.takeTask}},
		{topicBlock, &n.topics.block, gossip.TopicSpec{MaxBytes: maxBlock, Validate: n.checkBlock}},
		{topicShard, &n.topics.shard, gossip.TopicSpec{MaxBytes: maxColumns, Validate: checkColumns, Handle: n.takeColumns, Rate: 128, Burst: 1024}},
	} {
		var err error
		if *t.at, err = n.gossip.Join(t.name, t.spec); err != nil {
			return err
		}
	}
	return nil
}

// checkTx accepts any transaction that is well formed, of this network and signed. Whether its time has come is the
// mempool's question.
func (n *Node) checkTx(_ context.Context, m gossip.Message) gossip.Verdict {
	_, _, err := n.verifiedTx(m.Payload)
	if err != nil {
		return gossip.Reject.Because(err.Error())
	}
	return gossip.Accept
}

func (n *Node) verifiedTx(raw []byte) (ledger.Tx, ledger.Body, error) {
	tx, body, err := ledger.DecodeTx(raw)
	if err != nil {
		return tx, body, err
	}
	return tx, body, ledger.VerifyTx(tx, body, n.network)
}

// checkPulse accepts a governor's own signed pulse.
func (n *Node) checkPulse(_ context.Context, m gossip.Message) gossip.Verdict {
	tx, body, err := n.verifiedTx(m.Payload)
	switch {
	case err != nil:
		return gossip.Reject.Because(err.Error())
	case body.Kind != (heartbeat.Pulse{}).Kind():
		return gossip.Reject.Because("not a pulse")
	case string(tx.Sender()) != m.Signer.String():
		return gossip.Reject.Because("somebody else's pulse")
	default:
		return gossip.Accept
	}
}

// takeTx hands a transaction to the mempool, which refuses what it knows or what came too late.
func (n *Node) takeTx(ctx context.Context, m gossip.Message) {
	if _, err := n.engine.Submit(ctx, m.Payload); err != nil && ctx.Err() == nil {
		n.log.DebugContext(ctx, "gossiped transaction not taken", slog.Any("error", err))
	}
}

// readTask decodes an announcement with the spec in it.
func readTask(payload []byte) (announcement, engine.Spec, error) {
	var a announcement
	if err := decode(payload, &a); err != nil {
		return a, engine.Spec{}, err
	}
	if !ledger.ValidID(a.Task) || len(a.CID) > maxManifestText {
		return a, engine.Spec{}, errors.New("task or CID out of bounds")
	}
	spec, err := engine.DecodeSpec(a.Spec)
	return a, spec, err
}

// checkTask accepts what a proposer with stake announces. Fetching what a task needs is work that nobody should be able
// to cause for nothing.
func (n *Node) checkTask(_ context.Context, m gossip.Message) gossip.Verdict {
	if _, _, err := readTask(m.Payload); err != nil {
		return gossip.Reject.Because(err.Error())
	}
	staked := false
	if err := n.engine.View(func(v app.View) error {
		staked = v.IsActive(ledger.Account(m.Signer.String()), ledger.RoleProposer)
		return nil
	}); err != nil || !staked {
		return gossip.Ignore.Because("announced by nobody with a proposer's stake")
	}
	return gossip.Accept
}

// takeTask lets solvers and coordinators fetch model and data early.
func (n *Node) takeTask(ctx context.Context, m gossip.Message) {
	if !n.cfg.Has("solver") && !n.cfg.Has("coordinator") {
		return
	}
	a, spec, err := readTask(m.Payload)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, earlyFetch)
	defer cancel()
	if _, err := n.stuff.LoadSpec(ctx, spec); err != nil && ctx.Err() == nil {
		n.log.InfoContext(ctx, "announced task not fetched yet", slog.String("task", a.Task), slog.Any("error", err))
	}
}

// checkBlock accepts a block this node has too, rejects one that contradicts it, and leaves the rest to others.
func (n *Node) checkBlock(_ context.Context, m gossip.Message) gossip.Verdict {
	var b blockNote
	if err := decode(m.Payload, &b); err != nil {
		return gossip.Reject.Because(err.Error())
	}
	if b.Height < 1 || len(b.Light) == 0 {
		return gossip.Reject.Because("no block")
	}
	info, err := n.engine.Block(b.Height)
	switch {
	case err != nil:
		return gossip.Ignore.Because("a block this node does not have yet")
	case info.Hash != b.Hash:
		return gossip.Reject.Because("another block at a height that is decided")
	}
	if mine, err := n.engine.LightBlock(b.Height); err != nil || !bytes.Equal(mine, b.Light) {
		return gossip.Ignore.Because("not as this node knows the block")
	}
	return gossip.Accept
}

func checkColumns(_ context.Context, m gossip.Message) gossip.Verdict {
	var a pin.Announcement
	if err := decode(m.Payload, &a); err != nil {
		return gossip.Reject.Because(err.Error())
	}
	if _, err := pin.ParseAnnouncement(a); err != nil {
		return gossip.Reject.Because(err.Error())
	}
	return gossip.Accept
}

func (n *Node) takeColumns(_ context.Context, m gossip.Message) {
	var a pin.Announcement
	if decode(m.Payload, &a) == nil {
		n.pins.HandleAnnouncement(m.Signer, a)
	}
}

// announceColumns is the shard service's way to gossip.
func (n *Node) announceColumns(ctx context.Context, a pin.Announcement) error {
	return publish(ctx, n.topics.shard, a)
}

// announceTask tells solvers what a task will need.
func (n *Node) announceTask(ctx context.Context, id, cid string, spec []byte) error {
	return publish(ctx, n.topics.task, announcement{Task: id, Spec: spec, CID: cid})
}

// spreadTx spreads an own transaction: a pulse on its topic, anything else from outside consensus on tx.
func (n *Node) spreadTx(ctx context.Context, kind string, raw []byte) {
	topic := n.topics.tx
	switch {
	case kind == (heartbeat.Pulse{}).Kind():
		topic = n.topics.pulse
	case n.engine.Status().IsValidator:
		return // its mempool is where transactions have to go
	}
	if err := topic.Publish(ctx, raw); err != nil && ctx.Err() == nil {
		n.log.InfoContext(ctx, "transaction not gossiped; it goes through the mempool alone", slog.String("kind", kind), slog.Any("error", err))
	}
}

// gossipBlock tells followers of the newest block, if this node proposed it.
func (n *Node) gossipBlock(ctx context.Context) {
	st := n.engine.Status()
	if !st.IsValidator || st.Height < 2 {
		return
	}
	height := st.Height - 1 // the commit of the newest block is known with the next one
	info, err := n.engine.Block(height)
	if err != nil || info.Proposer != n.consensusAddress() {
		return
	}
	light, err := n.engine.LightBlock(height)
	if err == nil {
		err = publish(ctx, n.topics.block, blockNote{Height: height, Hash: info.Hash, Light: light})
	}
	if err != nil && ctx.Err() == nil {
		n.log.DebugContext(ctx, "block not gossiped", slog.Any("error", err))
	}
}

func publish(ctx context.Context, t *gossip.Topic, v any) error {
	raw, err := encode(v)
	if err != nil {
		return err
	}
	return t.Publish(ctx, raw)
}

// observe puts every gossip message with its verdict into the event stream.
func (n *Node) observe(r gossip.Record) {
	e := types.Event{
		Time: r.Time, Source: types.SourceGossip, Topic: r.Topic, Kind: "gossip/" + r.Topic, Peer: r.From.String(),
		Verdict: r.Verdict, Size: r.Size, Summary: r.Reason,
	}
	if r.Signer != "" {
		e.Signer = r.Signer.String()
	}
	kind, task, data := describe(r.Topic, r.Payload)
	if kind != "" {
		e.Kind = kind
	}
	e.Task, e.Data = task, asJSON(map[string]any{"id": r.ID, "content": data})
	n.feed.Publish(e)
}

// describe decodes a payload for people; what cannot be decoded is shown as bytes.
func describe(topic string, payload []byte) (kind, task string, content any) {
	switch topic {
	case topicTx, topicPulse:
		tx, body, err := ledger.DecodeTx(payload)
		if err != nil {
			break
		}
		var msg map[string]any
		if err := cbor.Unmarshal(body.Msg, &msg); err != nil {
			break
		}
		if id, ok := msg["task"].(string); ok {
			task = id
		}
		return body.Kind, task, map[string]any{"sender": tx.Sender(), "nonce": body.Nonce, "kind": body.Kind, "message": readable(msg)}
	case topicTask:
		var a announcement
		if decode(payload, &a) == nil {
			return "task/announced", a.Task, a
		}
	case topicBlock:
		var b blockNote
		if decode(payload, &b) == nil {
			return "block/light", "", b
		}
	case topicShard:
		var a pin.Announcement
		if decode(payload, &a) == nil {
			return "shard/landed", "", map[string]any{"manifest": a.Manifest, "columns": a.Columns}
		}
	}
	return "", "", hex.EncodeToString(payload[:min(len(payload), 256)])
}

// readable turns byte strings into hex, which JSON can carry.
func readable(v any) any {
	switch v := v.(type) {
	case []byte:
		if len(v) > 64 {
			return fmt.Sprintf("%d bytes: %s…", len(v), hex.EncodeToString(v[:32]))
		}
		return hex.EncodeToString(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[k] = readable(x)
		}
		return out
	case map[any]any:
		out := make(map[string]any, len(v))
		for k, x := range v {
			out[fmt.Sprint(k)] = readable(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = readable(x)
		}
		return out
	default:
		return v
	}
}

// errTrailing says that bytes follow a gossip message.
var errTrailing = errors.New("not deterministic CBOR")

func encode(v any) ([]byte, error) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(v)
}

// decode reads deterministic CBOR strictly: what would be written differently is refused.
func decode(raw []byte, v any) error {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, MaxArrayElements: 4096, MaxMapPairs: 64, MaxNestedLevels: 8,
	}.DecMode()
	if err != nil {
		return err
	}
	if err := mode.Unmarshal(raw, v); err != nil {
		return err
	}
	again, err := encode(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(raw, again) {
		return errTrailing
	}
	return nil
}

// since is a duration in milliseconds for people's eyes.
func since(t time.Time) int64 { return time.Since(t).Milliseconds() }

// all lists the topics the node is in.
func (t topics) all() []*gossip.Topic {
	return slices.DeleteFunc([]*gossip.Topic{t.tx, t.task, t.block, t.pulse, t.shard}, func(x *gossip.Topic) bool { return x == nil })
}
