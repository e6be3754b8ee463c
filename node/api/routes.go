package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"autonet/node/api/types"
)

// MaxRequest is the largest JSON request body in bytes; shards are streamed and have no such limit.
const MaxRequest = 4 << 20

type (
	none        struct{}
	out[T any]  struct{ Body T }
	body[T any] struct{ Body T }
	cidInput    struct {
		CID string `path:"cid" maxLength:"128" pattern:"^[A-Za-z0-9]+$" doc:"Manifest CID"`
	}
	idInput struct {
		ID string `path:"id" maxLength:"128" pattern:"^[A-Za-z0-9]+$" doc:"ID"`
	}
	heightInput struct {
		Height int64 `path:"height" minimum:"1" doc:"Block height"`
	}
	taskQuery struct {
		Task string `query:"task" maxLength:"64" doc:"Task ID; empty = all"`
	}
)

// register adds every endpoint and the OpenAPI document to mux.
func (s *Server) register(mux *http.ServeMux) {
	cfg := huma.DefaultConfig("Autonet node", s.cfg.Version)
	cfg.Info.Description = "What one Autonet node tells and does. Every request carries the bearer token of the home's " + EndpointFile + "."
	cfg.DocsPath, cfg.SchemasPath, cfg.CreateHooks = "", "", nil
	cfg.Transformers = []huma.Transformer{explain}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	cfg.Security = []map[string][]string{{"token": {}}}
	a := humago.New(mux, cfg)
	s.nodeRoutes(a)
	s.taskRoutes(a)
	s.ledgerRoutes(a)
	s.proofRoutes(a)
	s.stateRoutes(a)
	s.shardRoutes(a)
	s.eventRoutes(a)
}

func (s *Server) nodeRoutes(a huma.API) {
	b := s.backend.Node
	read(s, a, "/v1/status", "status", "The node at a glance", func(ctx context.Context, _ *none) (types.Status, error) { return b.Status(ctx) })
	read(s, a, "/v1/id", "id", "Who the node is", func(ctx context.Context, _ *none) (types.Identity, error) { return b.ID(ctx) })
	read(s, a, "/v1/peers", "peers", "Connected peers", func(ctx context.Context, _ *none) (types.Peers, error) {
		list, err := b.Peers(ctx)
		return types.Peers{Peers: list}, err
	})
	write(s, a, "/v1/connect", "connect", "Dial peers", func(ctx context.Context, in *body[types.ConnectRequest]) (types.ConnectResult, error) {
		return b.Connect(ctx, in.Body)
	})
	write(s, a, "/v1/invite", "invite", "Make an invite", func(ctx context.Context, in *body[types.InviteRequest]) (types.Invite, error) {
		return b.Invite(ctx, in.Body)
	})
	write(s, a, "/v1/stop", "stop", "Stop the node", func(ctx context.Context, _ *none) (types.Stopping, error) {
		st, err := b.Status(ctx)
		if err != nil {
			return types.Stopping{}, err
		}
		return types.Stopping{PID: st.PID}, b.Stop(ctx)
	})
}

func (s *Server) taskRoutes(a huma.API) {
	b := s.backend.Tasks
	write(s, a, "/v1/projects", "create project", "Found a project", func(ctx context.Context, in *body[types.CreateProjectRequest]) (types.Project, error) {
		return b.CreateProject(ctx, in.Body)
	})
	read(s, a, "/v1/projects", "projects", "All projects", func(ctx context.Context, _ *none) (types.Projects, error) {
		list, err := b.Projects(ctx)
		return types.Projects{Projects: list}, err
	})
	write(s, a, "/v1/tasks", "propose task", "Propose a training task", func(ctx context.Context, in *body[types.ProposeTaskRequest]) (types.Proposed, error) {
		return b.ProposeTask(ctx, in.Body)
	})
	read(s, a, "/v1/tasks", "tasks", "All tasks", func(ctx context.Context, _ *none) (types.Tasks, error) {
		list, err := b.Tasks(ctx)
		return types.Tasks{Tasks: list}, err
	})
	read(s, a, "/v1/tasks/{id}", "task", "One task", func(ctx context.Context, in *idInput) (types.Task, error) { return b.Task(ctx, in.ID) })
	write(s, a, "/v1/infer", "infer", "Classify images", func(ctx context.Context, in *body[types.InferRequest]) (types.InferResult, error) {
		return b.Infer(ctx, in.Body)
	})
}

func (s *Server) ledgerRoutes(a huma.API) {
	b := s.backend.Ledger
	read(s, a, "/v1/ledger", "ledger", "Height, validators and supply", func(ctx context.Context, _ *none) (types.Ledger, error) { return b.Ledger(ctx) })
	read(s, a, "/v1/ledger/blocks/{height}", "block", "One block", func(ctx context.Context, in *heightInput) (types.Block, error) {
		return b.Block(ctx, in.Height)
	})
	read(s, a, "/v1/accounts", "accounts", "All accounts", func(ctx context.Context, _ *none) (types.Accounts, error) {
		list, err := b.Accounts(ctx)
		return types.Accounts{Accounts: list}, err
	})
	read(s, a, "/v1/accounts/{id}", "account", "One account", func(ctx context.Context, in *idInput) (types.Account, error) {
		return b.Account(ctx, in.ID)
	})
	read(s, a, "/v1/rewards", "rewards", "Credits and slashes with their causes", func(ctx context.Context, in *taskQuery) (types.Rewards, error) {
		list, err := b.Rewards(ctx, in.Task)
		return types.Rewards{Rewards: list}, err
	})
}

// read registers a GET that answers JSON; name is what an error says failed.
func read[I, O any](s *Server, a huma.API, path, name, summary string, fn func(context.Context, *I) (O, error)) {
	register(s, a, http.MethodGet, path, name, summary, fn)
}

// write registers a POST that answers JSON.
func write[I, O any](s *Server, a huma.API, path, name, summary string, fn func(context.Context, *I) (O, error)) {
	register(s, a, http.MethodPost, path, name, summary, fn)
}

func register[I, O any](s *Server, a huma.API, method, path, name, summary string, fn func(context.Context, *I) (O, error)) {
	huma.Register(a, operation(method, path, name, summary), func(ctx context.Context, in *I) (*out[O], error) {
		ctx, cancel := context.WithTimeout(ctx, s.cfg.Answer)
		defer cancel()
		v, err := fn(ctx, in)
		if err != nil {
			return nil, fail(name, err)
		}
		return &out[O]{Body: v}, nil
	})
}

// operation describes an endpoint; bodies have their own deadlines (see unstalled), so that huma sets none.
func operation(method, path, name, summary string) huma.Operation {
	return huma.Operation{
		OperationID: operationID(name), Method: method, Path: path, Summary: summary,
		MaxBodyBytes: MaxRequest, BodyReadTimeout: -1,
	}
}
