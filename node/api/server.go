package api

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"autonet/internal/atomicfile"
	"autonet/node/api/types"
)

// EndpointFile is the file in a node's home that says where its API answers.
const EndpointFile = "api.json"

// Config says where and how the API is served.
type Config struct {
	// Home is the folder that receives EndpointFile.
	Home string
	// Listen is a TCP address of this machine; port 0 lets the system choose.
	Listen string
	// Version is told in the OpenAPI document.
	Version string
	// Requests is the most requests served at once, streams included.
	Requests int
	// Answer is the most time a request may take, streams aside.
	Answer time.Duration
	// Stall is the longest a stream may stand still before it is cut.
	Stall time.Duration
	// Beat is the pause between the comments that keep an event stream alive.
	Beat time.Duration
	// Drain is the time open requests get to finish when the server stops.
	Drain time.Duration
}

// DefaultConfig serves on a free loopback port.
func DefaultConfig(home string) Config {
	return Config{
		Home: home, Listen: "127.0.0.1:0", Version: "dev", Requests: 64,
		Answer: 2 * time.Minute, Stall: 30 * time.Second, Beat: 10 * time.Second, Drain: 5 * time.Second,
	}
}

// Validate says what is wrong with the configuration.
func (c Config) Validate() error {
	host, _, err := net.SplitHostPort(c.Listen)
	switch {
	case err != nil:
		return fmt.Errorf("api listen address %q: %w; write it as 127.0.0.1:PORT", c.Listen, err)
	case !loopbackName(host):
		return fmt.Errorf("api listen address %q is not of this machine alone; use 127.0.0.1, ::1 or localhost", c.Listen)
	case c.Home == "":
		return errors.New("api home is empty")
	case c.Requests < 1 || c.Answer <= 0 || c.Stall <= 0 || c.Beat <= 0 || c.Drain <= 0:
		return errors.New("api limits must be positive")
	}
	return nil
}

// Server serves one node's API. Use New, then Run once.
type Server struct {
	cfg     Config
	backend Backend
	log     *slog.Logger
	token   string
	slots   chan struct{}
	ready   chan struct{}
	addr    string // set before ready closes
}

// New returns a server with a fresh token. It starts nothing.
func New(cfg Config, backend Backend, log *slog.Logger) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if !backend.complete() {
		return nil, errors.New("api backend is incomplete")
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("make an api token: %w", err)
	}
	return &Server{
		cfg: cfg, backend: backend, log: log,
		token: base64.RawURLEncoding.EncodeToString(secret),
		slots: make(chan struct{}, cfg.Requests), ready: make(chan struct{}),
	}, nil
}

// Ready is closed once the API answers and EndpointFile is written.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Addr returns host:port; it is valid after Ready.
func (s *Server) Addr() string { return s.addr }

// Run serves until ctx ends. It owns the listener and EndpointFile: both are gone when it returns.
func (s *Server) Run(ctx context.Context) (err error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return types.NewError(types.CodeFailed, "api cannot listen on "+s.cfg.Listen, err.Error(),
			"stop the program that holds the port, or set api.listen to 127.0.0.1:0")
	}
	s.addr = ln.Addr().String()
	if err := s.writeEndpoint(); err != nil {
		return errors.Join(err, ln.Close())
	}
	defer func() { err = errors.Join(err, s.removeEndpoint()) }()

	base, cancel := context.WithCancel(ctx)
	defer cancel()
	srv := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	s.log.InfoContext(ctx, "api listens", slog.String("addr", s.addr))
	close(s.ready)

	select {
	case err = <-served:
		return fmt.Errorf("serve the api: %w", err)
	case <-ctx.Done():
	}
	drain, stop := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Drain)
	defer stop()
	if err = srv.Shutdown(drain); err != nil {
		err = errors.Join(fmt.Errorf("finish open api requests: %w", err), srv.Close())
	}
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

func (s *Server) endpointPath() string { return filepath.Join(s.cfg.Home, EndpointFile) }

func (s *Server) writeEndpoint() error {
	raw, err := json.Marshal(types.Endpoint{Addr: s.addr, Token: s.token, PID: os.Getpid(), Started: time.Now().UTC()})
	if err != nil {
		return fmt.Errorf("encode %s: %w", EndpointFile, err)
	}
	if err := atomicfile.Write(s.endpointPath(), append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("tell where the api answers: %w", err)
	}
	return nil
}

// removeEndpoint removes the file unless a later node of the same home has replaced it.
func (s *Server) removeEndpoint() error {
	raw, err := os.ReadFile(s.endpointPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var e types.Endpoint
	if err == nil && json.Unmarshal(raw, &e) == nil && e.Token != s.token {
		return nil
	}
	if err := os.Remove(s.endpointPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", EndpointFile, err)
	}
	return nil
}
