package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
	"autonet/node/proofs"
)

// maxDocument bounds a proof or header file.
const maxDocument = 8 << 20

func (a *app) ledgerProof() *cobra.Command {
	var file string
	var height int64
	c := &cobra.Command{
		Use: "proof WHAT [ARG…]", Short: "A record of the ledger with its proof against a header",
		Long: "The proof stands alone: whoever trusts the header's hash can check it without a node, with: autonet ledger verify\n" +
			"That there is no such record is proven as well. What can be proven:\n  " + strings.Join(proofs.Words(), "\n  "),
		Example: "  autonet ledger proof balance 12D3Koo… -o balance.proof\n  autonet ledger proof task 5f0c… --json\n  autonet ledger proof event 412 3",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				p, err := c.Proof(cmd.Context(), args, height)
				if err != nil {
					return err
				}
				if err := keep(file, p.Document); err != nil {
					return err
				}
				return a.show(p, func(t *page) {
					provenText(t, p.Proven)
					if file != "" {
						t.line("Written to %s. Check it with: autonet ledger verify %s --trust %s", file, file, p.Proven.HeaderHash)
					}
				})
			})
		},
	}
	c.Flags().StringVarP(&file, "output", "o", "", "write the proof document to this file")
	c.Flags().Int64Var(&height, "height", 0, "state after this block; 0 = the last")
	return c
}

func (a *app) ledgerVerify() *cobra.Command {
	var trust string
	c := &cobra.Command{
		Use: "verify FILE", Short: "Check a proof without a node, trusting only a header",
		Long: "Give the hash of the header that the proof builds on, or a file of autonet ledger header: that header, or one with\n" +
			"the same validators. Exit code 0: the proof holds; 1: it must not be believed, and why; 2: wrong usage.",
		Example: "  autonet ledger verify balance.proof --trust 9f2c…\n  autonet ledger verify balance.proof --trust header.412 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			document, err := readDocument(args[0])
			if err != nil {
				return err
			}
			hash, header, err := readTrust(trust)
			if err != nil {
				return err
			}
			proven, err := proofs.Verify(document, hash, header)
			if err != nil {
				return types.NewError(types.CodeFailed, args[0]+" must not be believed", oneLine(err), "")
			}
			return a.show(proven, func(p *page) {
				p.row("proven", "yes")
				provenText(p, proven)
			})
		},
	}
	c.Flags().StringVar(&trust, "trust", "", "hash of a header, or a file written by: autonet ledger header -o FILE")
	return c
}

func (a *app) ledgerHeader() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "header [HEIGHT]", Short: "A header with its signatures and validators; the last one by default",
		Example: "  autonet ledger header\n  autonet ledger header 412 -o header.412", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				height := int64(0)
				if len(args) == 1 {
					var err error
					if height, err = wantedHeight(cmd, c, args); err != nil {
						return err
					}
				}
				h, err := c.Header(cmd.Context(), height)
				if err != nil {
					return err
				}
				if err := keep(file, h.Document); err != nil {
					return err
				}
				return a.show(h, func(p *page) {
					p.row("network", h.Network)
					p.row("height", h.Height)
					p.row("time", clock(h.TimeMS))
					p.row("hash", h.Hash)
					p.row("state hash", h.AppHash)
					p.row("validators", h.Validators)
				})
			})
		},
	}
	c.Flags().StringVarP(&file, "output", "o", "", "write the header to this file, to be trusted by: autonet ledger verify")
	return c
}

func (a *app) ledgerTx() *cobra.Command {
	return &cobra.Command{
		Use: "tx HASH", Short: "What became of a transaction",
		Example: "  autonet ledger tx 0011…\n  autonet ledger tx 0011… --json", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := proofs.ParseHash(args[0]); err != nil {
				return types.NewError(types.CodeUsage, "ledger tx", oneLine(err), "list a block's transactions with: autonet ledger block HEIGHT --json")
			}
			return a.node(func(c *client.Client) error {
				t, err := c.Tx(cmd.Context(), strings.ToLower(args[0]))
				if err != nil {
					return err
				}
				return a.show(t, func(p *page) {
					p.row("transaction", t.Hash)
					p.row("block", fmt.Sprintf("%d, place %d, %s", t.Height, t.Index, clock(t.TimeMS)))
					p.row("message", t.Kind)
					p.row("sender", t.Sender)
					p.row("nonce", t.Nonce)
					p.row("fee", types.ATN(t.FeeNatn))
					p.row("outcome", strings.TrimSuffix(t.Code+": "+t.Text, ": "))
					p.flush()
					ledgerEventsText(p, t.Events)
				})
			})
		},
	}
}

func (a *app) ledgerEvents() *cobra.Command {
	var q types.EventQuery
	c := &cobra.Command{
		Use: "events", Short: "What happened on the ledger, found by whom and what it names",
		Long: "Everything given must hold. With --json: one object with all events found.",
		Example: "  autonet ledger events --account 12D3Koo… --kind staking/slashed\n  autonet ledger events --task 5f0c… --json\n" +
			"  autonet ledger events --from 400 --to 500 --limit 20",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Limit < 0 || q.From < 0 || q.To < 0 {
				return types.NewError(types.CodeUsage, "ledger events", "a number is below zero", "give --limit, --from and --to from 0 on")
			}
			for _, name := range []string{"account", "task", "project", "kind"} {
				if flag := cmd.Flags().Lookup(name); flag.Changed && flag.Value.String() == "" {
					return types.NewError(types.CodeUsage, "ledger events", "--"+name+" is empty", "leave it out to see all events")
				}
			}
			return a.node(func(c *client.Client) error {
				found, err := allLedgerEvents(cmd, c, q)
				if err != nil {
					return err
				}
				return a.show(found, func(p *page) {
					if len(found.Events) == 0 {
						p.line("No such event.")
						return
					}
					ledgerEventsText(p, found.Events)
				})
			})
		},
	}
	f := c.Flags()
	f.StringVar(&q.Account, "account", "", "events that name this account")
	f.StringVar(&q.Task, "task", "", "events about this task")
	f.StringVar(&q.Project, "project", "", "events about this project")
	f.StringVar(&q.Kind, "kind", "", "events of this kind, module/what")
	f.Int64Var(&q.From, "from", 0, "least height")
	f.Int64Var(&q.To, "to", 0, "greatest height; 0 = the last")
	f.IntVar(&q.Limit, "limit", 1000, "most events; 0 = all")
	return c
}

// allLedgerEvents asks for page after page up to the limit.
func allLedgerEvents(cmd *cobra.Command, c *client.Client, q types.EventQuery) (types.LedgerEvents, error) {
	out := types.LedgerEvents{Events: []types.LedgerEvent{}}
	limit := q.Limit
	for {
		q.Limit = 0
		if limit > 0 {
			q.Limit = min(limit-len(out.Events), 1024)
		}
		page, err := c.LedgerEvents(cmd.Context(), q)
		if err != nil {
			return out, err
		}
		out.Events = append(out.Events, page.Events...)
		out.Cursor, out.Done = page.Cursor, page.Done
		if limit > 0 && len(out.Events) >= limit {
			out.Events = out.Events[:limit]
			return out, nil
		}
		if page.Done {
			return out, nil
		}
		q.Cursor = page.Cursor
	}
}

func ledgerEventsText(p *page, events []types.LedgerEvent) {
	for _, e := range events {
		p.row(fmt.Sprintf("%d.%d", e.Height, e.Index), e.Kind, string(e.Data))
	}
}

func provenText(p *page, x types.Proven) {
	p.row("record", strings.Join(x.What, " "))
	p.row("network", x.Network)
	p.row("state", fmt.Sprintf("after block %d", x.Height))
	p.row("header", fmt.Sprintf("height %d, %s, %s", x.Header, clock(x.TimeMS), x.HeaderHash))
	switch {
	case !x.Found:
		p.row("value", "there is none")
	case x.Event != nil:
		p.row("event", x.Event.Kind)
		p.line("%s", indented(x.Event.Data))
	default:
		p.line("%s", indented(x.Record))
	}
}

// keep writes a document, if a file is wanted.
func keep(file string, document []byte) error {
	if file == "" {
		return nil
	}
	if err := os.WriteFile(file, document, 0o644); err != nil { //nolint:gosec // a proof is public
		return types.NewError(types.CodeFailed, "the document cannot be written", err.Error(), "choose another file")
	}
	return nil
}

func readDocument(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, types.NewError(types.CodeUsage, "the document cannot be read", err.Error(), "name a file written with -o")
	}
	defer f.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err == nil && len(raw) > maxDocument {
		err = fmt.Errorf("%s has more than %d bytes", file, maxDocument)
	}
	if err != nil {
		return nil, types.NewError(types.CodeUsage, "the document cannot be read", err.Error(), "")
	}
	return raw, nil
}

// readTrust reads what --trust says: a hash, or the name of a file with a header.
func readTrust(text string) (hash proofs.Hash, header []byte, err error) {
	if text == "" {
		return hash, nil, types.NewError(types.CodeUsage, "--trust", "nothing is trusted", "give the hash of the proof's header, or a file of: autonet ledger header -o FILE")
	}
	if hash, err = proofs.ParseHash(text); err == nil {
		return hash, nil, nil
	}
	if _, err := os.Stat(text); errors.Is(err, fs.ErrNotExist) {
		return hash, nil, types.NewError(types.CodeUsage, "--trust", fmt.Sprintf("%q is neither a hash of 64 hexadecimal digits nor a file", text), "")
	}
	header, err = readDocument(text)
	return proofs.Hash{}, header, err
}
