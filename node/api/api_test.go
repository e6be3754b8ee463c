package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"autonet/node/api"
	"autonet/node/api/apitest"
	"autonet/node/api/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func endpoint(t *testing.T, home string) types.Endpoint {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(home, api.EndpointFile))
	require.NoError(t, err)
	var e types.Endpoint
	require.NoError(t, json.Unmarshal(raw, &e))
	return e
}

// ask makes a raw request and returns its status and body.
func ask(t *testing.T, home, method, path, body string, edit func(*http.Request)) (int, string) {
	t.Helper()
	e := endpoint(t, home)
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+e.Addr+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+e.Token)
	if edit != nil {
		edit(req)
	}
	tr := &http.Transport{DisableKeepAlives: true}
	res, err := tr.RoundTrip(req)
	require.NoError(t, err)
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode, string(raw)
}

func problemOf(t *testing.T, body string) types.Error {
	t.Helper()
	var e types.Error
	require.NoError(t, json.Unmarshal([]byte(body), &e), body)
	return e
}

func TestEndpointFileIsPrivateAndGoesWithTheServer(t *testing.T) {
	home := t.TempDir()
	stop := apitest.Run(t, apitest.NewNode(), api.DefaultConfig(home))
	path := filepath.Join(home, api.EndpointFile)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Equal(t, os.Getpid(), endpoint(t, home).PID)
	stop()
	_, err = os.Stat(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestServerLeavesAnotherNodesEndpointFile(t *testing.T) {
	home := t.TempDir()
	stop := apitest.Run(t, apitest.NewNode(), api.DefaultConfig(home))
	path := filepath.Join(home, api.EndpointFile)
	other := []byte(`{"addr":"127.0.0.1:1","token":"other","pid":1}`)
	require.NoError(t, os.WriteFile(path, other, 0o600))
	stop()
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, other, kept)
}

func TestOnlyTheOwnersProgramsGetIn(t *testing.T) {
	home := apitest.Serve(t, apitest.NewNode())
	own := endpoint(t, home).Addr
	for name, c := range map[string]struct {
		edit func(*http.Request)
		want int
	}{
		"token":                    {func(*http.Request) {}, http.StatusOK},
		"localhost by name":        {func(r *http.Request) { r.Host = "localhost:80" }, http.StatusOK},
		"own origin":               {func(r *http.Request) { r.Header.Set("Origin", "http://"+own) }, http.StatusOK},
		"no token":                 {func(r *http.Request) { r.Header.Del("Authorization") }, http.StatusUnauthorized},
		"wrong token":              {func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, http.StatusUnauthorized},
		"token of another scheme":  {func(r *http.Request) { r.Header.Set("Authorization", endpoint(t, home).Token) }, http.StatusUnauthorized},
		"rebound host name":        {func(r *http.Request) { r.Host = "evil.example:80" }, http.StatusUnauthorized},
		"name like an address":     {func(r *http.Request) { r.Host = "127.0.0.1.evil.example" }, http.StatusUnauthorized},
		"foreign origin":           {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, http.StatusUnauthorized},
		"another port's web page":  {func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") }, http.StatusUnauthorized},
		"opaque origin of a frame": {func(r *http.Request) { r.Header.Set("Origin", "null") }, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := ask(t, home, http.MethodGet, "/v1/status", "", c.edit)
			require.Equal(t, c.want, status, body)
			if c.want != http.StatusOK {
				require.Equal(t, types.CodeUnauthorized, problemOf(t, body).Code)
			}
		})
	}
}

func TestErrorsCarryCodeExitAndAdvice(t *testing.T) {
	n := apitest.NewNode()
	home := apitest.Serve(t, n)
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
		exit   int
	}{
		"refused":   {types.Error{Code: types.CodeRefused, Reason: "funds", Detail: "budget is 3 ATN"}, http.StatusConflict, types.CodeRefused, 4},
		"halted":    {fmt.Errorf("propose: %w", types.NewError(types.CodeHalted, "halted", "no heartbeat", "")), http.StatusServiceUnavailable, types.CodeHalted, 5},
		"any other": {errors.New("disk on fire"), http.StatusInternalServerError, types.CodeFailed, 1},
		"too late":  {fmt.Errorf("wait: %w", context.DeadlineExceeded), http.StatusGatewayTimeout, types.CodeTimeout, 1},
	} {
		t.Run(name, func(t *testing.T) {
			n.Fail("ProposeTask", c.err)
			status, body := ask(t, home, http.MethodPost, "/v1/tasks", "{}", nil)
			e := problemOf(t, body)
			require.Equal(t, c.status, status)
			require.Equal(t, c.code, e.Code)
			require.Equal(t, c.exit, e.Exit)
			require.NotEmpty(t, e.Title)
		})
	}
}

func TestBadRequestsAreUsageErrorsThatNameTheField(t *testing.T) {
	home := apitest.Serve(t, apitest.NewNode())
	for name, c := range map[string]struct{ method, path, body, want string }{
		"not JSON":          {http.MethodPost, "/v1/tasks", "{", ""},
		"unknown field":     {http.MethodPost, "/v1/tasks", `{"stepz":1}`, "stepz"},
		"over a bound":      {http.MethodPost, "/v1/tasks", `{"slots":33}`, "slots"},
		"seed not hex":      {http.MethodPost, "/v1/tasks", `{"seed":"zz"}`, "seed"},
		"no images":         {http.MethodPost, "/v1/infer", `{"model":"x","images":[]}`, "images"},
		"height zero":       {http.MethodGet, "/v1/ledger/blocks/0", "", "height"},
		"cid with a slash":  {http.MethodGet, "/v1/shards/a%2Fb", "", "cid"},
		"unknown hash":      {http.MethodPost, "/v1/shards?hash=md5", "x", "hash"},
		"after not a count": {http.MethodGet, "/v1/events?after=-1", "", "after"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := ask(t, home, c.method, c.path, c.body, nil)
			require.True(t, status >= 400 && status < 500, "%d %s", status, body)
			e := problemOf(t, body)
			require.Equal(t, types.CodeUsage, e.Code, body)
			require.Equal(t, types.ExitUsage, e.Exit)
			require.Contains(t, e.Detail, c.want)
		})
	}
}

func TestUnknownPathIsAProblemToo(t *testing.T) {
	home := apitest.Serve(t, apitest.NewNode())
	status, body := ask(t, home, http.MethodGet, "/v1/nonsense", "", nil)
	require.Equal(t, http.StatusNotFound, status)
	require.Equal(t, types.CodeNotFound, problemOf(t, body).Code)
}

func TestOversizedRequestIsRefused(t *testing.T) {
	home := apitest.Serve(t, apitest.NewNode())
	body := `{"model":"` + strings.Repeat("x", api.MaxRequest) + `"}`
	status, text := ask(t, home, http.MethodPost, "/v1/tasks", body, nil)
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	require.Equal(t, types.CodeTooLarge, problemOf(t, text).Code)
}

func TestOpenAPIDocumentNamesEveryEndpoint(t *testing.T) {
	home := apitest.Serve(t, apitest.NewNode())
	status, body := ask(t, home, http.MethodGet, "/openapi.json", "", nil)
	require.Equal(t, http.StatusOK, status)
	var doc struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &doc))
	var got []string
	for path, methods := range doc.Paths {
		for m := range methods {
			got = append(got, strings.ToUpper(m)+" "+path)
		}
	}
	require.ElementsMatch(t, []string{
		"GET /v1/ledger/proof", "GET /v1/ledger/header", "GET /v1/ledger/txs/{hash}", "GET /v1/ledger/events", "GET /v1/rewards/{id}",
		"GET /v1/status", "GET /v1/id", "GET /v1/peers", "POST /v1/connect", "POST /v1/invite", "POST /v1/stop", "GET /v1/events",
		"POST /v1/shards", "GET /v1/shards", "GET /v1/shards/{cid}", "GET /v1/shards/{cid}/data", "DELETE /v1/shards/{cid}",
		"POST /v1/projects", "GET /v1/projects", "POST /v1/tasks", "GET /v1/tasks", "GET /v1/tasks/{id}", "POST /v1/infer",
		"GET /v1/ledger", "GET /v1/ledger/blocks/{height}", "GET /v1/accounts", "GET /v1/accounts/{id}", "GET /v1/rewards",
		"GET /v1/ledger/kinds", "POST /v1/ledger/messages", "GET /v1/ledger/state/{what}", "GET /v1/wallets", "POST /v1/wallets",
		"POST /v1/documents", "POST /v1/keys/rotate", "GET /v1/documents/{cid}",
	}, got)
}

func TestStalledBodyIsCutOff(t *testing.T) {
	home := t.TempDir()
	cfg := api.DefaultConfig(home)
	cfg.Stall = 50 * time.Millisecond
	apitest.Run(t, apitest.NewNode(), cfg)
	e := endpoint(t, home)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", e.Addr)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	_, err = fmt.Fprintf(conn, "POST /v1/shards HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\n\r\nhalf", e.Addr, e.Token)
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(answer), "500 Internal Server Error")
	require.Contains(t, string(answer), "timeout")
}

func TestTooManyRequestsAreTurnedAway(t *testing.T) {
	home := t.TempDir()
	cfg := api.DefaultConfig(home)
	cfg.Requests = 1
	apitest.Run(t, apitest.NewNode(), cfg)
	e := endpoint(t, home)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+e.Addr+"/v1/events", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+e.Token)
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	require.NoError(t, err)
	status, body := ask(t, home, http.MethodGet, "/v1/status", "", nil)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, types.CodeBusy, problemOf(t, body).Code)
	require.NoError(t, res.Body.Close())
}

func TestUploadIsStreamedNotHeld(t *testing.T) {
	n := apitest.NewNode()
	home := apitest.Serve(t, n)
	data := bytes.Repeat([]byte("autonet "), api.MaxRequest/4) // larger than any JSON request
	status, body := ask(t, home, http.MethodPost, "/v1/shards?name=big", string(data), nil)
	require.Equal(t, http.StatusOK, status, body)
	var info types.Shard
	require.NoError(t, json.Unmarshal([]byte(body), &info))
	require.EqualValues(t, len(data), info.Size)
	status, got := ask(t, home, http.MethodGet, "/v1/shards/"+info.CID+"/data", "", nil)
	require.Equal(t, http.StatusOK, status)
	require.True(t, bytes.Equal(data, []byte(got)))
}

func TestPortInUseSaysWhatToDo(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	cfg := api.DefaultConfig(t.TempDir())
	cfg.Listen = ln.Addr().String()
	srv, err := api.New(cfg, apitest.NewNode().Backend(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	err = srv.Run(t.Context())
	var e types.Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, e.Detail, "address already in use")
	require.NotEmpty(t, e.Advice)
}

func TestListensOnThisMachineOnly(t *testing.T) {
	cfg := api.DefaultConfig(t.TempDir())
	for _, listen := range []string{"0.0.0.0:0", ":8080", "192.0.2.1:80", "example.com:80", "127.0.0.1"} {
		cfg.Listen = listen
		require.Error(t, cfg.Validate(), listen)
	}
	for _, listen := range []string{"127.0.0.1:0", "[::1]:0", "localhost:0"} {
		cfg.Listen = listen
		require.NoError(t, cfg.Validate(), listen)
	}
}

func TestIncompleteBackendIsRefused(t *testing.T) {
	_, err := api.New(api.DefaultConfig(t.TempDir()), api.Backend{}, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "incomplete")
}
