// Command autonet is a node of the Autonet network and everything to look at and direct one. See package cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"autonet/cmd/autonet/cli"
	"autonet/node"
	"autonet/node/devnet"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer restore()
	context.AfterFunc(ctx, restore) // a second Ctrl-C ends the process at once
	return cli.Main(ctx, os.Args[1:], cli.System(), cli.Deps{
		Version: "0.1.0-dev",
		Up:      devnet.Run,
		Init: func(ctx context.Context, o cli.InitOptions) (cli.InitResult, error) {
			r, err := node.Init(ctx, node.InitOptions(o))
			return cli.InitResult(r), err
		},
		Card: func(o cli.InitOptions) ([]byte, error) {
			c, err := node.Card(node.InitOptions(o))
			return c.JSON(), err
		},
		Start: func(ctx context.Context, o cli.StartOptions) error {
			return node.Start(ctx, node.StartOptions{
				Home: o.Home, Version: o.Version, Log: o.Log, Record: o.Record, Light: o.Light, Trust: o.Trust,
				Started: func(node.Endpoint) { o.Ready() },
			})
		},
	})
}
