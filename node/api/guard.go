package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"autonet/node/api/types"
)

// handler is the whole API behind its guard.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	s.register(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, types.NewError(types.CodeNotFound, "no such endpoint", r.Method+" "+r.URL.Path, "see /openapi.json"))
	})
	if s.backend.Light {
		return s.guard(lightOnly(mux))
	}
	return s.guard(mux)
}

// guard lets the owner's programs in and nobody else: not a web page that a browser on this machine shows (Host and
// Origin), not another user (token). It bounds how many requests run and how long a body may stand still.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if !loopbackHost(r.Host) || !sameOrigin(r) {
			writeProblem(w, types.NewError(types.CodeUnauthorized, "request refused",
				"its Host or Origin is not this machine's", "ask the API by 127.0.0.1 and not from a web page"))
			return
		}
		if !s.authorized(r) {
			writeProblem(w, types.NewError(types.CodeUnauthorized, "request refused",
				"the token is missing or wrong", "send the token of "+EndpointFile+" as: Authorization: Bearer TOKEN"))
			return
		}
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		default:
			writeProblem(w, types.NewError(types.CodeBusy, "node is busy", "too many requests at once", "try again in a moment"))
			return
		}
		rc := http.NewResponseController(w)
		_ = rc.SetWriteDeadline(time.Now().Add(s.cfg.Answer + s.cfg.Stall))
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &unstalled{body: r.Body, rc: rc, stall: s.cfg.Stall}
		}
		start := time.Now()
		next.ServeHTTP(w, r)
		s.log.DebugContext(r.Context(), "api request", slog.String("method", r.Method),
			slog.String("path", r.URL.Path), slog.Duration("took", time.Since(start)))
	})
}

// authorized compares digests, so that neither content nor length of the token leaks by time.
func (s *Server) authorized(r *http.Request) bool {
	got, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	want, have := sha256.Sum256([]byte(s.token)), sha256.Sum256([]byte(got))
	return subtle.ConstantTimeCompare(want[:], have[:]) == 1 && ok
}

// sameOrigin lets requests without Origin (programs) and from the API's own pages pass.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Scheme == "http" && u.Host == r.Host
}

// loopbackHost reports whether a Host header names this machine.
func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	return loopbackName(host)
}

func loopbackName(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func writeProblem(w http.ResponseWriter, e types.Error) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(e.Status)
	_ = json.NewEncoder(w).Encode(e)
}

// unstalled is a request body of which each read has its own deadline: it may be long, it may not stand still. The
// deadline is lifted between reads, because a passed one would cancel the request while the node still works on it; after a
// failure it stays, so that the server does not wait for the rest.
type unstalled struct {
	body  io.ReadCloser
	rc    *http.ResponseController
	stall time.Duration
}

func (u *unstalled) Read(p []byte) (int, error) {
	_ = u.rc.SetReadDeadline(time.Now().Add(u.stall))
	n, err := u.body.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		_ = u.rc.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (u *unstalled) Close() error { return u.body.Close() }
