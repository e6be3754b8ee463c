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
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/ledger/bank"
)

// The sizes of the comparison with CometBFT's own key-value store: go test ./ledger/abci -run '^$' -bench Peer -args …
var (
	peerTxs    = flag.Int("peer.txs", 4000, "transactions of a comparison of throughput, on each side")
	peerWaits  = flag.Int("peer.waits", 100, "transactions of a comparison of latency, on each side")
	replayTxs  = flag.Int("replay.txs", 5000, "transactions that are replayed from disk")
	peerRounds = 5 // in turn
)

// side is one of two networks that are compared.
type side struct {
	submit func(raw []byte) error
	wait   func(raw []byte, upTo int) // until so many transactions are in blocks, the last of which is raw
	txs    [][]byte
	next   int
}

// send submits the next transactions and waits for the last of them.
func (s *side) send(b *testing.B, count int) time.Duration {
	b.Helper()
	began := time.Now()
	for range count {
		err := s.submit(s.txs[s.next])
		for errors.Is(err, abci.ErrMempoolFull) {
			time.Sleep(time.Millisecond)
			err = s.submit(s.txs[s.next])
		}
		require.NoError(b, err)
		s.next++
	}
	s.wait(s.txs[s.next-1], s.next)
	return time.Since(began)
}

const peerSenders = 50

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
		wait: func(raw []byte, _ int) {
			result, err := nodes[0].Await(b.Context(), ledger.TxHash(raw))
			require.NoError(b, err)
			require.NoError(b, result.Err())
		},
		txs: transfers(b, txs),
	}
	peers = &side{
		submit: stores[0].Submit,
		wait: func(_ []byte, upTo int) {
			for stores[0].Applied() < int64(upTo) {
				time.Sleep(100 * time.Microsecond)
			}
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
// CometBFT's key-value store, which checks no signatures: the two take turns.
func BenchmarkPeerThroughput(b *testing.B) {
	for _, validators := range []int{1, 4} {
		b.Run(fmt.Sprint("validators=", validators), func(b *testing.B) {
			for range b.N {
				ours, peers := sides(b, validators, *peerTxs+1)
				var took, peerTook time.Duration
				for range peerRounds {
					peerTook += peers.send(b, *peerTxs/peerRounds)
					took += ours.send(b, *peerTxs/peerRounds)
				}
				count := float64(*peerTxs / peerRounds * peerRounds)
				b.ReportMetric(count/took.Seconds(), "tx/s")
				b.ReportMetric(count/peerTook.Seconds(), "peer-tx/s")
				b.ReportMetric(100*peerTook.Seconds()/took.Seconds(), "%-of-peer")
			}
		})
	}
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
			wait:   func(raw []byte, _ int) { _, _ = n.Await(b.Context(), ledger.TxHash(raw)) },
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
