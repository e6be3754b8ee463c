package gossip

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	// queueSize bounds the validation queue, each peer's outbound queue and each topic's handler queue. Fewer drop
	// messages under load.
	queueSize = 256
	// observeQueue bounds the records waiting for a slow observer.
	observeQueue = 1024
	// maxRPC bounds one frame on the wire in bytes; it holds several messages.
	maxRPC = 1 << 20
	// maxTopics bounds the subscriptions a peer may announce at once.
	maxTopics = 32
	// validateTimeout bounds one call of a validator.
	validateTimeout = 5 * time.Second
	// seenTTL is how long a message is known as a duplicate.
	seenTTL = 2 * time.Minute
)

var (
	// ErrStopped says that Run has returned.
	ErrStopped = errors.New("gossip stopped")
	// ErrRateLimited says that this node publishes faster than others would accept from it; try again later.
	ErrRateLimited = errors.New("publishing faster than the topic allows")
	// ErrTooLarge says that a payload is beyond the topic's limit.
	ErrTooLarge = errors.New("gossip message too large")
	// ErrRefused says that the topic's own validator rejects what was to be published.
	ErrRefused = errors.New("own message rejected by the topic's validator")
)

// Config sets the network and who watches.
type Config struct {
	// Network is the network id, [a-z0-9-]{1,48}: part of every topic and of every signature.
	Network string
	// Observe, if set, is called for each message with its verdict, and for own publishes, in order, from one
	// goroutine. While it is slow, records beyond a queue of 1024 are dropped and counted.
	Observe func(Record)
}

// Gossip spreads and receives messages of one network. Its methods are safe for concurrent use.
type Gossip struct {
	host host.Host
	key  crypto.PrivKey
	cfg  Config

	blame   *blame
	counts  counters
	records chan Record
	scores  atomic.Pointer[map[peer.ID]float64]

	ready   chan struct{} // closed when Run has started pubsub
	stopped chan struct{} // closed when Run returns

	// topics maps the full topic to its *Topic. pubsub's loop reads it while Join waits for that loop: it has no lock of ours.
	topics sync.Map

	mu      sync.Mutex         // serialises Join with the start and the end of Run
	order   []*Topic           // as joined
	attach  func(*Topic) error // nil before Run
	started bool
}

// New returns a gossip over h that signs with key and does nothing until [Gossip.Run]; key must be the host's.
func New(h host.Host, key crypto.PrivKey, cfg Config) (*Gossip, error) {
	if !networkPattern().MatchString(cfg.Network) {
		return nil, fmt.Errorf("gossip: network %q must be 1 to 48 characters of a-z, 0-9 and '-'", cfg.Network)
	}
	if key == nil || !h.ID().MatchesPrivateKey(key) {
		return nil, errors.New("gossip: the signing key must be the host's identity")
	}
	return &Gossip{
		host: h, key: key, cfg: cfg,
		blame:   newBlame(),
		records: make(chan Record, observeQueue),
		ready:   make(chan struct{}),
		stopped: make(chan struct{}),
	}, nil
}

func networkPattern() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9-]{1,48}$`) }

func topicPattern() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9-]{1,32}$`) }

// Run spreads, validates and hands out messages until ctx ends, and waits for the handlers and the observer to return.
// It may be called once.
func (g *Gossip) Run(ctx context.Context) error {
	g.mu.Lock()
	if g.started {
		g.mu.Unlock()
		return errors.New("gossip: Run called twice")
	}
	g.started = true
	g.mu.Unlock()

	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer g.stop()
	defer cancel()
	wg.Go(func() { g.observe(ctx) })
	ps, err := pubsub.NewGossipSub(ctx, g.host, g.options()...)
	if err != nil {
		return fmt.Errorf("start gossip: %w", err)
	}
	if err := g.open(ctx, ps, &wg); err != nil && ctx.Err() == nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// open attaches the topics joined so far and lets later ones attach themselves.
func (g *Gossip) open(ctx context.Context, ps *pubsub.PubSub, wg *sync.WaitGroup) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.attach = func(t *Topic) error {
		sub, err := t.subscribe(ps)
		if err == nil {
			wg.Go(func() { t.handle(ctx, sub) })
		}
		return err
	}
	for _, t := range g.order {
		if err := g.attach(t); err != nil {
			return err
		}
	}
	close(g.ready)
	return nil
}

func (g *Gossip) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.attach = func(*Topic) error { return ErrStopped }
	close(g.stopped)
}

// options returns the whole configuration of pubsub; nothing is left to its defaults that bounds or scores.
func (g *Gossip) options() []pubsub.Option {
	thresholds := scoreThresholds()
	filter := regexp.MustCompile(`^/autonet/` + regexp.QuoteMeta(g.cfg.Network) + `/[a-z0-9-]{1,32}/1$`)
	return []pubsub.Option{
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign), // envelopes are signed already
		pubsub.WithNoAuthor(),
		pubsub.WithMessageIdFn(messageID),
		pubsub.WithMaxMessageSize(maxRPC),
		pubsub.WithPeerOutboundQueueSize(queueSize),
		pubsub.WithValidateQueueSize(queueSize),
		pubsub.WithSeenMessagesTTL(seenTTL),
		pubsub.WithSubscriptionFilter(pubsub.WrapLimitSubscriptionFilter(pubsub.NewRegexpSubscriptionFilter(filter), maxTopics)),
		pubsub.WithPeerExchange(false), // discovery finds peers
		pubsub.WithFloodPublish(true),
		pubsub.WithPeerScore(scoreParams(g.blame.score), &thresholds),
		pubsub.WithPeerScoreInspect(func(scores map[peer.ID]float64) { g.scores.Store(&scores) }, scoreInterval),
		pubsub.WithRawTracer(&tracer{gossip: g}),
	}
}

// messageID covers the topic too: the table of seen messages is shared, and a copy sent to another topic must not make
// the original a duplicate.
func messageID(m *pb.Message) string {
	h := sha256.New()
	h.Write([]byte(m.GetTopic()))
	h.Write([]byte{0})
	h.Write(m.GetData())
	return string(h.Sum(nil))
}

// observe hands records to the observer; those still queued at the end are delivered.
func (g *Gossip) observe(ctx context.Context) {
	if g.cfg.Observe == nil {
		return
	}
	for {
		select {
		case r := <-g.records:
			g.cfg.Observe(r)
			continue
		default:
		}
		select {
		case r := <-g.records:
			g.cfg.Observe(r)
		case <-ctx.Done():
			return
		}
	}
}

func (g *Gossip) record(r Record) {
	if g.cfg.Observe == nil {
		return
	}
	select {
	case g.records <- r:
	default:
		g.counts.unobserved.Add(1)
	}
}

// Scores returns the peers' scores as of the last second. Below -40 a peer gets no gossip from us, below -80 none of our
// publishes, below -160 it is not listened to.
func (g *Gossip) Scores() map[peer.ID]float64 {
	out := make(map[peer.ID]float64)
	if scores := g.scores.Load(); scores != nil {
		maps.Copy(out, *scores)
	}
	return out
}
