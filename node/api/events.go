package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"autonet/node/api/types"
)

type eventsInput struct {
	Source string `query:"source" maxLength:"256" doc:"Sources, separated by commas; empty = all"`
	Topic  string `query:"topic" maxLength:"256" doc:"Gossip topics, separated by commas"`
	Kind   string `query:"kind" maxLength:"1024" doc:"Kinds, separated by commas"`
	Task   string `query:"task" maxLength:"64" doc:"Task ID"`
	After  uint64 `query:"after" doc:"Resume after this seq; 0 = everything still held"`
}

func (in *eventsInput) filter() types.EventFilter {
	return types.EventFilter{Sources: list(in.Source), Topics: list(in.Topic), Kinds: list(in.Kind), Task: in.Task}
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func (s *Server) eventRoutes(a huma.API) {
	op := operation(http.MethodGet, "/v1/events", "events", "The node's events as they happen")
	op.Responses = map[string]*huma.Response{"200": {
		Description: "Server-sent events: id is the seq, data one event as JSON; a comment every few seconds keeps the stream alive",
		Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: a.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[types.Event](), true, "Event")},
		},
	}}
	huma.Register(a, op, func(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
		events, err := s.backend.Events.Subscribe(ctx, in.filter(), in.After)
		if err != nil {
			return nil, fail("events", err)
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			_, w := humago.Unwrap(hc)
			s.sendEvents(ctx, w, events, in.After)
		}}, nil
	})
}

// sendEvents writes events until the reader goes, the node stops or the reader is too slow, which it is told.
func (s *Server) sendEvents(ctx context.Context, w http.ResponseWriter, events <-chan types.Event, last uint64) {
	w.Header().Set("Content-Type", "text/event-stream")
	stream := &sending{w: w, rc: http.NewResponseController(w), stall: s.cfg.Stall}
	beat := time.NewTicker(s.cfg.Beat)
	defer beat.Stop()
	send := func(text []byte) bool {
		if _, err := stream.Write(text); err != nil {
			return false
		}
		return stream.rc.Flush() == nil
	}
	if !send([]byte(": autonet\n\n")) {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if !send([]byte(": beat\n\n")) {
				return
			}
		case e, open := <-events:
			if !open {
				if ctx.Err() == nil {
					send(frame(dropped(last)))
				}
				return
			}
			last = e.Seq
			if !send(frame(e)) {
				return
			}
		}
	}
}

func dropped(last uint64) types.Event {
	return types.Event{
		Seq: last, Time: time.Now(), Source: types.SourceStream, Kind: types.KindDropped,
		Summary: "the stream ends here: the reader was too slow or the node is stopping; resume after seq " + strconv.FormatUint(last, 10),
	}
}

// frame is one event as server-sent text. Events of the stream itself carry no id.
func frame(e types.Event) []byte {
	raw, err := json.Marshal(e)
	if err != nil {
		e.Data, e.Summary = nil, "event content cannot be encoded: "+err.Error()
		raw, _ = json.Marshal(e)
	}
	if e.Source == types.SourceStream {
		return fmt.Appendf(nil, "data: %s\n\n", raw)
	}
	return fmt.Appendf(nil, "id: %d\ndata: %s\n\n", e.Seq, raw)
}
