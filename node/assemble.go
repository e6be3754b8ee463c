package node

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	lphost "github.com/libp2p/go-libp2p/core/host"

	"autonet/consensus/lease"
	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/node/api"
	"autonet/node/api/feed"
	"autonet/node/config"
	"autonet/node/home"
	"autonet/node/journal"
	"autonet/node/life"
	"autonet/node/lightnet"
	"autonet/node/roles"
	"autonet/p2p/dht"
	"autonet/p2p/discovery"
	"autonet/p2p/gossip"
	"autonet/p2p/host"
	"autonet/p2p/tunnel"
	"autonet/shards/exchange"
	"autonet/shards/pin"
	"autonet/shards/store"
	"autonet/work/engine"
)

// StartOptions say how a node runs.
type StartOptions struct {
	Home string
	// Version is told to peers and users; 1 to 64 characters.
	Version string
	// Log receives the node's log as text; nil discards it.
	Log io.Writer
	// Record is the file that receives every event as NDJSON; empty is none.
	Record string
	// Light follows the ledger by its headers alone, whatever the configuration says.
	Light bool
	// Trust is an exported header that a light node is to trust; empty is none.
	Trust []byte
	// Started is called once everything answers; nil is allowed.
	Started func(Endpoint)
}

// Endpoint says where a started node can be found.
type Endpoint struct {
	PeerID, Network, API string
	Addrs                []string
}

// Node is one peer, assembled and not started.
type Node struct {
	home    home.Home
	cfg     config.Config
	version string
	log     *slog.Logger
	began   time.Time

	key     crypto.PrivKey
	account ledger.Account
	network string
	genesis string // hash of the genesis file, hex
	consKey []byte // public key that signs blocks
	params  ledger.Params

	store   *store.Store
	host    lphost.Host
	dht     *dht.DHT
	disc    *discovery.Discovery
	gossip  *gossip.Gossip
	topics  topics
	engine  *abci.Engine
	headers *lightnet.Server // for light nodes
	tunnel  *tunnel.Tunnel
	exch    *exchange.Exchange
	pins    *pin.Service
	keeper  *lease.Keeper
	work    *engine.Engine
	journal *journal.Journal
	sender  *sender
	wallets *wallets
	stuff   *roles.Materials
	jobs    *jobs
	feed    *feed.Feed
	tally   *tally
	api     *api.Server

	runners  []*roles.Runner
	proposer *roles.Proposer
	provider *roles.Provider
	governor *roles.Governor

	stop context.CancelCauseFunc
}

// errAsked is the cause of a stop that the owner asked for.
var errAsked = errors.New("the owner asked the node to stop")

// Start runs the node that lives in a home until ctx ends, the owner asks for a stop over the API, or a part fails.
func Start(ctx context.Context, o StartOptions) (err error) {
	h := home.At(o.Home)
	lock, err := h.Acquire()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	n, layers, err := assemble(h, o)
	if err != nil {
		return err
	}
	ctx, n.stop = context.WithCancelCause(ctx)
	defer n.stop(nil)
	return life.Run(ctx, n.log, life.DefaultLimits(), layers, func() {
		if o.Started != nil {
			o.Started(n.endpoint())
		}
	})
}

// assemble makes every part, from the bottom up. On an error what was opened is closed again.
func assemble(h home.Home, o StartOptions) (_ *Node, _ []life.Layer, err error) {
	n := &Node{home: h, version: o.Version, began: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.closeNetwork(), n.closeStore())
		}
	}()
	if err = n.readHome(o.Log); err != nil {
		return nil, nil, err
	}
	if o.Light || n.cfg.Light {
		layers, err := n.assembleLight(o)
		return n, layers, err
	}
	for _, make := range []func() error{n.makeEvents, n.makeStore, n.makeNetwork, n.makeLedger, n.makeShards, n.makeWork} {
		if err = make(); err != nil {
			return nil, nil, err
		}
	}
	layers, err := n.layers(o)
	return n, layers, err
}

// readHome loads configuration, identity and genesis.
func (n *Node) readHome(log io.Writer) error {
	var err error
	if n.cfg, err = config.Load(n.home.Config()); err != nil {
		return err
	}
	if n.log, err = newLog(log, n.cfg.Log.Level); err != nil {
		return err
	}
	if n.key, err = host.LoadOrCreateKey(n.home.Identity()); err != nil {
		return err
	}
	pub, err := n.key.GetPublic().Raw()
	if err != nil {
		return fmt.Errorf("read the public key: %w", err)
	}
	n.account = ledger.AccountFromKey(pub)
	g, _, err := abci.ReadGenesis(n.home.Genesis())
	if err != nil {
		return err
	}
	hash, err := abci.GenesisHash(n.home.Genesis())
	if err != nil {
		return err
	}
	n.network, n.params, n.genesis = g.Network, g.Params, hash.String()
	n.consKey, err = abci.EnsureValidatorKey(n.home.ValidatorKey(), n.home.ValidatorState(), nil)
	return err
}

func (n *Node) makeEvents() error {
	var err error
	n.feed, err = feed.New(feed.DefaultConfig())
	n.jobs = newJobs(n.feed)
	n.tally = newTally()
	return err
}

func (n *Node) makeStore() error {
	var err error
	if n.journal, err = journal.Open(n.home.Jobs()); err != nil {
		return err
	}
	n.store, err = store.Open(n.home.Shards(), store.Options{Quota: n.cfg.Shards.CapacityMiB << 20})
	return err
}

func (n *Node) closeStore() error {
	if n.store == nil {
		return nil
	}
	return n.store.Close()
}

// makeNetwork opens the host's port and prepares routing, discovery and gossip.
func (n *Node) makeNetwork() error {
	var err error
	if n.host, err = host.New(n.hostConfig(), n.key); err != nil {
		return err
	}
	if n.dht, err = dht.New(n.host, dht.DefaultConfig()); err != nil {
		return err
	}
	dc := discovery.DefaultConfig(n.network)
	dc.Bootstrap, dc.PeersFile, dc.Logger = n.cfg.Network.Bootstrap, n.home.Peers(), n.log
	if n.disc, err = discovery.New(n.host, n.dht, dc); err != nil {
		return err
	}
	n.gossip, err = gossip.New(n.host, n.key, gossip.Config{Network: n.network, Observe: n.observe})
	serveGenesis(n.host, n.network, n.home.Genesis())
	return err
}

func (n *Node) hostConfig() host.Config {
	c := host.DefaultConfig()
	c.Version = n.version
	ip := "0.0.0.0"
	if n.cfg.Network.Loopback {
		ip, c.NAT, c.AnnounceLoopback = "127.0.0.1", false, true
	}
	c.Listen = []string{
		fmt.Sprintf("/ip4/%s/tcp/%d", ip, n.cfg.Network.Port), fmt.Sprintf("/ip4/%s/udp/%d/quic-v1", ip, n.cfg.Network.Port),
	}
	c.AnnounceLoopback = true
	return c
}

func (n *Node) closeNetwork() error {
	if n.host == nil {
		return nil
	}
	return n.host.Close()
}

// makeLedger prepares the engine and the tunnel its connections go through.
func (n *Node) makeLedger() error {
	raw, err := n.key.Raw()
	if err != nil {
		return fmt.Errorf("read the identity: %w", err)
	}
	c := abci.Config{
		Dir: n.home.Ledger(), GenesisFile: n.home.Genesis(), NodeKey: ed25519.PrivateKey(raw), Logger: n.log,
		EmptyBlockInterval: time.Duration(n.params.EmptyBlockMS) * time.Millisecond,
		ValidatorKeyFile:   n.home.ValidatorKey(), ValidatorStateFile: n.home.ValidatorState(),
		Sync: stateSource{host: n.host, member: genesisProtocol(n.network)},
	}
	if n.engine, err = abci.New(c); err != nil {
		return err
	}
	n.serveState()
	n.tunnel = tunnel.New(n.host, cometProtocol, n.engine.P2PAddr)
	key, err := signingKey(n.home, raw)
	if err != nil {
		return err
	}
	n.sender = newSender(n.engine, n.network, key, n.spreadTx)
	n.sender.account = n.account
	n.wallets = newWallets(n.home.Wallets(), n.sender, func(key ed25519.PrivateKey) *sender {
		return newSender(n.engine, n.network, key, n.spreadTx)
	})
	return nil
}

func (n *Node) makeShards() error {
	ec := exchange.DefaultConfig()
	ec.Logger = n.log
	var err error
	if n.exch, err = exchange.New(n.host, n.store, ec); err != nil {
		return err
	}
	pc := pin.DefaultConfig()
	pc.Logger = n.log
	n.pins, err = pin.New(n.host, n.store, n.exch, pc, pin.Ports{
		Providers: n.providers, Routing: n.dht, Announce: n.announceColumns,
	})
	return err
}

// makeWork prepares the lease, the engine and the roles that the owner enabled.
func (n *Node) makeWork() error {
	n.keeper = lease.NewKeeper(lease.Params{Lease: time.Duration(n.params.LeaseMS) * time.Millisecond}, nil)
	n.work = engine.New(max(1, n.cfg.Roles.Threads))
	f := files{pins: n.pins, store: n.store}
	n.stuff = roles.NewMaterials(f)
	d := roles.Deps{
		Ledger: n.sender, Files: f, Engine: n.work, Lease: n.keeper, Journal: n.journal,
		Salts: roles.NewSalts(n.cfg.Roles.Seed), Stuff: n.stuff, Report: n.jobs.report, Announce: n.announceTask, Log: n.log,
		Slot: n.cfg.Roles.Slot, Cheat: n.cfg.Roles.Cheat,
	}
	n.proposer = roles.NewProposer(d)
	if n.cfg.Has("provider") {
		n.provider = roles.NewProvider(d)
	}
	if n.cfg.Has("governor") {
		n.governor = roles.NewGovernor(d)
	}
	var work []roles.Role
	if n.cfg.Has("proposer") {
		work = append(work, n.proposer)
	}
	if n.cfg.Has("solver") {
		work = append(work, roles.NewSolver(d))
	}
	if n.cfg.Has("coordinator") {
		seed, err := readSalts(n.home)
		if err != nil {
			return err
		}
		work = append(work, roles.NewCoordinator(d, seed))
	}
	if n.cfg.Has("aggregator") {
		work = append(work, roles.NewAggregator(d))
	}
	if n.cfg.Has("validator") || n.cfg.Has("coordinator") {
		work = append(work, roles.NewJudge(d))
	}
	for _, r := range work {
		n.runners = append(n.runners, roles.NewRunner(r, d))
	}
	return nil
}

func newLog(w io.Writer, level string) (*slog.Logger, error) {
	if w == nil {
		return slog.New(slog.DiscardHandler), nil
	}
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})), nil
}

func readSalts(h home.Home) ([32]byte, error) {
	var seed [32]byte
	raw, err := os.ReadFile(h.Salts())
	if err != nil {
		return seed, fmt.Errorf("read the salt chain's seed: %w", err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(b) != len(seed) {
		return seed, fmt.Errorf("the salt chain's seed in %s is damaged: restore it from a backup, or publish a new chain", h.Salts())
	}
	return [32]byte(b), nil
}

func (n *Node) endpoint() Endpoint {
	return Endpoint{PeerID: string(n.account), Network: n.network, API: n.api.Addr(), Addrs: n.addrs()}
}
