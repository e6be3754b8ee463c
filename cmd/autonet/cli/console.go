package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"autonet/cmd/autonet/tui"
	"autonet/node/api/client"
	"autonet/node/api/types"
)

func (a *app) console() *cobra.Command {
	var record string
	c := &cobra.Command{
		Use: "console", Short: "Watch a running node: gossip as it flows, peers, ledger, heartbeat, tasks",
		Long: "On a terminal: a screen. Without one, or with --json: one event per line until Ctrl-C.\n" +
			"With --record, every event is also appended to a file as NDJSON.",
		Example: "  autonet console\n  autonet console --record events.ndjson\n  autonet console --json | jq 'select(.verdict == \"reject\")'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			each := func(types.Event) error { return nil }
			if record != "" {
				f, openErr := openRecord(record)
				if openErr != nil {
					return openErr
				}
				defer func() { err = errors.Join(err, f.Close()) }()
				each = recordTo(f)
			}
			return a.node(func(c *client.Client) error { return a.watch(cmd.Context(), c, each) })
		},
	}
	c.Flags().StringVar(&record, "record", "", "append every event to this file as NDJSON")
	return c
}

func (a *app) watch(ctx context.Context, c *client.Client, each func(types.Event) error) error {
	if !a.json && a.terminal(a.streams.Out) && a.terminal(a.streams.In) {
		return tui.ShowConsole(ctx, c, tui.Terminal{In: a.streams.In, Out: a.streams.Out, Plain: a.plain()}, each)
	}
	tell := a.eventLine
	if a.json {
		tell = recordTo(a.streams.Out)
	}
	err := c.Events(ctx, client.Follow{}, func(e types.Event) error { return errors.Join(each(e), tell(e)) })
	if errors.Is(err, context.Canceled) {
		err = nil // Ctrl-C is how it ends
	}
	return err
}

// recordTo writes events as NDJSON.
func recordTo(w io.Writer) func(types.Event) error {
	enc := json.NewEncoder(w)
	return func(e types.Event) error {
		if err := enc.Encode(e); err != nil {
			return fmt.Errorf("record an event: %w", err)
		}
		return nil
	}
}

// eventLine prints an event for people.
func (a *app) eventLine(e types.Event) error {
	line := fmt.Sprintf("%s %-6s %-6s %-22s %-9s %-7s %s", e.Time.Format("15:04:05.000"), e.Source,
		or(e.Topic, "-"), e.Kind, types.Short(or(e.Signer, e.Peer)), or(e.Verdict, "-"), e.Summary)
	_, err := fmt.Fprintln(a.streams.Out, strings.Map(inert, line))
	return err
}
