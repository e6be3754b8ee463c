package host_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/stretchr/testify/require"

	"autonet/p2p/host"
)

func TestKeyIsCreatedOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home", "identity.key")
	first, err := host.LoadOrCreateKey(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	again, err := host.LoadOrCreateKey(path)
	require.NoError(t, err)
	require.True(t, first.Equals(again))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
}

func TestConcurrentCreatorsGetOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identity.key")
	keys := make([]crypto.PrivKey, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { keys[i], _ = host.LoadOrCreateKey(path) })
	}
	wg.Wait()
	for _, k := range keys {
		require.NotNil(t, k)
		require.True(t, keys[0].Equals(k))
	}
}

func TestUnfitKeyFilesAreRefusedWithTheWayOut(t *testing.T) {
	secp, _, err := crypto.GenerateKeyPair(crypto.Secp256k1, 0)
	require.NoError(t, err)
	secpRaw, err := crypto.MarshalPrivateKey(secp)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		make func(t *testing.T, path string)
		want string
	}{
		"open to others": {func(t *testing.T, p string) {
			_, err := host.LoadOrCreateKey(p)
			require.NoError(t, err)
			require.NoError(t, os.Chmod(p, 0o644))
		}, "chmod 600"},
		"another key type": {func(t *testing.T, p string) { require.NoError(t, os.WriteFile(p, secpRaw, 0o600)) }, "not Ed25519"},
		"garbage":          {func(t *testing.T, p string) { require.NoError(t, os.WriteFile(p, []byte("hello"), 0o600)) }, "not a libp2p private key"},
		"empty":            {func(t *testing.T, p string) { require.NoError(t, os.WriteFile(p, nil, 0o600)) }, "restore it"},
		"huge":             {func(t *testing.T, p string) { require.NoError(t, os.WriteFile(p, make([]byte, 5000), 0o600)) }, "too large"},
		"a folder":         {func(t *testing.T, p string) { require.NoError(t, os.Mkdir(p, 0o700)) }, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "identity.key")
			c.make(t, path)
			before, _ := os.ReadFile(path)
			_, err := host.LoadOrCreateKey(path)
			var bad *host.KeyFileError
			require.ErrorAs(t, err, &bad)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, path)
			after, _ := os.ReadFile(path)
			require.Equal(t, before, after, "a refused file is left alone")
		})
	}
}
