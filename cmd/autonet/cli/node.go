package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
	"autonet/node/config"
	"autonet/node/home"
)

func (a *app) init() *cobra.Command {
	var o InitOptions
	c := &cobra.Command{
		Use: "init", Short: "Make a node's home: key, configuration and genesis",
		Example: "  autonet init\n  autonet init --network autonet1… --name workbench --port 4001\n  autonet init --home /tmp/b --loopback",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Home = a.home
			return a.make(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Network, "network", "new", "new, an invite to an existing network, or the path of its genesis.json")
	f.StringVar(&o.Preset, "preset", "", "numbers of a new network: public (default), or devnet for a trial in seconds")
	f.StringSliceVar(&o.Bootstrap, "bootstrap", nil, "with a genesis file: multiaddr of a member to meet first")
	f.StringVar(&o.Name, "name", "", "name shown to people")
	f.IntVar(&o.Port, "port", 0, "TCP and QUIC port; 0 chooses a free one and keeps it")
	f.StringSliceVar(&o.Roles, "role", nil, "role beside the defaults: "+strings.Join(config.RoleNames(), ", "))
	f.BoolVar(&o.Loopback, "loopback", false, "listen on this machine only")
	return c
}

func (a *app) make(ctx context.Context, o InitOptions) error {
	if err := checkNode(o); err != nil {
		return err
	}
	if err := presetFits(o); err != nil {
		return err
	}
	res, err := a.deps.Init(ctx, o)
	if err != nil {
		return err
	}
	return a.show(res, func(p *page) {
		p.row("made", res.Home)
		p.row("peer", res.PeerID)
		p.row("network", res.Network)
		p.row("port", res.Port)
		p.line("Start it with: autonet start --home %s", res.Home)
	})
}

func checkNode(o InitOptions) error {
	if o.Port < 0 || o.Port > 65535 {
		return types.NewError(types.CodeUsage, "--port", fmt.Sprintf("%d is no port", o.Port), "choose 0 to 65535")
	}
	return checkRoles(o.Roles)
}

func checkRoles(roles []string) error {
	for _, r := range roles {
		if !slices.Contains(config.RoleNames(), r) {
			return types.NewError(types.CodeUsage, "--role", fmt.Sprintf("%q is no role", r), "choose among "+strings.Join(config.RoleNames(), ", "))
		}
	}
	return nil
}

func (a *app) join() *cobra.Command {
	var o InitOptions
	c := &cobra.Command{
		Use: "join INVITE", Short: "Enter a network by its invite",
		Long: "A home without a node is made for the invite's network. A node that runs in the home already, on that network,\n" +
			"is connected to the members the invite names.",
		Example: "  autonet join autonet1…\n  autonet join autonet1… --role solver && autonet start",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if home.At(a.home).Initialised() {
				return a.meet(cmd.Context(), args[0], o.Roles)
			}
			o.Home, o.Network = a.home, args[0]
			return a.make(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&o.Roles, "role", nil, "role to work as: "+strings.Join(config.RoleNames(), ", "))
	f.StringVar(&o.Name, "name", "", "name shown to people")
	f.IntVar(&o.Port, "port", 0, "TCP and QUIC port; 0 chooses a free one and keeps it")
	f.BoolVar(&o.Loopback, "loopback", false, "listen on this machine only")
	return c
}

// meet connects a node that runs already to an invite's members.
func (a *app) meet(ctx context.Context, invite string, roles []string) error {
	if len(roles) > 0 {
		return types.NewError(types.CodeUsage, "--role", "the node of this home exists already", "set roles.enabled in "+home.At(a.home).Config()+" and start it again")
	}
	return a.node(func(c *client.Client) error {
		res, err := c.Connect(ctx, types.ConnectRequest{Invite: invite})
		if err != nil {
			return err
		}
		return a.show(res, func(p *page) {
			for _, id := range res.Connected {
				p.row("connected", id)
			}
			for _, f := range res.Failed {
				p.row("no answer", f.Addr, f.Error)
			}
		})
	})
}

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "The running node at a glance",
		Example: "  autonet status\n  autonet status --json --home /tmp/b", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				s, err := c.Status(cmd.Context())
				if err != nil {
					return err
				}
				return a.show(s, func(p *page) { statusText(p, s) })
			})
		},
	}
}

func statusText(p *page, s types.Status) {
	p.row("node", fmt.Sprintf("%s (%s)", s.Name, s.PeerID))
	p.row("network", s.Network)
	p.row("roles", list(s.Roles))
	p.row("running", fmt.Sprintf("%s, process %d, version %s, %d MiB", types.Span(s.UptimeMS), s.PID, s.Version, s.RSSMiB))
	for _, addr := range s.Addrs {
		p.row("address", addr)
	}
	p.row("peers", s.Peers)
	l := s.Ledger
	place := fmt.Sprintf("height %d, %d validators", l.Height, l.Validators)
	if l.IsValidator {
		place += ", this one among them"
	}
	if l.CatchingUp {
		place += ", catching up"
	}
	p.row("ledger", place)
	if s.Light != nil {
		lightText(p, *s.Light)
	}
	if l.SkewMS < -tellSkewMS || l.SkewMS > tellSkewMS {
		p.row("clock", fmt.Sprintf("%s %s the validators': set it, or blocks may be refused", types.Span(max(l.SkewMS, -l.SkewMS)),
			map[bool]string{true: "ahead of", false: "behind"}[l.SkewMS > 0]))
	}
	p.row("lease", leaseText(s.Lease))
	p.row("store", fmt.Sprintf("%d blocks, %s, %d pins", s.Store.Blocks, types.Bytes(s.Store.UsedBytes), s.Store.Pins))
	t := s.Traffic
	p.row("gossip", fmt.Sprintf("%s out, %s in", types.Bytes(t.GossipSent), types.Bytes(t.GossipReceived)))
	p.row("shards", fmt.Sprintf("%s out, %s in", types.Bytes(t.ShardSent), types.Bytes(t.ShardReceived)))
	for _, j := range s.Jobs {
		p.row("job", fmt.Sprintf("%s %s %s %d/%d %s", j.Kind, types.Short(j.Task), j.Phase, j.Step, j.Steps, or(j.Error, j.State)))
	}
}

// tellSkewMS is from which difference on a node's clock is worth a word.
const tellSkewMS = 5000

func lightText(p *page, l types.LightStatus) {
	p.row("light", fmt.Sprintf("trusts height %d, %s, to go on from until %s", l.Height, types.Short(l.Hash), clock(l.TrustUntilMS)))
	if l.Stale {
		p.row("too old", "start it once with a header of somebody you trust: autonet start --light --trust FILE")
	}
	p.row("witnesses", fmt.Sprintf("%d agreed, %d can be asked", l.Witnesses, l.Sources))
	if l.Conflict != "" {
		p.row("conflict", l.Conflict)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Refused)) {
		p.row("refused", types.Short(name), l.Refused[name])
	}
}

func leaseText(l types.LeaseStatus) string {
	if !l.Live {
		return "none: " + or(l.Reason, "no heartbeat yet")
	}
	return "live for " + types.Span(l.LeftMS)
}

func (a *app) id() *cobra.Command {
	return &cobra.Command{
		Use: "id", Short: "Who the running node is",
		Example: "  autonet id\n  autonet id --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				i, err := c.ID(cmd.Context())
				if err != nil {
					return err
				}
				return a.show(i, func(p *page) {
					p.row("peer", i.PeerID)
					p.row("account", i.Account)
					p.row("key", i.PublicKey)
					p.row("consensus key", i.ConsKey)
					p.row("name", i.Name)
					p.row("network", i.Network)
					for _, addr := range i.Addrs {
						p.row("address", addr)
					}
				})
			})
		},
	}
}

func (a *app) peers() *cobra.Command {
	return &cobra.Command{
		Use: "peers", Short: "Peers the running node is connected to",
		Example: "  autonet peers\n  autonet peers --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				peers, err := c.Peers(cmd.Context())
				if err != nil {
					return err
				}
				return a.show(types.Peers{Peers: peers}, func(p *page) {
					if len(peers) == 0 {
						p.line("No peers. Let others in with: autonet invite")
						return
					}
					p.row("PEER", "WAY", "TRANSPORT", "LATENCY", "SINCE", "ADDRESS")
					for _, x := range peers {
						p.row(x.PeerID, x.Direction, x.Transport, types.Span(x.LatencyMS), types.Span(x.ConnectedMS), strings.Join(x.Addrs, " "))
					}
				})
			})
		},
	}
}

func (a *app) invite() *cobra.Command {
	var addrs []string
	var grant string
	var ends time.Duration
	c := &cobra.Command{
		Use: "invite", Short: "Make an invite: one word that lets others into the network",
		Long: "With --grant the invite carries a one-use key to ATN that is put aside on the ledger: whoever joins with it first\n" +
			"gets the money and bonds its roles. Nobody can take it back before it ends.",
		Example: "  autonet invite\n  autonet invite --grant 200\n  autonet join \"$(autonet invite --home /tmp/a)\" --home /tmp/b", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var natn uint64
			if grant != "" {
				var err error
				if natn, err = parseATN("--grant", grant); err != nil {
					return err
				}
			}
			if ends < 0 || ends > 365*24*time.Hour {
				return types.NewError(types.CodeUsage, "--ends", "a grant cannot wait for "+ends.String(), "choose at most 8760h")
			}
			return a.node(func(c *client.Client) error {
				i, err := c.Invite(cmd.Context(), types.InviteRequest{Addrs: addrs, GrantNatn: natn, GrantMS: ends.Milliseconds()})
				if err != nil {
					return err
				}
				return a.show(i, func(p *page) { p.line("%s", i.Invite) })
			})
		},
	}
	c.Flags().StringSliceVar(&addrs, "addr", nil, "multiaddr to put in, in place of the node's own")
	c.Flags().StringVar(&grant, "grant", "", "ATN to put aside for whoever joins with this invite")
	c.Flags().DurationVar(&ends, "ends", 0, "time until an unclaimed grant returns; 720h by default")
	return c
}

// startFlags are what a node's owner says at its start.
type startFlags struct {
	record, trust string
	light         bool
}

func (a *app) start() *cobra.Command {
	var f startFlags
	var detach, tether bool
	c := &cobra.Command{
		Use: "start", Short: "Run the node of this home",
		Long: "Runs in the foreground until Ctrl-C or autonet stop; --detach leaves it running in the background.\n" +
			"With --light it keeps no ledger: it follows the headers, checks them against several peers and reads records by\n" +
			"their proofs. --trust names a header of somebody you trust (autonet ledger header -o FILE), which a light node\n" +
			"needs once when genesis or its last header is too old, or when it has met two contradicting headers.",
		Example: "  autonet start\n  autonet start --detach\n  autonet start --home /tmp/b --record events.ndjson\n  autonet start --light --trust header.412", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !home.At(a.home).Initialised() {
				return fmt.Errorf("%s: %w", a.home, home.ErrNotInitialised)
			}
			if f.trust != "" && !f.light {
				return types.NewError(types.CodeUsage, "--trust", "a node with a ledger of its own checks it from genesis on", "use it with --light")
			}
			if _, err := f.root(); err != nil {
				return err
			}
			if detach {
				return a.startDetached(cmd.Context(), f)
			}
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			if tether {
				go func() {
					_, _ = io.Copy(io.Discard, a.streams.In) // whatever ends it, the holder of the other end is gone
					stop()
				}()
			}
			return a.run(ctx, f)
		},
	}
	c.Flags().StringVar(&f.record, "record", "", "append every event to this file as NDJSON")
	c.Flags().BoolVar(&f.light, "light", false, "follow the ledger by its headers alone")
	c.Flags().StringVar(&f.trust, "trust", "", "file with a header that a light node is to trust")
	c.Flags().BoolVar(&detach, "detach", false, "leave the node running in the background; its log goes to node.log")
	c.Flags().BoolVar(&tether, "tether", false, "stop when standard input ends")
	c.Flags().Lookup("tether").Hidden = true
	return c
}

// root reads the header that a light node is to trust.
func (f startFlags) root() ([]byte, error) {
	if f.trust == "" {
		return nil, nil
	}
	return readDocument(f.trust)
}

func (a *app) run(ctx context.Context, f startFlags) error {
	root, err := f.root()
	if err != nil {
		return err
	}
	o := StartOptions{Home: a.home, Version: a.versionText(), Log: a.streams.Err, Record: f.record, Light: f.light, Trust: root}
	o.Ready = func() {
		_ = a.node(func(c *client.Client) error { return a.announce(ctx, c) }) // a courtesy: the node runs either way
	}
	err = a.deps.Start(ctx, o)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// announce says that the node runs.
func (a *app) announce(ctx context.Context, c *client.Client) error {
	s, err := c.Status(ctx)
	if err != nil {
		return err
	}
	return a.show(s, func(p *page) {
		p.line("%s runs on %s as %s. Stop it with: autonet stop --home %s", s.Name, s.Network, s.PeerID, a.home)
	})
}
