package shardreg_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
	"autonet/ledger/shardreg"
)

var (
	ann  = ledgertest.Account(1)
	bob  = ledgertest.Account(2)
	cid  = ledger.ManifestCID([]byte("model"))
	none = ledger.ManifestCID([]byte("unknown"))
)

// staked are the accounts with a provider's stake.
type staked map[ledger.Account]bool

func (s staked) Provider(_ *ledger.Context, _ ledger.KV, account ledger.Account) bool {
	return s[account]
}

// newWorld has ann as a provider of 1000 bytes and a manifest of 100 bytes in 10 + 4 columns of 10.
func newWorld(t *testing.T) (shardreg.Keeper, *ledgertest.KV, staked) {
	t.Helper()
	stakes := staked{ann: true}
	k, kv := shardreg.New(stakes), ledgertest.NewKV()
	require.NoError(t, k.RegisterProvider(ledgertest.Context(ann), kv, shardreg.RegisterProvider{Capacity: 1000}))
	require.NoError(t, k.Register(ledgertest.Context(bob), kv, shardreg.Register{
		Manifest: cid, Root: ledger.Hash{1}, Size: 99, Data: 10, Parity: 4, Strategy: shardreg.LayerWise,
	}))
	return k, kv, stakes
}

func TestMalformedMessagesAreInvalid(t *testing.T) {
	good := shardreg.Register{Manifest: cid, Root: ledger.Hash{1}, Size: 1, Data: 1, Strategy: shardreg.Replica}
	require.NoError(t, good.Validate())
	spoil := func(fn func(*shardreg.Register)) ledger.Msg { m := good; fn(&m); return m }
	many := make([]uint16, 257)
	for i := range many {
		many[i] = uint16(i)
	}
	for name, m := range map[string]ledger.Msg{
		"no capacity":       shardreg.RegisterProvider{},
		"endless capacity":  shardreg.RegisterProvider{Capacity: math.MaxUint64},
		"not a manifest":    spoil(func(m *shardreg.Register) { m.Manifest = ledger.DocCID([]byte("x")) }),
		"no root":           spoil(func(m *shardreg.Register) { m.Root = ledger.Hash{} }),
		"no size":           spoil(func(m *shardreg.Register) { m.Size = 0 }),
		"endless size":      spoil(func(m *shardreg.Register) { m.Size = math.MaxUint64 }),
		"no data":           spoil(func(m *shardreg.Register) { m.Data = 0 }),
		"beyond the field":  spoil(func(m *shardreg.Register) { m.Data, m.Parity = 200, 57 }),
		"no strategy":       spoil(func(m *shardreg.Register) { m.Strategy = "" }),
		"announce nothing":  shardreg.Announce{Columns: []uint16{1}},
		"repeated column":   shardreg.Announce{Manifest: cid, Columns: []uint16{1, 1}},
		"descending column": shardreg.Announce{Manifest: cid, Columns: []uint16{2, 1}},
		"too many columns":  shardreg.Announce{Manifest: cid, Columns: many},
	} {
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(m.Validate()), name)
	}
	require.NoError(t, shardreg.Announce{Manifest: cid, Columns: []uint16{0, 13}}.Validate())
}

func TestRegisterProviderRefusals(t *testing.T) {
	k, kv, stakes := newWorld(t)
	err := k.RegisterProvider(ledgertest.Context(bob), kv, shardreg.RegisterProvider{Capacity: 1})
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(err), "not staked")
	require.NoError(t, k.Announce(ledgertest.Context(ann), kv, shardreg.Announce{Manifest: cid, Columns: []uint16{0, 1}}))
	err = k.RegisterProvider(ledgertest.Context(ann), kv, shardreg.RegisterProvider{Capacity: 19})
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(err), "less than is in use")
	require.NoError(t, k.RegisterProvider(ledgertest.Context(ann), kv, shardreg.RegisterProvider{Capacity: 20}))
	p, _ := k.Provider(kv, ann)
	require.Equal(t, shardreg.Provider{Account: ann, Capacity: 20, Used: 20, Reputation: 500, Since: 10}, p)
	stakes[bob] = true
	require.NoError(t, k.RegisterProvider(ledgertest.Context(bob), kv, shardreg.RegisterProvider{Capacity: 1}))
	count := 0
	k.Providers(kv, func(shardreg.Provider) bool { count++; return true })
	require.Equal(t, 2, count)
}

func TestAManifestIsRegisteredOnceAndNeverChanges(t *testing.T) {
	k, kv, _ := newWorld(t)
	err := k.Register(ledgertest.Context(ann), kv, shardreg.Register{
		Manifest: cid, Root: ledger.Hash{2}, Size: 1, Data: 1, Strategy: shardreg.Replica,
	})
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(err))
	m, ok := k.Manifest(kv, cid)
	require.True(t, ok)
	require.Equal(t, ledger.Hash{1}, m.Root)
	require.Equal(t, bob, m.Publisher)
	require.Equal(t, 14, m.Columns())
	require.Equal(t, uint64(10), m.ColumnBytes())
}

func TestAnnounceRefusals(t *testing.T) {
	k, kv, stakes := newWorld(t)
	stakes[bob] = true
	require.NoError(t, k.RegisterProvider(ledgertest.Context(bob), kv, shardreg.RegisterProvider{Capacity: 19}))
	before := kv.Dump()
	for name, c := range map[string]struct {
		from ledger.Account
		msg  shardreg.Announce
		code ledger.Code
	}{
		"unknown manifest": {ann, shardreg.Announce{Manifest: none, Columns: []uint16{0}}, ledger.CodeNotFound},
		"no such column":   {ann, shardreg.Announce{Manifest: cid, Columns: []uint16{14}}, ledger.CodeRefused},
		"not a provider":   {ledgertest.Account(3), shardreg.Announce{Manifest: cid, Columns: []uint16{0}}, ledger.CodeNotFound},
		"beyond capacity":  {bob, shardreg.Announce{Manifest: cid, Columns: []uint16{0, 1}}, ledger.CodeFunds},
		"nothing to take":  {ann, shardreg.Announce{Manifest: cid}, ledger.CodeNotFound},
	} {
		require.Equal(t, c.code, ledger.CodeOf(k.Announce(ledgertest.Context(c.from), kv, c.msg)), name)
	}
	stakes[bob] = false
	err := k.Announce(ledgertest.Context(bob), kv, shardreg.Announce{Manifest: cid, Columns: []uint16{0}})
	require.Equal(t, ledger.CodeRefused, ledger.CodeOf(err), "stake gone")
	require.Equal(t, before, kv.Dump())
}

func TestAnAnnouncementReplacesTheEarlierOne(t *testing.T) {
	k, kv, stakes := newWorld(t)
	announce := func(columns ...uint16) {
		require.NoError(t, k.Announce(ledgertest.Context(ann), kv, shardreg.Announce{Manifest: cid, Columns: columns}))
	}
	used := func() uint64 { p, _ := k.Provider(kv, ann); return p.Used }
	announce(0, 1, 2)
	require.Equal(t, uint64(30), used())
	announce(5)
	require.Equal(t, uint64(10), used())
	var seen []shardreg.Holding
	k.Holdings(kv, cid, func(h shardreg.Holding) bool { seen = append(seen, h); return true })
	require.Equal(t, []shardreg.Holding{{Manifest: cid, Provider: ann, Columns: []uint16{5}}}, seen)
	stakes[ann] = false
	announce()
	require.Zero(t, used(), "withdrawing is always allowed")
}

func TestGenesisProvidersAreChecked(t *testing.T) {
	k, kv, _ := newWorld(t)
	require.NoError(t, k.GenesisProvider(kv, bob, 5))
	require.Error(t, k.GenesisProvider(kv, bob, 0))
}
