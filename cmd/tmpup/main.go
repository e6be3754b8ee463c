// Command tmpup is a trial.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"autonet/node"
	"autonet/node/devnet"
	"autonet/node/devnet/report"
)

type obs struct{ last string }

func (o *obs) Update(s report.Snapshot) {
	line := fmt.Sprintf("%5.1fs %s r%d %s %s claimed %d committed %d revealed %d votes %d step %d/%d", s.Elapsed.Seconds(), s.Stage, s.Round, s.Task.State, s.Task.Phase, s.Task.Claimed, s.Task.Committed, s.Task.Revealed, s.Task.Votes, s.Task.Step, s.Task.Steps)
	key := fmt.Sprint(s.Stage, s.Round, s.Task.State, s.Task.Phase, s.Task.Claimed, s.Task.Committed, s.Task.Revealed, s.Task.Votes)
	if key != o.last {
		o.last = key
		fmt.Fprintln(os.Stderr, line, s.Accuracy)
	}
}
func (o *obs) Note(l string) { fmt.Fprintln(os.Stderr, l) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Args[1] == "start" {
		ctx, cancel := context.WithCancel(ctx)
		go func() { io.Copy(io.Discard, os.Stdin); cancel() }()
		if err := node.Start(ctx, node.StartOptions{Home: os.Args[3], Version: "dev", Log: os.Stderr}); err != nil {
			fmt.Fprintln(os.Stderr, "ERR", err)
			os.Exit(1)
		}
		return
	}
	o := report.DefaultOptions()
	for i := 2; i+1 < len(os.Args); i += 2 {
		n, _ := strconv.Atoi(os.Args[i+1])
		switch os.Args[i] {
		case "--nodes":
			o.Nodes = n
		case "--rounds":
			o.Rounds = n
		case "--byzantine":
			o.Byzantine = n
		case "--kill":
			o.Kill = n
		case "--threads":
			o.Threads = n
		case "--cheat":
			o.Cheats = append(o.Cheats, os.Args[i+1])
		case "--data":
			o.Data = os.Args[i+1]
		case "--home":
			o.Home = os.Args[i+1]
		case "--seed":
			s := uint64(n)
			o.Seed = &s
		}
	}
	rep, err := devnet.Run(ctx, o, &obs{})
	if err != nil {
		fmt.Fprintln(os.Stderr, "ERR", err)
		os.Exit(1)
	}
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", " ")
	e.Encode(rep)
}
