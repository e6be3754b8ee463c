package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
	"autonet/node/home"
)

const (
	startWait = 90 * time.Second
	stopWait  = 60 * time.Second
	pollPause = 50 * time.Millisecond
)

// startDetached starts the node as a process of its own and waits until it answers.
func (a *app) startDetached(ctx context.Context, f startFlags) error {
	h := home.At(a.home)
	if c, err := client.Open(a.home); err == nil {
		_, err = c.Status(ctx)
		c.Close()
		if err == nil {
			return fmt.Errorf("%s: %w", a.home, home.ErrRunning)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	log, err := os.OpenFile(h.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	args := []string{"start", "--home", a.home}
	if f.record != "" {
		args = append(args, "--record", f.record)
	}
	if f.light {
		args = append(args, "--light")
	}
	if f.trust != "" {
		args = append(args, "--trust", f.trust)
	}
	child := exec.CommandContext(context.WithoutCancel(ctx), self, args...)
	child.Stdout, child.Stderr = log, log
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = child.Start()
	if err = errors.Join(err, log.Close()); err != nil {
		return fmt.Errorf("start %s: %w", self, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	return a.awaitStart(ctx, child.Process.Pid, ended)
}

func (a *app) awaitStart(ctx context.Context, pid int, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for {
		if c, err := client.Open(a.home); err == nil {
			answers := c.PID() == pid
			if answers {
				err = a.announce(ctx, c)
			}
			c.Close()
			if answers && err == nil {
				return nil
			}
		}
		select {
		case err := <-ended:
			return types.NewError(types.CodeFailed, fmt.Sprintf("the node did not start (%v)", err), lastLine(home.At(a.home).Log()), "see all of "+home.At(a.home).Log())
		case <-ctx.Done():
			return types.NewError(types.CodeTimeout, "the node does not answer yet", fmt.Sprintf("process %d runs", pid),
				"wait, then: autonet status; its log is "+home.At(a.home).Log())
		case <-time.After(pollPause):
		}
	}
}

// lastLine returns the end of a log: what a process said before it ended.
func lastLine(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	raw = bytes.TrimSpace(raw)
	line := string(raw[bytes.LastIndexByte(raw, '\n')+1:])
	return line[:min(len(line), 1000)]
}

func (a *app) stop() *cobra.Command {
	return &cobra.Command{
		Use: "stop", Short: "Stop the node of this home and wait until it has ended",
		Example: "  autonet stop\n  autonet stop --home /tmp/b", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				s, err := c.Stop(cmd.Context())
				if err != nil {
					return err
				}
				if err := awaitEnd(cmd.Context(), s.PID); err != nil {
					return err
				}
				return a.show(s, func(p *page) { p.line("stopped (process %d)", s.PID) })
			})
		},
	}
}

func awaitEnd(ctx context.Context, pid int) error {
	ctx, cancel := context.WithTimeout(ctx, stopWait)
	defer cancel()
	for alive(pid) {
		select {
		case <-ctx.Done():
			return types.NewError(types.CodeTimeout, "the node is still stopping", fmt.Sprintf("process %d has not ended", pid),
				fmt.Sprintf("wait, or end it with: kill -9 %d (it loses nothing it acknowledged)", pid))
		case <-time.After(pollPause):
		}
	}
	return nil
}

// alive reports whether a process runs; one that ended but whose parent has not asked yet does not.
func alive(pid int) bool {
	if pid <= 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) || !hasProc()
	}
	_, after, found := bytes.Cut(stat, []byte(") "))
	return !found || len(after) == 0 || after[0] != 'Z'
}

// hasProc reports whether this system tells about processes in /proc.
func hasProc() bool {
	_, err := os.Stat("/proc/self/stat")
	return err == nil
}
