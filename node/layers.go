package node

import (
	"context"
	"errors"
	"fmt"

	"autonet/node/api"
	"autonet/node/life"
	"autonet/node/lightnet"
)

// layers lists what runs, from the bottom up. Ingress stops first, stores close last.
func (n *Node) layers(o StartOptions) ([]life.Layer, error) {
	if err := n.joinTopics(); err != nil {
		return nil, err
	}
	rec, err := openRecord(o.Record, n.feed)
	if err != nil {
		return nil, err
	}
	ac := api.DefaultConfig(n.home.Dir())
	ac.Listen, ac.Version = n.cfg.API.Listen, n.version
	if n.api, err = api.New(ac, n.backend(), n.log); err != nil {
		return nil, errors.Join(err, rec.close())
	}
	n.headers = lightnet.Serve(n.host, n.network, n.engine, n.log)
	return []life.Layer{
		{Name: "store", Services: rec.services(), Close: func() error { return errors.Join(rec.close(), n.closeStore()) }},
		{Name: "network", Services: []life.Service{
			{Name: "dht", Run: n.dht.Run},
			{Name: "discovery", Run: n.disc.Run},
			{Name: "gossip", Run: n.gossip.Run},
		}, Close: n.closeNetwork},
		{Name: "ledger", Services: []life.Service{
			{Name: "engine", Run: n.engine.Run, Ready: n.ledgerReady},
			{Name: "tunnel", Run: n.tunnel.Run},
			{Name: "linker", Run: n.linker().Run},
		}, Close: n.headers.Close},
		{Name: "shards", Services: []life.Service{
			{Name: "exchange", Run: n.exch.Run},
			{Name: "pins", Run: n.pins.Run},
		}},
		{Name: "work", Services: n.workServices()},
		{Name: "api", Services: []life.Service{{Name: "api", Run: n.api.Run, Ready: n.apiReady}}},
	}, nil
}

func (n *Node) workServices() []life.Service {
	out := []life.Service{
		{Name: "lease", Run: n.keeper.Run},
		{Name: "watch", Run: n.watch},
		{Name: "flow", Run: n.follow},
		{Name: "newcomer", Run: n.settleIn},
		{Name: "enlist", Run: n.enlist},
	}
	for i, r := range n.runners {
		out = append(out, life.Service{Name: fmt.Sprintf("role-%d", i), Run: r.Run})
	}
	if n.provider != nil {
		out = append(out, life.Service{Name: "provider", Run: n.provider.Run})
	}
	if n.governor != nil {
		out = append(out, life.Service{Name: "governor", Run: n.governor.Run})
	}
	return out
}

func (n *Node) linker() *linker {
	return &linker{host: n.host, tunnel: n.tunnel, engine: n.engine, member: genesisProtocol(n.network), log: n.log}
}

func (n *Node) ledgerReady(ctx context.Context) error {
	select {
	case <-n.engine.Ready():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (n *Node) apiReady(ctx context.Context) error {
	select {
	case <-n.api.Ready():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
