package node

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/ledger/app"
	"autonet/node/api"
	"autonet/node/api/types"
	"autonet/node/invite"
)

// dialTimeout bounds one dial that the owner asked for.
const dialTimeout = 10 * time.Second

// backend is the node as the API sees it.
func (n *Node) backend() api.Backend {
	return api.Backend{
		Node: nodeBackend{n}, Shards: shardBackend{n}, Tasks: taskBackend{n}, Ledger: ledgerBackend{n}, State: newStateBackend(n),
		Proofs: proofBackend{n},
		Events: n.feed,
	}
}

type nodeBackend struct{ n *Node }

// Status implements api.NodeBackend.
func (b nodeBackend) Status(ctx context.Context) (types.Status, error) {
	n := b.n
	use := n.store.Usage()
	g, x := n.gossip.Stats(), n.exch.Counters()
	st := types.Status{
		Version: n.version, Network: n.network, Genesis: n.genesis, Name: n.cfg.Name, PeerID: string(n.account),
		PID: os.Getpid(), Home: n.home.Dir(), StartedMS: n.began.UnixMilli(), UptimeMS: time.Since(n.began).Milliseconds(),
		Roles: n.cfg.Roles.Enabled, Addrs: n.addrs(), Peers: len(n.host.Network().Peers()), Jobs: n.jobs.list(),
		Store:   types.StoreStatus{Blocks: uint64(use.Blocks), UsedBytes: use.Bytes, LimitBytes: use.Quota, Pins: n.pins.Count()},
		Traffic: types.Traffic{GossipSent: g.BytesOut, GossipReceived: g.BytesIn, ShardSent: x.Sent, ShardReceived: x.Received},
		RSSMiB:  residentMiB(),
	}
	st.Ledger = n.ledgerStatus()
	st.Lease = n.leaseStatus()
	return st, nil
}

func (n *Node) ledgerStatus() types.LedgerStatus {
	s := n.engine.Status()
	out := types.LedgerStatus{
		Height: s.Height, TimeMS: s.TimeMS, Hash: s.Hash.String(), AppHash: s.AppHash.String(), Validators: len(s.Validators),
		IsValidator: s.IsValidator, Peers: len(s.Peers), CatchingUp: s.CatchingUp, SkewMS: s.SkewMS,
	}
	_ = n.engine.View(func(v app.View) error { // before the ledger starts there is no clock
		out.WorkMS = v.WorkClock().WorkMS
		return nil
	})
	return out
}

func (n *Node) leaseStatus() types.LeaseStatus {
	s := n.keeper.Status()
	return types.LeaseStatus{Live: s.Live, LeftMS: s.Left.Milliseconds(), Reason: s.Reason, Heartbeat: n.heartbeat()}
}

func (n *Node) heartbeat() types.HeartbeatInfo {
	p := n.params
	var out types.HeartbeatInfo
	_ = n.engine.View(func(v app.View) error { // before the ledger starts there is none, and the genesis's numbers hold
		b := v.Heartbeat()
		p = v.Params()
		out.Count, out.Interval, out.Height, out.TimeMS = b.Count, b.Interval, b.Height, b.TimeMS
		return nil
	})
	out.IntervalMS, out.LeaseMS = p.PulseIntervalMS, p.LeaseMS
	out.NextMS = p.PulseIntervalMS - time.Now().UnixMilli()%p.PulseIntervalMS
	return out
}

func (n *Node) addrs() []string {
	var out []string
	for _, a := range n.host.Addrs() {
		out = append(out, a.String()+"/p2p/"+string(n.account))
	}
	return out
}

// ID implements api.NodeBackend.
func (b nodeBackend) ID(context.Context) (types.Identity, error) {
	pub, err := b.n.account.Key()
	if err != nil {
		return types.Identity{}, err
	}
	return types.Identity{
		PeerID: string(b.n.account), Account: string(b.n.account), PublicKey: hex.EncodeToString(pub), ConsKey: base64.StdEncoding.EncodeToString(b.n.consKey), Network: b.n.network,
		Name: b.n.cfg.Name, Agent: "autonet/" + b.n.version, Addrs: b.n.addrs(),
	}, nil
}

// Peers implements api.NodeBackend.
func (b nodeBackend) Peers(context.Context) ([]types.Peer, error) {
	n := b.n
	scores := n.gossip.Scores()
	out := []types.Peer{}
	for _, id := range n.host.Network().Peers() {
		conns := n.host.Network().ConnsToPeer(id)
		if len(conns) == 0 {
			continue
		}
		p := types.Peer{
			PeerID: id.String(), Score: scores[id], LatencyMS: n.host.Peerstore().LatencyEWMA(id).Milliseconds(),
			Direction: strings.ToLower(conns[0].Stat().Direction.String()), Transport: transportOf(conns[0]),
			Topics: n.topicsOf(id),
		}
		if agent, err := n.host.Peerstore().Get(id, "AgentVersion"); err == nil {
			p.Agent, _ = agent.(string)
		}
		oldest := time.Now()
		for _, c := range conns {
			p.Addrs = append(p.Addrs, c.RemoteMultiaddr().String())
			if c.Stat().Opened.Before(oldest) {
				oldest = c.Stat().Opened
			}
		}
		p.ConnectedMS = since(oldest)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b types.Peer) int { return strings.Compare(a.PeerID, b.PeerID) })
	return out, nil
}

func (n *Node) topicsOf(id peer.ID) []string {
	var out []string
	for _, t := range n.topics.all() {
		if slices.Contains(t.Peers(), id) {
			out = append(out, t.Name())
		}
	}
	return out
}

func transportOf(c network.Conn) string {
	if strings.Contains(c.RemoteMultiaddr().String(), "/quic") {
		return "quic"
	}
	return "tcp"
}

// Connect implements api.NodeBackend.
func (b nodeBackend) Connect(ctx context.Context, req types.ConnectRequest) (types.ConnectResult, error) {
	addrs := req.Addrs
	if req.Invite != "" {
		inv, err := invite.Decode(req.Invite)
		if err != nil {
			return types.ConnectResult{}, types.NewError(types.CodeUsage, "join", err.Error(), "")
		}
		if inv.Network != b.n.network {
			return types.ConnectResult{}, types.NewError(types.CodeUsage, "join", "the invitation is for network "+inv.Network+", this home belongs to "+b.n.network,
				"use another --home for another network")
		}
		addrs = append(addrs, inv.Addresses...)
		if len(inv.Grant) > 0 {
			if err := b.n.claim(ctx, inv.Grant); err != nil {
				return types.ConnectResult{}, ledgerError("claim the invitation's grant", err)
			}
		}
	}
	if len(addrs) == 0 {
		return types.ConnectResult{}, types.NewError(types.CodeUsage, "connect", "no address and no invitation is given", "")
	}
	out := types.ConnectResult{Connected: []string{}, Failed: []types.FailedDial{}}
	for _, a := range addrs {
		id, err := b.dial(ctx, a)
		if err != nil {
			out.Failed = append(out.Failed, types.FailedDial{Addr: a, Error: err.Error()})
			continue
		}
		if !slices.Contains(out.Connected, id) {
			out.Connected = append(out.Connected, id)
		}
	}
	return out, nil
}

func (b nodeBackend) dial(ctx context.Context, addr string) (string, error) {
	info, err := peer.AddrInfoFromString(addr)
	if err != nil {
		return "", fmt.Errorf("not a multiaddress that ends in /p2p/PEER: %w", err)
	}
	if info.ID == b.n.host.ID() {
		return info.ID.String(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := b.n.host.Connect(ctx, *info); err != nil {
		return "", err
	}
	return info.ID.String(), b.n.disc.AddPeers([]string{addr})
}

// Invite implements api.NodeBackend.
func (b nodeBackend) Invite(ctx context.Context, req types.InviteRequest) (types.Invite, error) {
	addrs := req.Addrs
	if len(addrs) == 0 {
		addrs = b.n.addrs()
	}
	raw, err := hex.DecodeString(b.n.genesis)
	if err != nil || len(raw) != 32 {
		return types.Invite{}, errors.New("the genesis hash is damaged")
	}
	inv := invite.Invite{Network: b.n.network, GenesisHash: [32]byte(raw), Addresses: addrs}
	if _, err := inv.Encode(); err != nil { // before money moves
		return types.Invite{}, types.NewError(types.CodeUsage, "invite", err.Error(), "")
	}
	out := types.Invite{Network: b.n.network, Genesis: b.n.genesis, Addrs: addrs}
	if req.GrantNatn > 0 {
		if inv.Grant, out.EndsMS, err = b.n.grant(ctx, req); err != nil {
			return types.Invite{}, err
		}
		out.GrantNatn = req.GrantNatn
	}
	out.Invite, err = inv.Encode()
	return out, err
}

// Stop implements api.NodeBackend.
func (b nodeBackend) Stop(context.Context) error {
	b.n.stop(errAsked)
	return nil
}

// residentMiB is the memory this process holds, as the system counts it; 0 where the system does not tell.
func residentMiB() int64 {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.Sys >> 20)
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize()) >> 20
}

// asJSON encodes what the event stream carries; what cannot be encoded becomes its reason.
func asJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		raw, _ = json.Marshal(map[string]string{"error": err.Error()}) // strings always have an encoding
	}
	return raw
}
