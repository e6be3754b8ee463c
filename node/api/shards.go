package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"autonet/node/api/types"
)

// Headers and trailers of a streamed file. The trailers come after the data: one of the two is always there.
const (
	// HeaderSize is the file's length in bytes.
	HeaderSize = "Autonet-Size"
	// TrailerStats is types.GetStats as JSON.
	TrailerStats = "Autonet-Stats"
	// TrailerError is types.Error as JSON: the data is cut short.
	TrailerError = "Autonet-Error"
)

type pinInput struct {
	Name   string `query:"name" maxLength:"255" doc:"Name to show in lists"`
	Data   uint8  `query:"data" doc:"Data columns k; 0 = default"`
	Parity uint8  `query:"parity" doc:"Parity columns m; 0 = default"`
	Hash   string `query:"hash" enum:",blake3,sha256" doc:"Block hash; empty = blake3"`
	Hold   bool   `query:"hold" doc:"Keep every column on this node too"`
	r      *http.Request
	w      http.ResponseWriter
}

// Resolve keeps the request and its writer: the body is read as a stream.
func (in *pinInput) Resolve(ctx huma.Context) []error {
	in.r, in.w = humago.Unwrap(ctx)
	return nil
}

func (s *Server) shardRoutes(a huma.API) {
	b := s.backend.Shards
	read(s, a, "/v1/shards", "list shards", "Files pinned by this node", func(ctx context.Context, _ *none) (types.Shards, error) {
		list, err := b.List(ctx)
		return types.Shards{Shards: list}, err
	})
	read(s, a, "/v1/shards/{cid}", "stat shard", "One file and who holds it", func(ctx context.Context, in *cidInput) (types.Shard, error) {
		return b.Stat(ctx, in.CID)
	})
	register(s, a, http.MethodDelete, "/v1/shards/{cid}", "unpin shard", "Let a file go", func(ctx context.Context, in *cidInput) (types.Unpinned, error) {
		return b.Unpin(ctx, in.CID)
	})
	s.pinRoute(a)
	s.dataRoute(a)
}

// pinRoute streams the request's body into the store; it has no time limit but that the stream moves.
func (s *Server) pinRoute(a huma.API) {
	op := operation(http.MethodPost, "/v1/shards", "pin shard", "Store a file")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	huma.Register(a, op, func(ctx context.Context, in *pinInput) (*out[types.Shard], error) {
		opts := types.PinOptions{Name: in.Name, Data: in.Data, Parity: in.Parity, Hash: in.Hash, Hold: in.Hold}
		info, err := s.backend.Shards.Pin(ctx, in.r.Body, in.r.ContentLength, opts)
		_ = http.NewResponseController(in.w).SetWriteDeadline(time.Now().Add(s.cfg.Stall))
		if err != nil {
			return nil, fail("pin shard", err)
		}
		return &out[types.Shard]{Body: info}, nil
	})
}

// dataRoute streams a file out. What goes wrong before the first byte is an ordinary problem; later it is a trailer.
func (s *Server) dataRoute(a huma.API) {
	op := operation(http.MethodGet, "/v1/shards/{cid}/data", "get shard", "The file's bytes")
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The bytes, then the trailer " + TrailerStats + " or " + TrailerError,
		Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		},
	}}
	huma.Register(a, op, func(ctx context.Context, in *cidInput) (*huma.StreamResponse, error) {
		info, err := s.backend.Shards.Stat(ctx, in.CID)
		if err != nil {
			return nil, fail("get shard", err)
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			_, w := humago.Unwrap(hc)
			s.sendFile(ctx, w, in.CID, info.Size)
		}}, nil
	})
}

func (s *Server) sendFile(ctx context.Context, w http.ResponseWriter, cid string, size int64) {
	h := w.Header()
	h.Set("Trailer", TrailerStats+", "+TrailerError)
	h.Set("Content-Type", "application/octet-stream")
	h.Set(HeaderSize, strconv.FormatInt(size, 10))
	stream := &sending{w: w, rc: http.NewResponseController(w), stall: s.cfg.Stall}
	stats, err := s.backend.Shards.Get(ctx, cid, stream)
	_ = stream.rc.SetWriteDeadline(time.Now().Add(s.cfg.Stall))
	switch {
	case err != nil && !stream.begun:
		h.Del("Trailer")
		h.Del(HeaderSize)
		writeProblem(w, asError("get shard", err))
	case err != nil:
		h.Set(TrailerError, oneLine(asError("get shard", err)))
	default:
		if !stream.begun {
			w.WriteHeader(http.StatusOK)
		}
		h.Set(TrailerStats, oneLine(stats))
	}
}

func asError(title string, err error) types.Error { return types.ErrorOf(title, fail(title, err)) }

// oneLine encodes v for a header: ASCII JSON on one line.
func oneLine(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return "{}"
	}
	return strconv.QuoteToASCII(string(raw))
}

// sending is a response whose every write has its own deadline.
type sending struct {
	w     io.Writer
	rc    *http.ResponseController
	stall time.Duration
	begun bool
}

func (o *sending) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	o.begun = true
	_ = o.rc.SetWriteDeadline(time.Now().Add(o.stall))
	return o.w.Write(p)
}

func operationID(name string) string { return strings.ReplaceAll(name, " ", "-") }
