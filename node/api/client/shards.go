package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"autonet/node/api/types"
)

// Progress is told how much of a file has moved; total is -1 when unknown. It must return at once.
type Progress func(done, total int64)

// Pin streams r to the node, which stores it; size is -1 when unknown. It returns when every column landed or is
// known not to have. progress may be nil.
func (c *Client) Pin(ctx context.Context, r io.Reader, size int64, opts types.PinOptions, progress Progress) (types.Shard, error) {
	q := url.Values{}
	set := func(key, value string, is bool) {
		if is {
			q.Set(key, value)
		}
	}
	set("name", opts.Name, opts.Name != "")
	set("data", number(uint64(opts.Data)), opts.Data > 0)
	set("parity", number(uint64(opts.Parity)), opts.Parity > 0)
	set("hash", opts.Hash, opts.Hash != "")
	set("hold", "true", opts.Hold)
	body := io.Reader(&counted{r: r, total: size, progress: progress})
	if size == 0 {
		body = http.NoBody
	}
	res, err := c.send(ctx, request{
		method: http.MethodPost, path: "/v1/shards", query: q,
		body: body, size: size, contentType: "application/octet-stream",
	})
	if err != nil {
		return types.Shard{}, err
	}
	var s types.Shard
	return s, decode(res, &s)
}

// Get streams a file from the node into w. An error after the first byte means that w holds only a part; the caller
// must not keep it. progress may be nil.
func (c *Client) Get(ctx context.Context, cid string, w io.Writer, progress Progress) (types.GetStats, error) {
	res, err := c.send(ctx, request{method: http.MethodGet, path: "/v1/shards" + segment(cid) + "/data"})
	if err != nil {
		return types.GetStats{}, err
	}
	total, err := strconv.ParseInt(res.Header.Get("Autonet-Size"), 10, 64)
	if err != nil {
		total = -1
	}
	src := &counted{r: res.Body, total: total, progress: progress}
	n, copyErr := io.Copy(w, src)
	closeErr := res.Body.Close()
	switch {
	case copyErr != nil && src.err == nil:
		return types.GetStats{}, fmt.Errorf("write the file: %w", copyErr)
	case copyErr != nil:
		return types.GetStats{}, cutShort(n, total, c.unanswered(ctx, copyErr))
	}
	if text := res.Trailer.Get("Autonet-Error"); text != "" {
		var e types.Error
		if err := fromLine(text, &e); err != nil {
			return types.GetStats{}, cutShort(n, total, err)
		}
		return types.GetStats{}, e
	}
	if total >= 0 && n != total {
		return types.GetStats{}, cutShort(n, total, closeErr)
	}
	var stats types.GetStats
	if err := fromLine(res.Trailer.Get("Autonet-Stats"), &stats); err != nil {
		return types.GetStats{}, cutShort(n, total, err)
	}
	return stats, nil
}

func cutShort(n, total int64, err error) error {
	var e types.Error
	if errors.As(err, &e) && e.Code != types.CodeFailed {
		return err
	}
	why := fmt.Sprintf("got %d of %d bytes", n, total)
	if err != nil {
		why += ": " + err.Error()
	}
	return types.NewError(types.CodeFailed, "the file is cut short", why, "try again")
}

// fromLine decodes what the server put into a header.
func fromLine(text string, v any) error {
	raw, err := strconv.Unquote(text)
	if err != nil {
		return fmt.Errorf("decode trailer: %w", err)
	}
	if err := json.Unmarshal([]byte(raw), v); err != nil {
		return fmt.Errorf("decode trailer: %w", err)
	}
	return nil
}

// counted reports what is read through it and remembers the reader's own error.
type counted struct {
	r           io.Reader
	done, total int64
	progress    Progress
	err         error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	if c.progress != nil && n > 0 {
		c.progress(c.done, c.total)
	}
	return n, err
}
