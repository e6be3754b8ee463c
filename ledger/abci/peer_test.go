package abci_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/ledger/bank"
)

// The sizes of the comparison with CometBFT's own key-value store: go test ./ledger/abci -run '^$' -bench Peer -args …
var (
	peerTxs    = flag.Int("peer.txs", 10_000, "transactions of a comparison of throughput, on each side")
	peerWaits  = flag.Int("peer.waits", 100, "transactions of a comparison of latency, on each side")
	replayTxs  = flag.Int("replay.txs", 5000, "transactions that are replayed from disk")
	peerRounds = 5 // in turn; the first of them warms both up and does not count
)

// side is one of two networks that are compared.
type side struct {
	submit func(raw []byte) error
	wait   func(last []byte, upTo int) error // until a transaction and so many in all are in blocks
	txs    [][]byte
	next   int
	cpu    time.Duration // of the whole process, while this side worked
}

const (
	peerSenders    = 50
	peerSubmitters = 10 // each has senders of its own, so that every sender's transactions come in order
)

// send submits the next transactions, as several users at once do, and waits for them.
func (s *side) send(b *testing.B, count int) time.Duration {
	b.Helper()
	began, cpu := time.Now(), cpuTime(b)
	from, upTo := s.next, s.next+count
	s.next = upTo
	var submitters errgroup.Group
	for i := range min(peerSubmitters, count) {
		submitters.Go(func() error {
			last := 0
			for at := from + i; at < upTo; at += peerSubmitters {
				if err := s.insist(s.txs[at]); err != nil {
					return err
				}
				last = at
			}
			return s.wait(s.txs[last], upTo)
		})
	}
	require.NoError(b, submitters.Wait())
	s.cpu += cpuTime(b) - cpu
	return time.Since(began)
}

// insist submits a transaction as soon as there is room.
func (s *side) insist(raw []byte) error {
	err := s.submit(raw)
	for errors.Is(err, abci.ErrMempoolFull) {
		time.Sleep(time.Millisecond)
		err = s.submit(raw)
	}
	return err
}

// cpuTime is what this process has used of its processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// sides starts both networks with so many validators each, and makes their transactions, of the same size.
func sides(b *testing.B, validators, txs int) (ours, peers *side) {
	b.Helper()
	root := b.TempDir()
	mine, theirs := make([]abci.Config, validators), make([]abci.Config, validators)
	var keys, peerKeys [][]byte
	for i := range validators {
		var pub []byte
		mine[i], pub = config(b, root, fmt.Sprint("v", i))
		mine[i].EmptyBlockInterval = time.Second
		keys = append(keys, pub)
		theirs[i], pub = config(b, filepath.Join(root, "peer"), fmt.Sprint("p", i))
		theirs[i].EmptyBlockInterval = time.Second
		peerKeys = append(peerKeys, pub)
	}
	at := time.Now()
	g := testGenesis(keys[0])
	for _, pub := range keys[1:] {
		g.Accounts = append(g.Accounts, app.GenAccount{
			Account: account(key(fmt.Sprintf("validator %x", pub))), Balance: 1000 * ledger.ATN,
			Stakes: []app.GenStake{{Role: ledger.RoleValidator, Amount: g.Params.Validator.MinStake, ConsKey: pub}},
		})
	}
	require.NoError(b, abci.WriteGenesis(mine[0].GenesisFile, g, at))
	var nodes []*node
	for _, cfg := range mine {
		e, err := abci.New(cfg)
		require.NoError(b, err)
		nodes = append(nodes, run(b, e))
	}
	meet(b, nodes...)
	var stores []*abci.Peer
	for _, cfg := range theirs {
		p, err := abci.StartPeer(cfg, network, at, peerKeys...)
		require.NoError(b, err)
		b.Cleanup(func() { _ = p.Stop() })
		for _, other := range stores {
			require.NoError(b, p.Meet(other))
		}
		stores = append(stores, p)
	}
	ours = &side{
		submit: func(raw []byte) error { _, err := nodes[0].Submit(b.Context(), raw); return err },
		wait: func(last []byte, _ int) error {
			result, err := nodes[0].Await(b.Context(), ledger.TxHash(last))
			return errors.Join(err, result.Err())
		},
		txs: transfers(b, txs),
	}
	peers = &side{
		submit: stores[0].Submit,
		wait: func(_ []byte, upTo int) error {
			for stores[0].Applied() < int64(upTo) {
				time.Sleep(100 * time.Microsecond)
			}
			return nil
		},
	}
	for i, raw := range ours.txs {
		tx := append(fmt.Appendf(nil, "key%d=", i), bytes.Repeat([]byte{'v'}, len(raw))...)
		peers.txs = append(peers.txs, tx[:len(raw)])
	}
	for _, s := range []*side{ours, peers} { // until both make blocks
		s.send(b, 1)
	}
	return ours, peers
}

func transfers(b *testing.B, count int) [][]byte {
	b.Helper()
	txs := make([][]byte, count)
	for i := range txs {
		send := bank.Send{To: account(key(fmt.Sprint("sender", (i+1)%peerSenders))), Denom: ledger.DenomATN, Amount: 1}
		txs[i] = sign(b, key(fmt.Sprint("sender", i%peerSenders)), uint64(i/peerSenders), send)
	}
	return txs
}

// BenchmarkPeerThroughput compares signed transfers under the rules of ledger/app with writes of the same size to
// CometBFT's key-value store, which checks no signatures: the two take turns, and the median of the rounds counts. Time on
// processors is told beside it: on a machine that is busy with other things too it says more than the clock.
func BenchmarkPeerThroughput(b *testing.B) {
	for _, validators := range []int{1, 4} {
		b.Run(fmt.Sprint("validators=", validators), func(b *testing.B) {
			for range b.N {
				ours, peers := sides(b, validators, *peerTxs+1)
				count := *peerTxs / peerRounds
				ours.send(b, count)
				peers.send(b, count)
				ours.cpu, peers.cpu = 0, 0
				var took, peerTook, share []float64
				for round := 1; round < peerRounds; round++ {
					var mine, theirs time.Duration
					if round%2 == 0 {
						mine, theirs = ours.send(b, count), peers.send(b, count)
					} else {
						theirs, mine = peers.send(b, count), ours.send(b, count)
					}
					took, peerTook = append(took, mine.Seconds()), append(peerTook, theirs.Seconds())
					share = append(share, 100*theirs.Seconds()/mine.Seconds())
				}
				b.ReportMetric(float64(count)/median(took), "tx/s")
				b.ReportMetric(float64(count)/median(peerTook), "peer-tx/s")
				b.ReportMetric(median(share), "%-of-peer")
				counted := int64(count * (peerRounds - 1))
				b.ReportMetric(float64(ours.cpu.Microseconds()/counted), "cpu-µs/tx")
				b.ReportMetric(float64(peers.cpu.Microseconds()/counted), "peer-cpu-µs/tx")
			}
		})
	}
}

func median(of []float64) float64 {
	slices.Sort(of)
	return (of[(len(of)-1)/2] + of[len(of)/2]) / 2
}

// BenchmarkPeerLatency compares the time from submitting to the block at 20 transactions per second.
func BenchmarkPeerLatency(b *testing.B) {
	for _, validators := range []int{1, 4} {
		b.Run(fmt.Sprint("validators=", validators), func(b *testing.B) {
			for range b.N {
				ours, peers := sides(b, validators, *peerWaits+1)
				took := map[*side][]time.Duration{}
				for range *peerWaits {
					for _, s := range []*side{ours, peers} {
						began := time.Now()
						took[s] = append(took[s], s.send(b, 1))
						time.Sleep(time.Until(began.Add(25 * time.Millisecond)))
					}
				}
				for s, name := range map[*side]string{ours: "", peers: "peer-"} {
					slices.Sort(took[s])
					b.ReportMetric(float64(quantile(took[s], 50).Microseconds())/1000, name+"p50-ms")
					b.ReportMetric(float64(quantile(took[s], 99).Microseconds())/1000, name+"p99-ms")
				}
				b.ReportMetric(float64(quantile(took[ours], 99))/float64(quantile(took[peers], 99)), "p99-ratio")
			}
		})
	}
}

func quantile(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)-1)*percent/100]
}

// BenchmarkPeerReplay measures how long a node takes that has its blocks and has lost its state.
func BenchmarkPeerReplay(b *testing.B) {
	for range b.N {
		n, cfg := ledgerNode(b)
		s := &side{
			submit: func(raw []byte) error { _, err := n.Submit(b.Context(), raw); return err },
			wait:   func(last []byte, _ int) error { _, err := n.Await(b.Context(), ledger.TxHash(last)); return err },
			txs:    transfers(b, *replayTxs),
		}
		s.send(b, *replayTxs)
		want := n.Status()
		n.stop()
		for _, lost := range []string{"app", "events"} {
			require.NoError(b, os.RemoveAll(filepath.Join(cfg.Dir, lost)))
		}
		e, err := abci.New(cfg)
		require.NoError(b, err)
		began := time.Now()
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		select {
		case <-e.Ready():
		case err := <-done:
			b.Fatal(err)
		}
		took := time.Since(began)
		require.GreaterOrEqual(b, e.Status().Height, want.Height)
		cancel()
		require.NoError(b, <-done)
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(float64(*replayTxs)/took.Seconds(), "replayed-tx/s")
	}
}
