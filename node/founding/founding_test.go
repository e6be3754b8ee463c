package founding_test

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/node/founding"
)

func keyOf(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func card(t *testing.T, seed byte, network string) founding.Card {
	t.Helper()
	key := keyOf(seed)
	account := ledger.AccountFromKey(key.Public().(ed25519.PublicKey))
	c, err := founding.Card{
		Network: network, Name: "op", Account: account, ConsKey: keyOf(seed + 100).Public().(ed25519.PublicKey), Salts: ledger.Hash{seed},
		Capacity: 1 << 30, Addrs: []string{"/ip4/127.0.0.1/tcp/4001/p2p/" + string(account)},
	}.Sign(key)
	require.NoError(t, err)
	return c
}

func TestACardIsOnlyItsOperatorsWord(t *testing.T) {
	c := card(t, 1, "commons")
	read, err := founding.DecodeCard(c.JSON())
	require.NoError(t, err)
	require.Equal(t, c, read)
	other := card(t, 2, "commons")
	for name, spoil := range map[string]func(*founding.Card){
		"another network": func(c *founding.Card) { c.Network = "other" },
		"another key":     func(c *founding.Card) { c.ConsKey = other.ConsKey },
		"another account": func(c *founding.Card) { c.Account = other.Account },
		"another salt":    func(c *founding.Card) { c.Salts = ledger.Hash{9} },
		"more capacity":   func(c *founding.Card) { c.Capacity++ },
		"no signature":    func(c *founding.Card) { c.Sig = nil },
		"short key":       func(c *founding.Card) { c.ConsKey = c.ConsKey[:5] },
		"bad network":     func(c *founding.Card) { c.Network = "No Spaces" },
		"foreign address": func(c *founding.Card) { c.Addrs = other.Addrs },
	} {
		bad := c
		spoil(&bad)
		require.ErrorIs(t, bad.Verify(), founding.ErrCard, name)
	}
	for _, raw := range [][]byte{nil, []byte("{}"), []byte("[]"), append(c.JSON(), '1'), bytes.Repeat([]byte(" "), 1<<20)} {
		_, err := founding.DecodeCard(raw)
		require.ErrorIs(t, err, founding.ErrCard)
	}
}

func FuzzDecodeCard(f *testing.F) {
	f.Add([]byte(`{"network":"commons","cons_key":"AAAA"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c, err := founding.DecodeCard(raw); err == nil {
			require.NoError(t, c.Verify())
		}
	})
}

func TestOperatorsFoundANetworkTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "genesis.json")
	begin := time.Now().Add(time.Hour)
	a, b, c := card(t, 1, "commons"), card(t, 2, "commons"), card(t, 3, "commons")
	require.NoError(t, founding.New(path, founding.PresetDevnet, ledger.ATN, a, founding.DefaultShare(), begin))
	alone, err := founding.Verify(path)
	require.NoError(t, err)
	require.Empty(t, alone.Warnings)
	require.ErrorIs(t, founding.New(path, "", 0, a, founding.DefaultShare(), begin), founding.ErrExists)

	require.NoError(t, founding.Add(path, b, founding.Share{Stake: 60_000 * ledger.ATN, Balance: 5}, time.Now()))
	r, err := founding.Verify(path)
	require.NoError(t, err)
	require.Equal(t, "commons", r.Network)
	require.NotEqual(t, alone.Hash, r.Hash)
	require.Equal(t, begin.UTC().Truncate(time.Millisecond).UnixMilli(), r.BeginsMS)
	require.Len(t, r.Founders, 2)
	require.Equal(t, []uint64{250, 750}, []uint64{r.Founders[0].PerMille, r.Founders[1].PerMille})
	require.Len(t, r.Warnings, 2, "one founder has three quarters")

	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.ErrorIs(t, founding.Add(path, b, founding.DefaultShare(), time.Now()), founding.ErrTwice)
	require.ErrorIs(t, founding.Add(path, card(t, 4, "other"), founding.DefaultShare(), time.Now()), founding.ErrNetwork)
	require.ErrorIs(t, founding.Add(path, c, founding.DefaultShare(), begin.Add(time.Second)), founding.ErrNoRoom)
	require.Error(t, founding.Add(path, c, founding.Share{Stake: 1}, time.Now()), "below a validator's minimum")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after, "what is refused changes nothing")
}

func TestAGenesisThatWasTouchedIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "genesis.json")
	require.NoError(t, founding.New(path, "", ledger.ATN, card(t, 1, "commons"), founding.DefaultShare(), time.Now()))
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, bytes.Replace(raw, []byte(`"power": "20000"`), []byte(`"power": "20001"`), 1), 0o644))
	_, err = founding.Verify(path)
	require.Error(t, err)
	_, err = founding.Params("nothing")
	require.Error(t, err)
}
