package host_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/stretchr/testify/require"

	"autonet/p2p/host"
	"autonet/p2p/p2ptest"
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
	good, err := crypto.MarshalPrivateKey(p2ptest.Key(t))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		content []byte
		mode    os.FileMode
		want    string
	}{
		"open to others":   {good, 0o644, "chmod 600"},
		"another key type": {secpRaw, 0o600, "not Ed25519"},
		"garbage":          {[]byte("hello"), 0o600, "not a libp2p private key"},
		"empty":            {nil, 0o600, "restore it"},
		"huge":             {make([]byte, 5000), 0o600, "too large"},
		"a folder":         {nil, 0o700 | os.ModeDir, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "identity.key")
			if c.mode.IsDir() {
				require.NoError(t, os.Mkdir(path, c.mode.Perm()))
			} else {
				require.NoError(t, os.WriteFile(path, c.content, c.mode))
				require.NoError(t, os.Chmod(path, c.mode))
			}
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
