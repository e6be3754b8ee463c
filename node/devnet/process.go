package devnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"autonet/node/api/client"
)

const (
	stopTimeout  = 25 * time.Second
	clientPoll   = 50 * time.Millisecond
	logTailBytes = 2000
)

// process is one running node of the swarm.
type process struct {
	m   *member
	bin string

	mu     sync.Mutex
	cmd    *exec.Cmd
	tether io.Closer // the child stops when this closes, however we end
	done   chan struct{}
	client *client.Client
	rss    int64 // largest seen, MiB
}

// copyBinary puts this executable into the swarm's folder: that of `go run` disappears.
func copyBinary(root string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	from, err := os.Open(self)
	if err != nil {
		return "", fmt.Errorf("read this program: %w", err)
	}
	defer func() { _ = from.Close() }() // it was only read
	path := filepath.Join(root, "bin", "autonet")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make the swarm's folder: %w", err)
	}
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700) //nolint:gosec // a program is executable
	if err != nil {
		return "", fmt.Errorf("copy this program: %w", err)
	}
	_, err = io.Copy(to, from)
	if err = errors.Join(err, to.Close()); err != nil {
		return "", fmt.Errorf("copy this program: %w", err)
	}
	return path, nil
}

// start runs the node. With keep it outlives us; otherwise it stops when our end of its standard input closes.
func (p *process) start(keep bool) error {
	args := []string{"start", "--home", p.m.home.Dir()}
	if !keep {
		args = append(args, "--tether")
	}
	cmd := exec.Command(p.bin, args...) //nolint:noctx // it ends through its tether, and is waited for
	log, err := os.OpenFile(p.m.home.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.m.name, err)
	}
	defer func() { _ = log.Close() }() // the child has its own
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = ownGroup()
	var tether io.Closer
	if !keep {
		if tether, err = cmd.StdinPipe(); err != nil {
			return fmt.Errorf("start %s: %w", p.m.name, err)
		}
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.m.name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd, p.tether, p.done = cmd, tether, make(chan struct{})
	go func(done chan struct{}) {
		_ = cmd.Wait() // how it ended stands in its log
		close(done)
	}(p.done)
	return nil
}

// connect waits until the node answers its API.
func (p *process) connect(ctx context.Context) error {
	for {
		c, err := client.Open(p.m.home.Dir())
		if err == nil && c.PID() == p.pid() {
			if _, err = c.Status(ctx); err == nil {
				p.mu.Lock()
				p.client = c
				p.mu.Unlock()
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", p.m.name, errors.Join(context.Cause(ctx), err))
		case <-p.exited():
			return fmt.Errorf("%s ended: %s", p.m.name, p.logTail())
		case <-time.After(clientPoll):
		}
	}
}

func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.cmd.Process == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

func (p *process) exited() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

func (p *process) alive() bool {
	select {
	case <-p.exited():
		return false
	default:
		return true
	}
}

// api is the client of the running node.
func (p *process) api() *client.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.client
}

// kill ends the node as a power cut would and waits until it is gone.
func (p *process) kill() error {
	p.mu.Lock()
	cmd, done, c := p.cmd, p.done, p.client
	p.mu.Unlock()
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", p.m.name, err)
	}
	<-done
	if c != nil {
		c.Close()
	}
	return nil
}

// stop asks the node to stop and, if it does not, kills it. It returns once the process is gone.
func (p *process) stop() error {
	p.mu.Lock()
	cmd, done, tether, c := p.cmd, p.done, p.tether, p.client
	p.mu.Unlock()
	if cmd == nil {
		return nil
	}
	if c != nil {
		c.Close()
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.m.name, err)
	}
	if tether != nil {
		defer func() { _ = tether.Close() }() // the child is gone by then
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", p.m.name, err)
	}
	<-done
	return fmt.Errorf("%s did not stop within %s and was killed: %s", p.m.name, stopTimeout, p.logTail())
}

func (p *process) sawRSS(mib int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rss = max(p.rss, mib)
	return p.rss
}

// logTail is the end of the node's log, for errors.
func (p *process) logTail() string {
	raw, err := os.ReadFile(p.m.home.Log())
	if err != nil {
		return "its log cannot be read: " + err.Error()
	}
	if len(raw) > logTailBytes {
		raw = raw[len(raw)-logTailBytes:]
	}
	return string(bytes.TrimSpace(raw))
}
