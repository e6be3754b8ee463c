package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

// fields are a message's, by name.
type fields map[string]any

// send signs a message, waits for its block and shows what it brought about.
func (a *app) send(cmd *cobra.Command, from, kind string, msg any) error {
	return a.node(func(c *client.Client) error {
		s, err := c.Submit(cmd.Context(), from, kind, msg)
		if err != nil {
			return err
		}
		return a.show(s, func(p *page) { sentText(p, s) })
	})
}

func sentText(p *page, s types.Submitted) {
	p.line("%s is in block %d, for a fee of %s.", s.Kind, s.Height, types.ATN(s.FeeNatn))
	for _, e := range s.Events {
		p.row("  "+e.Kind, fieldsText(e.Data))
	}
	p.row("  transaction", s.Hash)
}

// fieldsText writes the fields of a JSON object on one line, in their order.
func fieldsText(raw json.RawMessage) string {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return string(raw)
	}
	var parts []string
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return string(raw)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return string(raw)
		}
		parts = append(parts, fmt.Sprintf("%v %s", name, strings.Trim(string(value), `"`)))
	}
	return strings.Join(parts, ", ")
}

// fromFlag adds the flag that chooses the key.
func fromFlag(c *cobra.Command, from *string) {
	c.Flags().StringVar(from, "from", "", "wallet that signs; the node's own key by default")
}

func (a *app) ledgerSend() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "send KIND [JSON]", Short: "Sign any message of the ledger and wait for its block",
		Long:    "The message is a JSON object with the fields that its kind has; - reads it from standard input.",
		Example: "  autonet ledger kinds\n  autonet ledger send bank/burn '{\"denom\":\"ATN\",\"amount\":5}'\n  autonet ledger send heartbeat/register",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var msg any
			if len(args) == 2 {
				raw, err := a.argument(args[1])
				if err != nil {
					return err
				}
				if !json.Valid(raw) {
					return types.NewError(types.CodeUsage, "ledger send", "the message is no JSON", "write it like '{\"denom\":\"ATN\",\"amount\":5}'")
				}
				msg = json.RawMessage(raw)
			}
			return a.send(cmd, from, args[0], msg)
		},
	}
	fromFlag(c, &from)
	return c
}

// maxArgument bounds what is read from standard input or a file in place of an argument, in bytes.
const maxArgument = 1 << 20

// argument is a text itself, or for - what standard input holds.
func (a *app) argument(text string) ([]byte, error) {
	if text != "-" {
		return []byte(text), nil
	}
	return limited(a.streams.In, "standard input")
}

func limited(r io.Reader, name string) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxArgument+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(raw) > maxArgument {
		return nil, types.NewError(types.CodeUsage, name, "it is over 1 MiB", "")
	}
	return raw, nil
}

// fileText reads a text file of at most 1 MiB.
func fileText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", types.NewError(types.CodeUsage, "the file cannot be read", err.Error(), "")
	}
	defer f.Close() //nolint:errcheck // only read
	raw, err := limited(f, path)
	return string(raw), err
}

func (a *app) ledgerKinds() *cobra.Command {
	return &cobra.Command{
		Use: "kinds", Short: "Every kind of message the ledger takes",
		Example: "  autonet ledger kinds\n  autonet ledger kinds --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				kinds, err := c.Kinds(cmd.Context())
				if err != nil {
					return err
				}
				return a.show(types.Kinds{Kinds: kinds}, func(p *page) {
					for _, k := range kinds {
						p.line("%s", k)
					}
				})
			})
		},
	}
}

func (a *app) ledgerState() *cobra.Command {
	return &cobra.Command{
		Use: "state WHAT [ARG…]", Short: "Any part of the ledger's state, as JSON",
		Long:    "An unknown WHAT is answered by the list of all that can be read; a missing ARG by what it is.",
		Example: "  autonet ledger state params\n  autonet ledger state project 5f0c…\n  autonet ledger state heartbeat --json",
		Args:    cobra.RangeArgs(1, 5),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				s, err := c.State(cmd.Context(), args[0], args[1:]...)
				if err != nil {
					return err
				}
				return a.show(s, func(p *page) {
					p.line("%s", indented(s.Value))
				})
			})
		},
	}
}

func indented(raw json.RawMessage) string {
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return string(raw)
	}
	return out.String()
}

// read shows one part of the state; text gets its decoded value.
func read[T any](a *app, cmd *cobra.Command, what string, args []string, text func(p *page, v T)) error {
	return a.node(func(c *client.Client) error {
		s, err := c.State(cmd.Context(), what, args...)
		if err != nil {
			return err
		}
		var v T
		if err := json.Unmarshal(s.Value, &v); err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
		return a.show(s.Value, func(p *page) { text(p, v) })
	})
}

// oneOf reports whether a word is among those allowed, as a usage error.
func oneOf(what, word string, allowed ...string) error {
	if slices.Contains(allowed, word) {
		return nil
	}
	return types.NewError(types.CodeUsage, what, fmt.Sprintf("%q is none", word), "choose among "+strings.Join(allowed, ", "))
}
