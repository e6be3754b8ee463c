package abci_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
)

// member is the environment variable that makes this program a member of the perturbed network: its folder, its name and
// the name of its consensus key.
const member = "AUTONET_ABCI_TEST_MEMBER"

// actAsMember runs a validator that commits transactions of a sender of its own and does what it reads from standard
// input, until it is killed.
func actAsMember(args string) error {
	part := strings.Split(args, ",")
	root, name, cons := part[0], part[1], part[2]
	home := filepath.Join(root, name)
	e, err := abci.NewTestEngine(abci.Config{
		Dir: filepath.Join(home, "data"), GenesisFile: filepath.Join(root, "genesis.json"),
		ValidatorKeyFile: filepath.Join(home, "key.json"), ValidatorStateFile: filepath.Join(home, "state.json"),
		NodeKey: key("node " + name), EmptyBlockInterval: tick, SnapshotEvery: 20,
	})
	if err != nil {
		return err
	}
	if _, err := abci.EnsureValidatorKey(filepath.Join(home, "key.json"), filepath.Join(home, "state.json"), consSeed(cons)); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- e.Run(context.Background()) }()
	select {
	case <-e.Ready():
	case err := <-ended:
		return fmt.Errorf("the engine ended: %w", err)
	}
	var out sync.Mutex
	say := func(text string, args ...any) {
		out.Lock()
		defer out.Unlock()
		fmt.Printf(text+"\n", args...)
	}
	say("ready %s %s", e.NodeID(), e.P2PAddr())
	go load(e, name, say)
	go func() {
		say("ended %v", <-ended)
		os.Exit(1)
	}()
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var a, b string
		var height int64
		switch line := in.Text(); {
		case scans(line, "dial %s %s", &a, &b):
			if err := e.DialPeer(context.Background(), a, b); err != nil {
				return err
			}
			say("done")
		case scans(line, "height"):
			say("done %d", e.Status().Height)
		case scans(line, "block %d", &height):
			info, err := e.Block(height)
			say("done %s %s %v", info.Hash, info.AppHash, err)
		case scans(line, "nonce %s", &a):
			var nonce, faults uint64
			err := e.Read(func(kv ledger.KV) error {
				nonce, faults = abci.Nonce(kv, account(key(a))), abci.Faults(kv)
				return nil
			})
			say("done %d %d %v", nonce, faults, err)
		}
	}
	return nil
}

func scans(line, format string, into ...any) bool {
	if len(into) == 0 {
		return line == format
	}
	n, err := fmt.Sscanf(line, format, into...)
	return err == nil && n == len(into)
}

// load commits one transaction after the other and says so. One that was lost on the way is submitted again.
func load(e *abci.Engine, sender string, say func(string, ...any)) {
	from := key(sender)
	var nonce uint64
	_ = e.Read(func(kv ledger.KV) error { nonce = abci.Nonce(kv, account(from)); return nil })
	for ; ; nonce++ {
		raw, err := ledger.SignTx(from, network, nonce, abci.Put{Key: sender, Value: []byte(fmt.Sprint(nonce))})
		if err != nil {
			panic(err)
		}
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			_, _ = e.Submit(ctx, raw)
			result, err := e.Await(ctx, ledger.TxHash(raw))
			cancel()
			if err == nil {
				if result.Err() == nil {
					say("committed %d", nonce)
				}
				break
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// process is a member as the test sees it.
type process struct {
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	said  chan string // answers
	id    string
	addr  string
	acked *atomic.Int64 // last transaction it called committed, of this and its earlier lives
}

// link is the way from one member to another, which can be cut and slowed.
type link struct {
	net.Listener
	to    atomic.Pointer[process]
	cut   atomic.Bool
	delay atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// perturbed is a network of processes.
type perturbed struct {
	t     *testing.T
	root  string
	procs map[string]*process
	acked map[string]*atomic.Int64
	links map[[2]string]*link
	work  sync.WaitGroup

	compared int64 // the height up to which all members have been found equal
}

func (p *perturbed) start(name, cons string) *process {
	t := p.t
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s,%s,%s", member, p.root, name, cons))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	if p.acked[name] == nil {
		p.acked[name] = new(atomic.Int64)
		p.acked[name].Store(-1)
	}
	m := &process{name: name, cmd: cmd, in: in, said: make(chan string, 16), acked: p.acked[name]}
	p.work.Go(func() {
		defer close(m.said)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var nonce int64
			if scans(lines.Text(), "committed %d", &nonce) {
				m.acked.Store(nonce)
				continue
			}
			m.said <- lines.Text()
		}
	})
	require.True(t, scans(m.answer(t), "ready %s %s", &m.id, &m.addr))
	p.procs[name] = m
	for ends, l := range p.links {
		if ends[1] == name {
			l.to.Store(m)
		}
	}
	for other, o := range p.procs {
		if other == name {
			continue
		}
		p.connect(m, o)
		p.connect(o, m)
	}
	return m
}

// connect lets one member dial another through their link; the smaller name dials.
func (p *perturbed) connect(a, b *process) {
	if a.name > b.name {
		return
	}
	ends := [2]string{a.name, b.name}
	l := p.links[ends]
	if l == nil {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		require.NoError(p.t, err)
		l = &link{Listener: listener, conns: map[net.Conn]bool{}}
		l.to.Store(b)
		p.links[ends] = l
		p.work.Go(func() { l.serve(&p.work) })
	}
	a.tell(p.t, "dial %s %s", b.id, l.Addr().String())
}

func (l *link) serve(work *sync.WaitGroup) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp4", l.to.Load().addr)
		if err != nil || !l.keep(in, out) {
			_ = in.Close()
			if err == nil {
				_ = out.Close()
			}
			continue
		}
		work.Go(func() { l.carry(in, out) })
		work.Go(func() { l.carry(out, in) })
	}
}

func (l *link) keep(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut.Load() {
		return false
	}
	for _, c := range conns {
		l.conns[c] = true
	}
	return true
}

func (l *link) carry(from, to net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			time.Sleep(time.Duration(l.delay.Load()))
			_, err = to.Write(buf[:n])
		}
		if err != nil {
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range []net.Conn{from, to} {
		_ = c.Close()
		delete(l.conns, c)
	}
}

// sever cuts a link, or mends it.
func (l *link) sever(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut.Store(cut)
	for c := range l.conns {
		if cut {
			_ = c.Close()
		}
	}
}

// of calls fn with every link of a member.
func (p *perturbed) of(name string, fn func(*link)) {
	for ends, l := range p.links {
		if ends[0] == name || ends[1] == name {
			fn(l)
		}
	}
}

func (m *process) answer(t *testing.T) string {
	t.Helper()
	select {
	case line, ok := <-m.said:
		require.True(t, ok, "%s has ended", m.name)
		return line
	case <-time.After(60 * time.Second):
		t.Fatal(m.name, " does not answer")
		return ""
	}
}

func (m *process) tell(t *testing.T, text string, args ...any) string {
	t.Helper()
	_, err := fmt.Fprintf(m.in, text+"\n", args...)
	require.NoError(t, err)
	line := m.answer(t)
	require.True(t, strings.HasPrefix(line, "done"), "%s: %s", m.name, line)
	return line
}

func (m *process) height(t *testing.T) (height int64) {
	t.Helper()
	require.True(t, scans(m.tell(t, "height"), "done %d", &height))
	return height
}

func (m *process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, m.cmd.Process.Kill())
	_ = m.cmd.Wait() // it was killed
}

func (m *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	require.NoError(t, m.cmd.Process.Signal(s))
}

// goesOn waits until each of the named members has had some more of its own transactions committed.
func (p *perturbed) goesOn(names ...string) {
	p.t.Helper()
	for _, name := range names {
		acked := p.acked[name]
		from := acked.Load()
		require.Eventually(p.t, func() bool { return acked.Load() >= from+3 }, 90*time.Second, 20*time.Millisecond,
			"%s makes no progress", name)
	}
}

// agrees compares every block of all members and looks for every transaction that was acknowledged.
func (p *perturbed) agrees(names ...string) {
	t := p.t
	t.Helper()
	want := map[string]int64{}
	for name, acked := range p.acked {
		want[name] = acked.Load()
	}
	top := int64(0)
	for _, name := range names {
		top = max(top, p.procs[name].height(t))
	}
	for _, name := range names {
		m := p.procs[name]
		require.Eventually(t, func() bool { return m.height(t) >= top }, 90*time.Second, 50*time.Millisecond)
		for sender, last := range want {
			var nonce int64
			require.True(t, scans(m.tell(t, "nonce %s", sender), "done %d", &nonce))
			require.Greater(t, nonce, last, "%s lacks a transaction of %s that was acknowledged", name, sender)
		}
	}
	for height := max(p.compared-5, 1); height <= top; height++ {
		first := p.procs[names[0]].tell(t, "block %d", height)
		require.Contains(t, first, "<nil>")
		for _, name := range names[1:] {
			require.Equal(t, first, p.procs[name].tell(t, "block %d", height), "a fork at height %d", height)
		}
	}
	p.compared = top
}

// halted checks that no block is made any more.
func (p *perturbed) halted(name string) {
	p.t.Helper()
	m := p.procs[name]
	last, still := m.height(p.t), 0
	require.Eventually(p.t, func() bool {
		if height := m.height(p.t); height != last {
			last, still = height, 0
		} else {
			still++
		}
		return still >= 6 // looks, each more than a block's time apart
	}, 60*time.Second, 2*tick)
}

func TestPerturbedNetworkNeitherForksNorForgets(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a network of processes")
	}
	p := &perturbed{
		t: t, root: t.TempDir(), procs: map[string]*process{}, acked: map[string]*atomic.Int64{}, links: map[[2]string]*link{},
	}
	t.Cleanup(func() {
		for _, m := range p.procs {
			_ = m.cmd.Process.Kill()
			_ = m.cmd.Wait()
		}
		for _, l := range p.links {
			_ = l.Close()
			l.sever(true)
		}
		p.work.Wait()
	})
	names, keys := []string{"a", "b", "c", "d"}, make([][]byte, 4)
	for i, name := range names {
		cfg, pub := config(t, p.root, name)
		keys[i] = pub
		if i == 3 {
			require.NoError(t, abci.WriteTestGenesis(cfg.GenesisFile, network, time.Now(), keys...))
		}
	}
	for _, name := range names {
		p.start(name, name)
	}
	p.goesOn(names...)
	for round := range rounds(t, 1) {
		t.Log("round", round)
		p.perturb(names)
	}
}

func (p *perturbed) perturb(names []string) {
	t := p.t
	p.procs["a"].kill(t)
	p.goesOn("b", "c", "d")
	p.start("a", "a")
	p.goesOn("a")
	p.agrees(names...)

	p.procs["b"].signal(t, syscall.SIGSTOP)
	p.goesOn("a", "c", "d")
	p.procs["b"].signal(t, syscall.SIGCONT)
	p.goesOn("b")
	p.agrees(names...)

	p.of("c", func(l *link) { l.sever(true) })
	p.goesOn("a", "b", "d")
	p.of("c", func(l *link) { l.sever(false) })
	p.goesOn("c")
	p.agrees(names...)

	p.of("d", func(l *link) { l.delay.Store(int64(50 * time.Millisecond)) })
	p.goesOn("a", "b", "c")
	p.of("d", func(l *link) { l.delay.Store(0) })
	p.goesOn("d")
	p.agrees(names...)

	for _, name := range []string{"a", "b"} {
		p.of(name, func(l *link) { l.sever(true) })
	}
	p.halted("c")
	for _, name := range []string{"a", "b"} {
		p.of(name, func(l *link) { l.sever(false) })
	}
	p.goesOn(names...)
	p.agrees(names...)

	// A second process has the key of d: whenever it is its turn there are two proposals, and d votes twice.
	twin := p.start("twin", "d")
	require.Eventually(t, func() bool {
		var nonce, faults int64
		require.True(t, scans(p.procs["a"].tell(t, "nonce a"), "done %d %d", &nonce, &faults))
		return faults > 0
	}, 90*time.Second, 50*time.Millisecond, "the double signer was not reported")
	p.goesOn("a", "b", "c")
	twin.kill(t)
	delete(p.procs, "twin")
	p.goesOn(names...)
	p.agrees(names...)
}
