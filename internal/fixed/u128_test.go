package fixed_test

import (
	"math"
	"math/big"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/internal/fixed"
)

func wide(x fixed.U128) *big.Int {
	out := new(big.Int).Lsh(new(big.Int).SetUint64(x.Hi), 64)
	return out.Or(out, new(big.Int).SetUint64(x.Lo))
}

func TestU128AgreesWithBigIntegers(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	pick := func() uint64 {
		switch random.Intn(4) {
		case 0:
			return 0
		case 1:
			return math.MaxUint64 - uint64(random.Intn(3))
		default:
			return random.Uint64() >> random.Intn(64)
		}
	}
	limit := new(big.Int).Lsh(big.NewInt(1), 128)
	same := func(want *big.Int, got fixed.U128, err error) {
		t.Helper()
		if want.Sign() < 0 || want.Cmp(limit) >= 0 {
			require.ErrorIs(t, err, fixed.ErrOverflow)
			return
		}
		require.NoError(t, err)
		require.Zero(t, want.Cmp(wide(got)), "%s is not %v", want, got)
	}
	for range 20_000 {
		x, y, n := fixed.U128{Hi: pick(), Lo: pick()}, fixed.U128{Hi: pick(), Lo: pick()}, pick()
		small := new(big.Int).SetUint64(n)
		sum, err := x.Add(y)
		same(new(big.Int).Add(wide(x), wide(y)), sum, err)
		difference, err := x.Sub(y)
		same(new(big.Int).Sub(wide(x), wide(y)), difference, err)
		product, err := x.Mul(n)
		same(new(big.Int).Mul(wide(x), small), product, err)
		quotient, rest, err := x.Div(n)
		if n == 0 {
			require.ErrorIs(t, err, fixed.ErrOverflow)
			continue
		}
		q, r := new(big.Int).QuoRem(wide(x), small, new(big.Int))
		same(q, quotient, err)
		require.Equal(t, r.Uint64(), rest)
		require.Equal(t, x.Hi == 0 && x.Lo == 0, x.IsZero())
	}
}
