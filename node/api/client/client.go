package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"autonet/node/api/types"
)

const (
	endpointFile = "api.json"
	maxEndpoint  = 64 << 10
	maxAnswer    = 64 << 20
	maxProblem   = 1 << 20
)

// Client talks to the node of one home. It may be used by many goroutines. Close it.
type Client struct {
	home string
	http *http.Client

	mu       sync.Mutex
	endpoint types.Endpoint
}

// Open reads where the node of a home answers. It does not dial: the first request does.
func Open(home string) (*Client, error) {
	e, err := readEndpoint(home)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       30 * time.Second,
		ResponseHeaderTimeout: 0, // a pin answers when every column landed
		DisableCompression:    true,
	}
	return &Client{home: home, http: &http.Client{Transport: t}, endpoint: e}, nil
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// PID is the process the home's endpoint names.
func (c *Client) PID() int { return c.at().PID }

func (c *Client) at() types.Endpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endpoint
}

// reopen reads the endpoint again and reports whether another node life answers now.
func (c *Client) reopen() (changed bool, err error) {
	e, err := readEndpoint(c.home)
	if err != nil {
		return false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	changed = e.Token != c.endpoint.Token
	c.endpoint = e
	return changed, nil
}

func readEndpoint(home string) (types.Endpoint, error) {
	path := filepath.Join(home, endpointFile)
	raw, err := readBounded(path, maxEndpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return types.Endpoint{}, noNode(home, "none is running there")
	}
	if err != nil {
		return types.Endpoint{}, types.NewError(types.CodeNoNode, "cannot find the node of "+home, err.Error(),
			"check that the home is yours: --home or $AUTONET_HOME")
	}
	return decodeEndpoint(home, raw)
}

func decodeEndpoint(home string, raw []byte) (types.Endpoint, error) {
	var e types.Endpoint
	err := json.Unmarshal(raw, &e)
	if err == nil && !loopback(e.Addr) {
		err = fmt.Errorf("address %q is not of this machine", e.Addr)
	}
	if err == nil && (e.Token == "" || strings.ContainsAny(e.Token, "\r\n")) {
		err = errors.New("it holds no token")
	}
	if err != nil {
		return types.Endpoint{}, types.NewError(types.CodeNoNode, "cannot find the node of "+home,
			endpointFile+" is damaged: "+err.Error(), "remove that file and run: autonet start --home "+home)
	}
	return e, nil
}

func loopback(addr string) bool {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "" {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(f, limit))
	return raw, errors.Join(err, f.Close())
}

func noNode(home, why string) types.Error {
	return types.NewError(types.CodeNoNode, "no node answers for "+home, why, "start one with: autonet start --home "+home)
}

// request is one call; body and query may be empty.
type request struct {
	method, path string
	query        url.Values
	body         io.Reader
	size         int64 // of body; -1 = unknown
	contentType  string
}

// send makes the call and returns the response of a success; the caller closes its body.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	at := c.at()
	u := url.URL{Scheme: "http", Host: at.Addr, Path: r.path, RawQuery: r.query.Encode()}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), r.body)
	if err != nil {
		return nil, types.NewError(types.CodeUsage, "cannot ask the node", err.Error(), "")
	}
	if r.body != nil {
		req.ContentLength = r.size
		req.Header.Set("Content-Type", r.contentType)
	}
	req.Header.Set("Authorization", "Bearer "+at.Token)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.unanswered(ctx, err)
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	return nil, problem(res.Status, res.StatusCode, raw, errors.Join(err, res.Body.Close()))
}

// unanswered tells a node that is gone from one that broke off.
func (c *Client) unanswered(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask the node: %w", context.Cause(ctx))
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return noNode(c.home, fmt.Sprintf("process %d of its %s is gone (%v)", c.at().PID, endpointFile, op.Err))
	}
	return types.NewError(types.CodeFailed, "the node broke off", err.Error(), "look at it with: autonet status")
}

// problem decodes what the server says went wrong.
func problem(status string, code int, raw []byte, readErr error) error {
	var e types.Error
	if err := errors.Join(readErr, json.Unmarshal(raw, &e)); err != nil || e.Code == "" {
		return types.NewError(types.CodeFailed, "the node answered "+status, strings.TrimSpace(firstLine(raw)), "")
	}
	e.Status = code
	e.Exit = types.ExitOf(e.Code)
	return e
}

func firstLine(raw []byte) string {
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	return string(line[:min(len(line), 200)])
}

// call sends in as JSON (nil = no body) and decodes the answer.
func call[O any](ctx context.Context, c *Client, method, path string, query url.Values, in any) (O, error) {
	var o O
	r := request{method: method, path: path, query: query}
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return o, types.NewError(types.CodeUsage, "cannot encode the request", err.Error(), "")
		}
		r.body, r.size, r.contentType = bytes.NewReader(raw), int64(len(raw)), "application/json"
	}
	res, err := c.send(ctx, r)
	if err != nil {
		return o, err
	}
	return o, decode(res, &o)
}

func decode(res *http.Response, v any) error {
	err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(v)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return types.NewError(types.CodeFailed, "the node's answer cannot be read", err.Error(), "are command and node of the same version? See: autonet version")
	}
	return nil
}

func get[O any](ctx context.Context, c *Client, path string) (O, error) {
	return call[O](ctx, c, http.MethodGet, path, nil, nil)
}

func post[O any](ctx context.Context, c *Client, path string, in any) (O, error) {
	return call[O](ctx, c, http.MethodPost, path, nil, in)
}

func segment(s string) string { return "/" + url.PathEscape(s) }

func number(n uint64) string { return strconv.FormatUint(n, 10) }
