package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"autonet/node/api/client"
	"autonet/node/api/types"
	"autonet/node/devnet/report"
)

// Deps is what the commands have done by others. All are set by main.
type Deps struct {
	// Version of the binary; empty = what the build recorded.
	Version string
	// Up runs a swarm on this machine.
	Up report.Run
	// Init makes a node's home. The home appears whole or not at all.
	Init func(ctx context.Context, o InitOptions) (InitResult, error)
	// Card makes a home without a genesis and returns its operator's card as JSON.
	Card func(o InitOptions) ([]byte, error)
	// Start runs the node of a home and blocks until ctx ends or it is stopped by its API.
	Start func(ctx context.Context, o StartOptions) error
}

// InitOptions say which node to make.
type InitOptions struct {
	Home, Name string
	// Network is "new", an invitation, or the path of a genesis file.
	Network string
	// Preset names the numbers of a new network: public or devnet.
	Preset string
	// Bootstrap lists members to meet first when Network is a genesis file.
	Bootstrap []string
	// Port is the TCP and QUIC port; 0 chooses a free one and keeps it.
	Port int
	// Roles the node works as beside the defaults.
	Roles []string
	// Loopback confines the node to this machine.
	Loopback bool
}

// InitResult says what was made.
type InitResult struct {
	Home    string `json:"home"`
	PeerID  string `json:"peer_id"`
	Network string `json:"network"`
	Genesis string `json:"genesis_hash"`
	Port    int    `json:"port"`
}

// StartOptions say how to run a node.
type StartOptions struct {
	Home, Version string
	// Log receives the node's log.
	Log io.Writer
	// Record is the file that receives every event as NDJSON; empty = none.
	Record string
	// Light follows the ledger by its headers alone.
	Light bool
	// Trust is an exported header that a light node is to trust; empty = none.
	Trust []byte
	// Ready is called once the API answers.
	Ready func()
}

// Streams are what a command reads, writes and is told by its surroundings.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
}

// System are the process's own streams.
func System() Streams {
	return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}
}

// Main runs the command that args name and returns the exit code.
func Main(ctx context.Context, args []string, s Streams, d Deps) int {
	a := &app{streams: s, deps: d}
	root := a.root() //nolint:contextcheck // each command gets the context from cobra
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return types.ExitDone
	}
	a.json = a.json || slices.Contains(args, "--json")
	return a.complain(cmd, err)
}

// app is one run of the command line.
type app struct {
	streams Streams
	deps    Deps
	home    string
	json    bool
	begun   bool // the command itself has begun: what fails from here on is not the way it was written
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "autonet",
		Short: "Train and serve AI models together, without an owner",
		Long: "Autonet is a peer-to-peer network in which communities train and serve AI models together without trusting\n" +
			"each other or any owner. One command shows all of it on this machine: autonet up",
		Example:           "  autonet up\n  autonet init && autonet start\n  autonet status --json",
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: a.begin,
		RunE:              help,
	}
	root.PersistentFlags().StringVar(&a.home, "home", a.defaultHome(), "folder that holds the node's state ($AUTONET_HOME)")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON for machines")
	root.AddCommand(
		a.up(), a.init(), a.start(), a.stop(), a.status(), a.id(), a.peers(), a.invite(), a.join(),
		a.shard(), a.project(), a.task(), a.infer(), a.wallet(), a.stake(), a.rewards(), a.ledger(), a.genesis(), a.gov(), a.constitution(), a.align(), a.heartbeat(),
		a.console(), a.config(), a.version(), a.completion(),
	)
	return root
}

// begin refuses what no command can mean; a script's unset variable shall not become a question about everything.
func (a *app) begin(cmd *cobra.Command, args []string) error {
	if i := slices.Index(args, ""); i >= 0 {
		return fmt.Errorf("argument %d is empty", i+1)
	}
	a.begun = true
	return nil
}

func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// group is a command that only holds others.
func group(use, short, example string, sub ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.NoArgs, RunE: help}
	c.AddCommand(sub...)
	return c
}

func (a *app) defaultHome() string {
	if home := a.streams.Getenv("AUTONET_HOME"); home != "" {
		return home
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		return ".autonet"
	}
	return filepath.Join(dir, ".autonet")
}

// node opens the running node of the home, calls fn and closes it.
func (a *app) node(fn func(c *client.Client) error) error {
	c, err := client.Open(a.home)
	if err != nil {
		return err
	}
	defer c.Close()
	return fn(c)
}

// complain tells the error on standard error, as JSON if asked, and returns the exit code.
func (a *app) complain(cmd *cobra.Command, err error) int {
	e := a.explain(cmd, err)
	if a.json {
		_ = writeJSON(a.streams.Err, e) // there is nowhere else to complain
		return e.Exit
	}
	text := "autonet: " + e.Error()
	if e.Reason != "" && !strings.Contains(text, e.Reason) {
		text += " (" + e.Reason + ")"
	}
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	_, _ = io.WriteString(a.streams.Err, strings.Map(inert, text)+"\n")
	return e.Exit
}

func (a *app) explain(cmd *cobra.Command, err error) types.Error {
	path := "autonet"
	if cmd != nil {
		path = cmd.CommandPath()
	}
	name := or(strings.TrimPrefix(strings.TrimPrefix(path, "autonet"), " "), "wrong usage")
	switch {
	case !a.begun && !isAPIError(err):
		return types.NewError(types.CodeUsage, name, misread(oneLine(err)), "see: "+path+" --help")
	case errors.Is(err, context.Canceled):
		return types.NewError(types.CodeFailed, name, "interrupted", "")
	}
	e := types.ErrorOf(name, known(err))
	e.Detail = strings.ReplaceAll(e.Detail, "\n", "; ")
	if e.Title == types.TitleNotUnderstood { // the server speaks of a request, a person has written a command
		e.Title, e.Advice = name, "see: "+path+" --help"
		e.Detail = strings.NewReplacer("body.", "", "query.", "", "path.", "").Replace(e.Detail)
	}
	return e
}

// misread retells what the parser of flags makes of a number below zero.
func misread(text string) string {
	_, word, found := strings.Cut(text, "unknown shorthand flag: ")
	if _, word, _ = strings.Cut(word, " in -"); found && word != "" && strings.Trim(word, "0123456789.") == "" {
		return "-" + word + " is below zero"
	}
	return text
}

func isAPIError(err error) bool {
	var e interface{ APIError() types.Error }
	return errors.As(err, &e)
}

func usage(what string, err error) error {
	return types.NewError(types.CodeUsage, what, oneLine(err), "see: autonet --help")
}

func oneLine(err error) string { return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ") }

// terminal reports whether a stream is a terminal that can be drawn on.
func (a *app) terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && a.streams.Getenv("TERM") != "dumb"
}

// plain reports whether colour is unwanted.
func (a *app) plain() bool { return a.streams.Getenv("NO_COLOR") != "" }
