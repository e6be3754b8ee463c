package node

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"autonet/ledger/abci"
	"autonet/ledger/light"
	"autonet/node/api"
	"autonet/node/life"
	"autonet/node/lightnet"
	"autonet/p2p/gossip"
)

const (
	// lightEvery is how often a light node asks for newer headers when gossip brings none.
	lightEvery = 5 * time.Second
	// lightPause is the least time between two gossiped headers that a light node goes on to.
	lightPause = 500 * time.Millisecond
	// lightFresh is how old the trusted header may be for a read.
	lightFresh = 2 * time.Second
	// unbonding validators can be punished as long as they are trusted: two thirds of their time leave room to do it.
	trustNumerator, trustDenominator = 2, 3
)

// lightNode follows the ledger by its headers.
type lightNode struct {
	n      *Node
	client *light.Client
	fresh  chan lightHeader // the newest gossiped header
}

type lightHeader struct {
	raw  []byte
	from string
}

// assembleLight makes the parts of a light node, from the bottom up.
func (n *Node) assembleLight(o StartOptions) ([]life.Layer, error) {
	for _, make := range []func() error{n.makeEvents, n.makeNetwork} {
		if err := make(); err != nil {
			return nil, err
		}
	}
	l, err := n.newLight(o.Trust)
	if err != nil {
		return nil, err
	}
	if n.topics.block, err = n.gossip.Join(topicBlock, gossip.TopicSpec{MaxBytes: maxBlock, Validate: l.check, Handle: l.take}); err != nil {
		return nil, err
	}
	rec, err := openRecord(o.Record, n.feed)
	if err != nil {
		return nil, err
	}
	ac := api.DefaultConfig(n.home.Dir())
	ac.Listen, ac.Version = n.cfg.API.Listen, n.version
	backend := api.Backend{Light: true, Node: lightNodeBackend{nodeBackend{n}, l}, Ledger: lightLedgerBackend{l}, Proofs: lightProofBackend{l}, Events: n.feed}
	if n.api, err = api.New(ac, backend, n.log); err != nil {
		return nil, errors.Join(err, rec.close())
	}
	return []life.Layer{
		{Name: "record", Services: rec.services(), Close: rec.close},
		{Name: "network", Services: []life.Service{
			{Name: "dht", Run: n.dht.Run},
			{Name: "discovery", Run: n.disc.Run},
			{Name: "gossip", Run: n.gossip.Run},
		}, Close: n.closeNetwork},
		{Name: "light", Services: []life.Service{{Name: "light", Run: l.follow}}},
		{Name: "api", Services: []life.Service{{Name: "api", Run: n.api.Run, Ready: n.apiReady}}},
	}, nil
}

func (n *Node) newLight(root []byte) (*lightNode, error) {
	founders, begins, err := abci.LightRoot(n.home.Genesis())
	if err != nil {
		return nil, err
	}
	peers := lightnet.NewClient(n.host, n.network, genesisProtocol(n.network))
	unbonding := time.Duration(n.params.Validator.UnbondMS) * time.Millisecond
	cfg := light.Config{
		Network: n.network, GenesisTime: begins, Period: unbonding / trustDenominator * trustNumerator, File: n.home.Light(),
		Root: root, Sources: peers.Sources, Log: n.log,
	}
	for _, v := range founders {
		cfg.Validators = append(cfg.Validators, light.Validator{Key: v.Key, Power: v.Power})
	}
	client, err := light.New(cfg)
	return &lightNode{n: n, client: client, fresh: make(chan lightHeader, 1)}, err
}

// follow goes on to newer headers until ctx ends: those that gossip brings, and now and then what peers are asked for.
func (l *lightNode) follow(ctx context.Context) error {
	tick := time.NewTicker(lightEvery)
	defer tick.Stop()
	l.update(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			l.update(ctx)
		case h := <-l.fresh:
			if err := l.client.Take(ctx, h.raw, h.from); err != nil && ctx.Err() == nil {
				l.n.log.InfoContext(ctx, "gossiped header not taken", slog.Any("error", err))
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(lightPause):
			}
		}
	}
}

func (l *lightNode) update(ctx context.Context) {
	if err := l.client.Update(ctx); err != nil && ctx.Err() == nil {
		l.n.log.InfoContext(ctx, "no newer header", slog.Any("error", err))
	}
}

// check accepts a header that follows from the trusted one, and leaves the rest to those who can tell.
func (l *lightNode) check(_ context.Context, m gossip.Message) gossip.Verdict {
	var b blockNote
	if err := decode(m.Payload, &b); err != nil {
		return gossip.Reject.Because(err.Error())
	}
	if b.Height < 1 || len(b.Light) == 0 {
		return gossip.Reject.Because("no block")
	}
	if err := l.client.Check(b.Light); err != nil {
		return gossip.Ignore.Because("it does not follow from the trusted header by itself")
	}
	return gossip.Accept
}

// take keeps the newest header for follow.
func (l *lightNode) take(_ context.Context, m gossip.Message) {
	var b blockNote
	if decode(m.Payload, &b) != nil {
		return
	}
	select {
	case <-l.fresh:
	default:
	}
	select {
	case l.fresh <- lightHeader{raw: b.Light, from: m.Signer.String()}:
	default:
	}
}

// newest brings the trusted header up to date for a read.
func (l *lightNode) newest(ctx context.Context) error {
	s := l.client.Status()
	if s.Conflict == "" && time.Since(time.UnixMilli(s.TimeMS)) < lightFresh && s.Height > 1 {
		return nil
	}
	return l.client.Update(ctx)
}
