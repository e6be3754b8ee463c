package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"autonet/node/api/client"
	"autonet/node/api/types"
)

func (a *app) shard() *cobra.Command {
	return group("shard", "Model shards: store, fetch and look at files", "  autonet shard pin model.safetensors\n  autonet shard ls",
		a.shardPin(), a.shardGet(), a.shardList(), a.shardStat(), a.shardUnpin())
}

func (a *app) shardPin() *cobra.Command {
	var o types.PinOptions
	c := &cobra.Command{
		Use: "pin FILE", Short: "Cut a file into shards and place them on the network (- reads standard input)",
		Example: "  autonet shard pin model.safetensors\n  autonet shard pin big.bin --data 20 --parity 8\n  tar c dir | autonet shard pin - --name dir.tar",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Hash != "" && o.Hash != "blake3" && o.Hash != "sha256" {
				return types.NewError(types.CodeUsage, "--hash", fmt.Sprintf("%q is not known", o.Hash), "choose blake3 or sha256")
			}
			return a.pin(cmd.Context(), args[0], o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Name, "name", "", "name shown in lists; the file's by default")
	f.Uint8Var(&o.Data, "data", 0, "data shards; 0 = the network's default")
	f.Uint8Var(&o.Parity, "parity", 0, "parity shards: how many may be lost; 0 = the network's default")
	f.StringVar(&o.Hash, "hash", "", "blake3 or sha256; blake3 by default")
	f.BoolVar(&o.Hold, "hold", false, "keep every shard on this node too")
	return c
}

func (a *app) pin(ctx context.Context, path string, o types.PinOptions) error {
	src, size, err := a.source(path)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }() // it was only read
	if o.Name == "" && path != "-" {
		o.Name = filepath.Base(path)
	}
	return a.node(func(c *client.Client) error {
		bar := a.bar("pin")
		info, err := c.Pin(ctx, src, size, o, bar.move)
		bar.end()
		if err != nil {
			return err
		}
		if err := a.show(info, func(p *page) { shardText(p, info) }); err != nil {
			return err
		}
		if !info.Complete {
			return types.NewError(types.CodeFailed, "pin is incomplete", "some shards found no holder", "wait for more providers and pin it again: what landed is kept")
		}
		return nil
	})
}

// source opens a file to pin; size is -1 when unknown.
func (a *app) source(path string) (io.ReadCloser, int64, error) {
	if path == "-" {
		return io.NopCloser(a.streams.In), -1, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, types.NewError(types.CodeUsage, "cannot read the file", reason(err), "name a file that exists and is yours to read")
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder; pack it first: tar c " + path + " | autonet shard pin -")
	}
	if err != nil {
		return nil, 0, errors.Join(types.NewError(types.CodeUsage, "cannot read "+path, err.Error(), ""), f.Close())
	}
	if !info.Mode().IsRegular() {
		return f, -1, nil
	}
	return f, info.Size(), nil
}

// reason says why a file operation failed, without Go's verb.
func reason(err error) string {
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		return pe.Path + ": " + pe.Err.Error()
	}
	return err.Error()
}

func shardText(p *page, s types.Shard) {
	p.row("cid", s.CID)
	p.row("name", or(s.Name, "-"))
	p.row("merkle root", s.Root)
	p.row("size", fmt.Sprintf("%s in %d stripes of %d + %d shards", types.Bytes(s.Size), s.Stripes, s.Data, s.Parity))
	p.row("providers", fmt.Sprintf("%d, of which %d may fail", s.Providers, s.MayFail))
	p.row("complete", yes(s.Complete))
	p.flush()
	for _, c := range s.Columns {
		p.row(fmt.Sprintf("  shard %d", c.Index), or(c.Holder, "nobody"), or(c.Error, map[bool]string{true: "confirmed", false: "not confirmed"}[c.Confirmed]))
	}
}

func (a *app) shardGet() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "get CID", Short: "Fetch a file from the network and check every block of it",
		Example: "  autonet shard get bafy… -o model.safetensors\n  autonet shard get bafy… | tar x", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.get(cmd.Context(), args[0], out) },
	}
	c.Flags().StringVarP(&out, "output", "o", "", "file to write; it appears whole or not at all")
	return c
}

func (a *app) get(ctx context.Context, cid, out string) error {
	if out == "" && (a.json || a.terminal(a.streams.Out)) {
		return types.NewError(types.CodeUsage, "nowhere to put the file", "standard output is taken", "name a file with -o FILE")
	}
	return a.node(func(c *client.Client) error {
		bar := a.bar("get")
		defer bar.end()
		if out == "" {
			_, err := c.Get(ctx, cid, a.streams.Out, bar.move)
			return err
		}
		var stats types.GetStats
		err := writeWhole(out, func(w io.Writer) (err error) {
			stats, err = c.Get(ctx, cid, w, bar.move)
			return err
		})
		bar.end()
		if err != nil {
			return err
		}
		return a.show(stats, func(p *page) {
			p.line("%s: %s from %d holders, %d blocks rebuilt", out, types.Bytes(stats.Bytes), stats.Holders, stats.Rebuilt)
			for _, peer := range stats.Corrupt {
				p.line("%s sent wrong blocks and was dropped", peer)
			}
		})
	})
}

// writeWhole writes a file that appears under its name only once fill succeeded and the disk has it.
func writeWhole(path string, fill func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".autonet-*")
	if err != nil {
		return types.NewError(types.CodeUsage, "cannot write there", reason(err), "choose another file with -o")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Chmod(f.Name(), 0o644); err != nil { //nolint:gosec // a fetched file is as readable as any other
		return fmt.Errorf("finish %s: %w", path, err)
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("finish %s: %w", path, err)
	}
	return nil
}

func (a *app) shardList() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Short: "Files this node pinned",
		Example: "  autonet shard ls\n  autonet shard ls --json", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.node(func(c *client.Client) error {
				files, err := c.Shards(cmd.Context())
				if err != nil {
					return err
				}
				return a.show(types.Shards{Shards: files}, func(p *page) {
					if len(files) == 0 {
						p.line("Nothing pinned. Pin a file with: autonet shard pin FILE")
						return
					}
					p.row("CID", "SIZE", "SHARDS", "PROVIDERS", "MAY FAIL", "COMPLETE", "NAME")
					for _, s := range files {
						p.row(s.CID, types.Bytes(s.Size), fmt.Sprintf("%d+%d", s.Data, s.Parity), s.Providers, s.MayFail, yes(s.Complete), s.Name)
					}
				})
			})
		},
	}
}

func (a *app) shardStat() *cobra.Command {
	return &cobra.Command{
		Use: "stat CID", Short: "One file: its shards and who holds them",
		Example: "  autonet shard stat bafy…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				s, err := c.Shard(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.show(s, func(p *page) { shardText(p, s) })
			})
		},
	}
}

func (a *app) shardUnpin() *cobra.Command {
	return &cobra.Command{
		Use: "unpin CID", Short: "Let a file go and free its blocks on this node",
		Example: "  autonet shard unpin bafy…", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.node(func(c *client.Client) error {
				u, err := c.Unpin(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.show(u, func(p *page) { p.line("unpinned %s, %s freed", u.CID, types.Bytes(u.FreedBytes)) })
			})
		},
	}
}
