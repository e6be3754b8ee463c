//go:build unix

package abci_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/ledger/bank"
)

// Sizes of the benchmark of large states.
const (
	accountsEnv   = "AUTONET_BENCH_ACCOUNTS" // how many there are
	accountsUsual = 100_000
	senders       = 1000   // also all accounts of the small state
	perBlock      = 25_000 // accounts that join at once
	recountEvery  = 64     // ledger/app counts all money of a large state at these heights
)

// town is a ledger with many accounts.
type town struct {
	*abci.Bench
	tb       testing.TB
	at       time.Time
	accounts []ledger.Account
	nonce    uint64
	random   *rand.Rand
}

// found makes a ledger of so many accounts, a thousand of which can send.
func found(tb testing.TB, count int) *town {
	tb.Helper()
	w := &town{tb: tb, at: time.UnixMilli(1_700_000_000_000), random: rand.New(rand.NewSource(1))}
	dir := tb.TempDir()
	pub := account(key("validator consensus"))
	g := testGenesis([]byte(pub)[:32])
	g.Accounts = g.Accounts[:1]
	for i := range senders {
		a := account(key(fmt.Sprint("sender", i)))
		w.accounts = append(w.accounts, a)
		g.Accounts = append(g.Accounts, app.GenAccount{Account: a, Balance: 1000 * ledger.ATN})
	}
	for len(w.accounts) < count {
		var pub [32]byte
		w.random.Read(pub[:])
		w.accounts = append(w.accounts, ledger.AccountFromKey(pub[:]))
	}
	joined := senders
	var err error
	w.Bench, err = abci.OpenCrowd(filepath.Join(dir, "ledger"), network, func(kv ledger.KV, _ int64) {
		joined += move(kv, w.accounts[joined:min(joined+perBlock, count)])
	})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, w.Close()) })
	raw, err := json.Marshal(g)
	require.NoError(tb, err)
	require.NoError(tb, w.InitWith(w.at, raw))
	for joined < count || w.Height() == 0 {
		w.block(nil)
	}
	return w
}

// move gives each account a balance and issues the money for it.
func move(kv ledger.KV, in []ledger.Account) int {
	const balance = 5 * ledger.ATN
	if len(in) == 0 {
		return 0
	}
	totals, _ := ledger.Load[bank.Totals](kv, ledger.Key("bank", "t"))
	for _, a := range in {
		ledger.Save(kv, ledger.Key("bank", "a", string(a)), bank.Account{Balance: balance})
	}
	sum := ledger.Natn(len(in)) * balance
	totals.Balances, totals.Supply, totals.Records = totals.Balances+sum, totals.Supply+sum, totals.Records+uint64(len(in))
	ledger.Save(kv, ledger.Key("bank", "t"), totals)
	return len(in)
}

// work is what the processors have done for this process so far. Other work on the machine changes it little.
func work() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// block makes a block of transactions that the door has let in, and says what work that was.
func (w *town) block(txs [][]byte) time.Duration {
	w.tb.Helper()
	w.at = w.at.Add(time.Second)
	for _, raw := range txs {
		require.Equal(w.tb, ledger.CodeOK, w.Check(raw))
	}
	begin := work()
	_, err := w.Execute(w.Height()+1, w.at, txs...)
	require.NoError(w.tb, err)
	require.NoError(w.tb, w.Commit())
	return work() - begin
}

// transfers are a thousand, each from another sender to any account.
func (w *town) transfers() [][]byte {
	txs := make([][]byte, senders)
	for i := range txs {
		to := w.accounts[w.random.Intn(len(w.accounts))]
		txs[i] = sign(w.tb, key(fmt.Sprint("sender", i)), w.nonce, bank.Send{To: to, Denom: ledger.DenomATN, Amount: 1})
	}
	w.nonce++
	return txs
}

// recount makes blocks until one in which all money is counted, unless the state is too large for that, and says what work
// that one, which holds no transaction, was.
func (w *town) recount() time.Duration {
	for (w.Height()+1)%recountEvery != 0 {
		w.block(nil)
	}
	return w.block(nil)
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkState measures a block of a thousand transfers in a state of many accounts, against the same block among a
// thousand accounts, and what else grows with a state: memory, disk, the counting of all money, proofs and snapshots.
// Signatures were checked at the door, before the block. Blocks, snapshots and restoring are measured in time of the
// processors. Blocks and proofs are the fastest of several, since other work on the machine makes any of them slow. AUTONET_BENCH_ACCOUNTS=1000000 asks for another number than 100 000; run it with
// -benchtime 10x, which makes ten blocks of each.
func BenchmarkState(b *testing.B) {
	count := accountsUsual
	if text := os.Getenv(accountsEnv); text != "" {
		var err error
		count, err = strconv.Atoi(text)
		require.NoError(b, err)
		require.GreaterOrEqual(b, count, senders)
	}
	few := found(b, senders)
	before := heap()
	many := found(b, count)
	known := float64(len(many.accounts) * 80) // what the benchmark itself remembers of an account
	small, large := time.Hour, time.Hour
	for b.Loop() {
		b.StopTimer()
		small = min(small, few.block(few.transfers()))
		txs := many.transfers()
		b.StartTimer()
		large = min(large, many.block(txs))
	}
	b.ReportMetric(large.Seconds()*1000, "cpu-ms/block")
	b.ReportMetric(float64(large)/float64(small), "×1000-accounts")
	b.ReportMetric(float64(many.recount())/float64(large), "×block-recount")
	b.ReportMetric((heap()-before-known)/(1<<20), "MiB")
	disk, err := many.StateBytes()
	require.NoError(b, err)
	b.ReportMetric(float64(disk)/float64(count), "disk-B/account")

	prove, verify, bytes := time.Hour, time.Hour, 0
	for i := range 200 {
		at := ledger.Key("bank", "a", string(many.accounts[i*len(many.accounts)/200]))
		begin := time.Now()
		value, path, err := many.Prove(at)
		prove = min(prove, time.Since(begin))
		require.NoError(b, err)
		begin = time.Now()
		require.True(b, many.Proven(at, value, path))
		verify = min(verify, time.Since(begin))
		bytes = max(bytes, len(value)+len(path))
	}
	b.ReportMetric(float64(bytes), "proof-B")
	b.ReportMetric(float64(prove.Microseconds()), "prove-µs")
	b.ReportMetric(float64(verify.Microseconds()), "verify-µs")

	begin := work()
	size, err := many.Photograph()
	require.NoError(b, err)
	b.ReportMetric((work() - begin).Seconds(), "snapshot-cpu-s")
	b.ReportMetric(float64(size)/float64(count), "snapshot-B/account")
	joiner, err := abci.OpenCrowd(filepath.Join(b.TempDir(), "joiner"), network, func(ledger.KV, int64) {})
	require.NoError(b, err)
	begin = work()
	require.NoError(b, joiner.RestoreFrom(many.Bench))
	b.ReportMetric((work() - begin).Seconds(), "restore-cpu-s")
	require.NoError(b, joiner.Close())
}
