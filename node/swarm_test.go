package node_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/node"
	"autonet/node/api/client"
	"autonet/node/api/types"
	"autonet/node/home"
	"autonet/node/invite"
	"autonet/p2p/host"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// A closed goleveldb keeps this goroutine for one second to let readers give their buffers back.
		goleak.IgnoreTopFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain"),
		// CometBFT stops its write-ahead log without closing the file's own two goroutines.
		goleak.IgnoreTopFunction("github.com/cometbft/cometbft/libs/autofile.OpenAutoFile.func1"),
		goleak.IgnoreTopFunction("github.com/cometbft/cometbft/libs/autofile.(*AutoFile).closeFileRoutine"),
		// CometBFT does not wait for what it does for a peer; these notice after a sleep of up to two seconds.
		goleak.IgnoreAnyFunction("github.com/cometbft/cometbft/consensus.(*Reactor).queryMaj23Routine"),
	)
}

// running is a node in this process, and its client.
type running struct {
	*client.Client
	home string
	at   node.Endpoint
	stop func() error
}

// started runs the node of a home until the test ends.
func started(t *testing.T, dir string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	up := make(chan node.Endpoint, 1)
	ended := make(chan struct{})
	var result error
	go func() {
		defer close(ended)
		result = node.Start(ctx, node.StartOptions{Home: dir, Version: "test", Started: func(e node.Endpoint) { up <- e }})
	}()
	r := &running{home: dir}
	r.stop = sync.OnceValue(func() error {
		cancel()
		<-ended
		return result
	})
	t.Cleanup(func() { require.NoError(t, r.stop()) })
	select {
	case r.at = <-up:
	case <-ended:
		require.NoError(t, result)
		require.FailNow(t, "the node ended by itself")
	}
	c, err := client.Open(dir)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	r.Client = c
	return r
}

// until waits for a state of the node.
func (r *running) until(t *testing.T, what string, ready func(types.Status) bool) types.Status {
	t.Helper()
	var st types.Status
	require.Eventually(t, func() bool {
		var err error
		st, err = r.Status(t.Context())
		require.NoError(t, err)
		return ready(st)
	}, 20*time.Second, 20*time.Millisecond, what)
	return st
}

func working(s types.Status) bool { return s.Ledger.Height > 1 && s.Lease.Live }

// code is what a program decides by.
func code(t *testing.T, err error) string {
	t.Helper()
	e, ok := errors.AsType[types.Error](err)
	require.True(t, ok, "%v", err)
	require.NotEmpty(t, e.Title)
	return e.Code
}

// nothingBeside checks that a folder holds these entries and no leftovers.
func nothingBeside(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	require.ElementsMatch(t, names, got)
}

func founded(t *testing.T, dir string) node.InitResult {
	t.Helper()
	res, err := node.Init(t.Context(), node.InitOptions{Home: dir, Name: "founder", Network: node.NewNetwork, Loopback: true})
	require.NoError(t, err)
	return res
}

func TestANetworkIsFoundedJoinedUsedStoppedAndStartedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("runs two whole nodes")
	}
	root := t.TempDir()
	first := filepath.Join(root, "first")
	res := founded(t, first)
	a := started(t, first)
	require.Equal(t, res.PeerID, a.at.PeerID)
	require.Equal(t, res.Network, a.at.Network)
	require.NotEmpty(t, a.at.Addrs)

	t.Run("a home has one node", func(t *testing.T) {
		err := node.Start(t.Context(), node.StartOptions{Home: first, Version: "test"})
		require.ErrorIs(t, err, home.ErrRunning)
		require.ErrorContains(t, err, fmt.Sprint(os.Getpid()))
	})

	st := a.until(t, "blocks and a lease", working)
	require.True(t, st.Ledger.IsValidator)
	require.Equal(t, res.Genesis, st.Genesis)

	t.Run("a port is used once", func(t *testing.T) {
		other := filepath.Join(root, "other")
		_, err := node.Init(t.Context(), node.InitOptions{Home: other, Network: node.NewNetwork, Loopback: true, Port: res.Port})
		require.NoError(t, err)
		err = node.Start(t.Context(), node.StartOptions{Home: other, Version: "test"})
		inUse, ok := errors.AsType[*host.PortInUseError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, res.Port, inUse.Port)
		_, err = os.Stat(filepath.Join(other, "node.lock"))
		require.ErrorIs(t, err, os.ErrNotExist, "the lock is given back")
		require.NoError(t, os.RemoveAll(other))
	})

	inv, err := a.Invite(t.Context(), types.InviteRequest{})
	require.NoError(t, err)
	t.Run("an invitation that does not hold leaves nothing behind", func(t *testing.T) {
		whole, err := invite.Decode(inv.Invite)
		require.NoError(t, err)
		for name, c := range map[string]struct {
			change func(*invite.Invite)
			says   string
		}{
			"another genesis": {func(i *invite.Invite) { i.GenesisHash[0]++ }, "another genesis"},
			"another network": {func(i *invite.Invite) { i.Network += "x" }, "not a member of network"},
			"nobody there":    {func(i *invite.Invite) { i.Addresses = []string{"/ip4/127.0.0.1/tcp/1/p2p/" + res.PeerID} }, ""},
		} {
			bad := whole
			c.change(&bad)
			text, err := bad.Encode()
			require.NoError(t, err)
			_, err = node.Init(t.Context(), node.InitOptions{Home: filepath.Join(root, "bad"), Network: text, Loopback: true})
			require.ErrorIs(t, err, node.ErrNoMember, name)
			require.ErrorContains(t, err, c.says, name)
			nothingBeside(t, root, "first")
		}
	})

	second := filepath.Join(root, "second")
	joined, err := node.Init(t.Context(), node.InitOptions{Home: second, Network: inv.Invite, Loopback: true})
	require.NoError(t, err)
	require.Equal(t, res.Genesis, joined.Genesis)
	require.Equal(t, res.Network, joined.Network)
	b := started(t, second)
	b.until(t, "the same ledger", func(s types.Status) bool { return working(s) && s.Peers > 0 && !s.Ledger.CatchingUp })

	t.Run("blocks are the same everywhere", func(t *testing.T) {
		one, err := a.Block(t.Context(), 2)
		require.NoError(t, err)
		other, err := b.Block(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, one, other)
		_, err = b.Block(t.Context(), 1<<40)
		require.Equal(t, types.CodeNotFound, code(t, err))
	})
	t.Run("a file pinned here is read there", func(t *testing.T) { shareFile(t, a, b) })
	t.Run("messages sent at once get nonces of their own", func(t *testing.T) { sendAtOnce(t, a) })
	t.Run("a newcomer is told what it lacks", func(t *testing.T) {
		_, err := b.CreateProject(t.Context(), types.CreateProjectRequest{Name: "poor"})
		require.Equal(t, types.CodeRefused, code(t, err))
		_, err = b.ProposeTask(t.Context(), types.ProposeTaskRequest{})
		require.Equal(t, types.CodeUsage, code(t, err))
		_, err = b.Task(t.Context(), "00000000000000000000000000000000")
		require.Equal(t, types.CodeNotFound, code(t, err))
		_, err = b.Account(t.Context(), "somebody")
		require.Equal(t, types.CodeUsage, code(t, err))
		_, err = b.Connect(t.Context(), types.ConnectRequest{})
		require.Equal(t, types.CodeUsage, code(t, err))
	})

	before, err := a.Status(t.Context())
	require.NoError(t, err)
	for _, r := range []*running{b, a} {
		_, err := r.Stop(t.Context())
		require.NoError(t, err)
		require.NoError(t, r.stop())
		for _, name := range []string{"api.json", "node.lock"} {
			_, err := os.Stat(filepath.Join(r.home, name))
			require.ErrorIs(t, err, os.ErrNotExist, name)
		}
		_, err = client.Open(r.home)
		require.Equal(t, types.CodeNoNode, code(t, err))
	}
	again := started(t, first)
	st, err = again.Status(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, st.Ledger.Height, before.Ledger.Height)
	require.NoError(t, again.stop())
}

// shareFile pins a file with one node and reads it with the other.
func shareFile(t *testing.T, a, b *running) {
	t.Helper()
	data := make([]byte, 2<<20+12345)
	for i := 0; i < len(data); i += sha256.Size {
		sum := sha256.Sum256(fmt.Append(nil, i))
		copy(data[i:], sum[:])
	}
	pinned, err := a.Pin(t.Context(), bytes.NewReader(data), int64(len(data)), types.PinOptions{Name: "noise"}, nil)
	require.NoError(t, err)
	require.True(t, pinned.Complete)
	var got bytes.Buffer
	stats, err := b.Get(t.Context(), pinned.CID, &got, nil)
	require.NoError(t, err)
	require.Equal(t, int64(len(data)), stats.Bytes)
	require.True(t, bytes.Equal(data, got.Bytes()))

	_, err = b.Get(t.Context(), "nonsense", &got, nil)
	require.Equal(t, types.CodeUsage, code(t, err))
	c, err := cid.Decode(pinned.CID)
	require.NoError(t, err)
	digest := slices.Clone(c.Hash())
	digest[len(digest)-1] ^= 1
	unknown := cid.NewCidV1(c.Prefix().Codec, digest).String()
	_, err = b.Get(t.Context(), unknown, &got, nil)
	require.Equal(t, types.CodeNotFound, code(t, err))
	_, err = b.Unpin(t.Context(), unknown)
	require.Equal(t, types.CodeNotFound, code(t, err))

	list, err := a.Shards(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "noise", list[0].Name)
	_, err = a.Unpin(t.Context(), pinned.CID)
	require.NoError(t, err)
	list, err = a.Shards(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
}

// sendAtOnce founds many projects over one account.
func sendAtOnce(t *testing.T, a *running) {
	t.Helper()
	const many = 16
	before, err := a.Account(t.Context(), a.at.PeerID)
	require.NoError(t, err)
	ids, errs := make([]string, many), make([]error, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			p, err := a.CreateProject(t.Context(), types.CreateProjectRequest{Name: fmt.Sprintf("project %d", i)})
			ids[i], errs[i] = p.ID, err
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for i := range many {
		require.NoError(t, errs[i])
		require.False(t, seen[ids[i]])
		seen[ids[i]] = true
	}
	after, err := a.Account(t.Context(), a.at.PeerID)
	require.NoError(t, err)
	require.GreaterOrEqual(t, after.Nonce, before.Nonce+many)
}

func TestInitTouchesNoFolderThatHoldsSomething(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "full")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "diary.txt"), []byte("mine"), 0o600))
	_, err := node.Init(t.Context(), node.InitOptions{Home: dir, Network: node.NewNetwork, Loopback: true})
	require.ErrorIs(t, err, node.ErrHomeNotEmpty)
	nothingBeside(t, root, "full")
	nothingBeside(t, dir, "diary.txt")
}

func TestInitTakesAnEmptyFolderOnceAndIsWholeOrNothing(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "deep", "home")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	for _, broken := range []string{"", "autonet1-", "autonet1-AAAA", "hello"} {
		_, err := node.Init(t.Context(), node.InitOptions{Home: dir, Network: broken, Loopback: true})
		require.ErrorIs(t, err, invite.ErrBroken, "%q", broken)
	}
	for _, o := range []node.InitOptions{{Name: "no spaces"}, {Port: 70_000}, {Roles: []string{"emperor"}}} {
		o.Home, o.Network, o.Loopback = dir, node.NewNetwork, true
		_, err := node.Init(t.Context(), o)
		require.Error(t, err)
	}
	nothingBeside(t, filepath.Dir(dir), "home")
	nothingBeside(t, dir)

	res := founded(t, dir)
	require.Equal(t, dir, res.Home)
	require.Positive(t, res.Port)
	nothingBeside(t, filepath.Dir(dir), "home")
	info, err := os.Stat(filepath.Join(dir, "identity.key"))
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "the key is its owner's alone")
	_, err = node.Init(t.Context(), node.InitOptions{Home: dir, Network: node.NewNetwork, Loopback: true})
	require.ErrorIs(t, err, home.ErrExists)
}

func TestAHomeWithoutNodeDoesNotStart(t *testing.T) {
	err := node.Start(t.Context(), node.StartOptions{Home: t.TempDir(), Version: "test"})
	require.ErrorIs(t, err, home.ErrNotInitialised)
}
