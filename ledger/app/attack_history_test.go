package app_test

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/dao"
	"autonet/ledger/forcederror"
	"autonet/ledger/staking"
)

// decree puts numbers in force that governance could decide on: often at the edge of what is allowed.
func (d dice) decree(c *chain) {
	p, list := genesis().Params, genesis().Params.List()
	for range d.Intn(6) {
		one := list[d.Intn(len(list))]
		if one.Fixed || strings.HasSuffix(one.Name, "pulse_interval_ms") || strings.HasPrefix(one.Name, "governor") {
			continue
		}
		for range 8 {
			value := []int64{0, 1, 2, 3, 21, 32, 100, 999, 1000, 1024, 65535, 1 << 40, one.Value * 2, one.Value / 2, int64(1_000_000 * atn), math.MaxInt64}[d.Intn(16)]
			if next, err := p.With([]ledger.Change{{Name: one.Name, Value: value}}); err == nil {
				p = next
				break
			}
		}
	}
	ledger.Save(c.kv, dao.ParamsKey(), p)
}

// seals are what governors would do about the tasks there are.
func (d dice) seals(c *chain) []move {
	var out []move
	for _, one := range c.view().Tasks() {
		from := second + d.Intn(2)
		secrets := make([]forcederror.Secret, c.view().Params().Traps.Seals)
		m := forcederror.Seal{Task: one.ID}
		for i := range secrets {
			secrets[i].Nonce = digest("nonce", one.ID, i)
			m.Commitments = append(m.Commitments, forcederror.Commitment(network, one.ID, acct(from), secrets[i]))
		}
		switch d.Intn(4) {
		case 0:
			out = append(out, move{from, m})
		case 1:
			out = append(out, move{from, forcederror.Open{Task: one.ID, Secrets: secrets}})
		}
	}
	return out
}

// silences reports whether a governor's message of a kind may end its part in the heartbeat, after which little happens.
func silences(kind string) bool {
	return kind == "heartbeat/leave" || kind == "staking/unbond" || kind == "dao/delegate" || kind == "staking/rotate-key"
}

// wild plays a network in which everybody sends messages of every kind beside honest ones, under numbers that change. No
// block may ever fail.
func wild(t *testing.T, seed int64, blocks int) map[string]int {
	t.Helper()
	d := dice{rand.New(rand.NewSource(seed))}
	c := newChain(t)
	c.funded()
	kinds, done := c.Kinds(), map[string]int{}
	for range blocks {
		if d.Intn(12) == 0 {
			d.decree(c)
		}
		if d.Intn(6) > 0 {
			c.beat()
		}
		moves := d.seals(c)
		made := newMaker(d.Rand, c)
		for range d.Intn(6) {
			if m := made.message(c.Skeleton(kinds[d.Intn(len(kinds))])); m != nil {
				moves = append(moves, move{d.Intn(castSize), m})
			}
			moves = append(moves, d.message(c))
		}
		for _, one := range c.view().Tasks() {
			moves = append(moves, d.mischief(one)...)
			for _, m := range c.moves(one) {
				if d.Intn(4) > 0 && m.from >= 0 {
					moves = append(moves, m)
				}
			}
		}
		nonces := map[int]uint64{}
		var txs [][]byte
		for _, m := range moves {
			if m.msg.Validate() != nil || m.from <= third && silences(m.msg.Kind()) {
				continue
			}
			raw, err := ledger.SignTx(key(m.from), network, c.view().Nonce(acct(m.from))+nonces[m.from], m.msg)
			require.NoError(t, err)
			if app.TakesNonce(m.msg.Kind()) {
				nonces[m.from]++
			}
			txs = append(txs, raw)
		}
		c.height++
		c.timeMS += []int64{1, 100, 100, 700, 700, 700, 3000, 20_000}[d.Intn(8)]
		info := c.info()
		if d.Intn(40) == 0 {
			key := sha256.Sum256([]byte{byte(d.Intn(4)), 'c'})
			info.Equivocations = []app.Equivocation{{
				Kind: app.DoubleSign, Address: staking.ConsAddress(key[:]), Height: 1 + d.Int63n(c.height), TimeMS: c.timeMS,
			}}
		}
		res, err := c.ExecBlock(c.kv, info, txs)
		require.NoError(t, err, "seed %d height %d", seed, c.height)
		for _, tx := range res.Txs {
			require.NotEqual(t, ledger.CodeInternal, tx.Code, "seed %d: %s: %s", seed, tx.Kind, tx.Text)
			done[fmt.Sprintf("%s %s", tx.Kind, tx.Code)]++
		}
		for _, e := range res.Events {
			done[e.Kind]++
		}
		c.sound()
	}
	return done
}

func TestNoMessageUnderNoNumbersStopsABlock(t *testing.T) {
	total := map[string]int{}
	for seed := range int64(8) {
		for what, n := range wild(t, seed, 120) {
			total[what] += n
		}
	}
	for _, what := range []string{
		"task/aggregated", "task/returned", "rewards/settled", "forcederror/sealed", "staking/slashed", "dao/proposed", "project/created",
	} {
		require.NotZero(t, total[what], "the histories never reach %s", what)
	}
}
