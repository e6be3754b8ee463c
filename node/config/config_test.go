package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/config"
)

func TestTheDefaultIsValidAndSurvivesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	c := config.Default()
	c.Network.Bootstrap = []string{"/ip4/127.0.0.1/tcp/4001/p2p/12D3KooW"}
	require.NoError(t, c.Save(path))
	got, err := config.Load(path)
	require.NoError(t, err)
	require.Equal(t, c, got)
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(raw), "# TCP and QUIC port")
}

func TestEachBadValueNamesItsKey(t *testing.T) {
	cases := map[string]func(*config.Config){
		"name":                func(c *config.Config) { c.Name = "a b" },
		"network.port":        func(c *config.Config) { c.Network.Port = 70000 },
		"network.bootstrap":   func(c *config.Config) { c.Network.Bootstrap = []string{"host:1"} },
		"api.listen":          func(c *config.Config) { c.API.Listen = "0.0.0.0:80" },
		"roles.enabled":       func(c *config.Config) { c.Roles.Enabled = []string{"owner"} },
		"roles.threads":       func(c *config.Config) { c.Roles.Threads = -1 },
		"roles.slot":          func(c *config.Config) { c.Roles.Slot = 32 },
		"roles.cheat":         func(c *config.Config) { c.Roles.Cheat = "bribe" },
		"shards.capacity_mib": func(c *config.Config) { c.Shards.CapacityMiB = 1 },
		"log.level":           func(c *config.Config) { c.Log.Level = "loud" },
	}
	for key, spoil := range cases {
		t.Run(key, func(t *testing.T) {
			c := config.Default()
			spoil(&c)
			err := c.Validate()
			require.ErrorIs(t, err, config.ErrInvalid)
			require.ErrorContains(t, err, key)
			require.Error(t, c.Save(filepath.Join(t.TempDir(), "c")))
		})
	}
}

func TestAMisspeltKeyIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(path, []byte("[network]\nprot = 1\n"), 0o600))
	_, err := config.Load(path)
	require.ErrorIs(t, err, config.ErrInvalid)
	require.ErrorContains(t, err, "network.prot")
}

func TestBrokenTOMLNamesTheLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(path, []byte("name = \"a\"\n[network\n"), 0o600))
	_, err := config.Load(path)
	require.ErrorContains(t, err, "line 2")
}
