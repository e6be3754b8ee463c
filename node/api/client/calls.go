package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"autonet/node/api/types"
)

// Status asks for the node at a glance.
func (c *Client) Status(ctx context.Context) (types.Status, error) {
	return get[types.Status](ctx, c, "/v1/status")
}

// ID asks who the node is.
func (c *Client) ID(ctx context.Context) (types.Identity, error) {
	return get[types.Identity](ctx, c, "/v1/id")
}

// Peers lists connected peers.
func (c *Client) Peers(ctx context.Context) ([]types.Peer, error) {
	p, err := get[types.Peers](ctx, c, "/v1/peers")
	return p.Peers, err
}

// Connect asks the node to dial peers.
func (c *Client) Connect(ctx context.Context, req types.ConnectRequest) (types.ConnectResult, error) {
	return post[types.ConnectResult](ctx, c, "/v1/connect", req)
}

// Invite asks for an invite to the node's network.
func (c *Client) Invite(ctx context.Context, req types.InviteRequest) (types.Invite, error) {
	return post[types.Invite](ctx, c, "/v1/invite", req)
}

// Stop asks the node to stop; it returns before the process ends.
func (c *Client) Stop(ctx context.Context) (types.Stopping, error) {
	return post[types.Stopping](ctx, c, "/v1/stop", nil)
}

// Shards lists the files this node pinned.
func (c *Client) Shards(ctx context.Context) ([]types.Shard, error) {
	l, err := get[types.Shards](ctx, c, "/v1/shards")
	return l.Shards, err
}

// Shard asks for one file and who holds it.
func (c *Client) Shard(ctx context.Context, cid string) (types.Shard, error) {
	return get[types.Shard](ctx, c, "/v1/shards"+segment(cid))
}

// Unpin lets a file go.
func (c *Client) Unpin(ctx context.Context, cid string) (types.Unpinned, error) {
	return call[types.Unpinned](ctx, c, http.MethodDelete, "/v1/shards"+segment(cid), nil, nil)
}

// CreateProject founds a project.
func (c *Client) CreateProject(ctx context.Context, req types.CreateProjectRequest) (types.Project, error) {
	return post[types.Project](ctx, c, "/v1/projects", req)
}

// Projects lists all projects.
func (c *Client) Projects(ctx context.Context) ([]types.Project, error) {
	l, err := get[types.Projects](ctx, c, "/v1/projects")
	return l.Projects, err
}

// ProposeTask proposes a training task.
func (c *Client) ProposeTask(ctx context.Context, req types.ProposeTaskRequest) (types.Proposed, error) {
	return post[types.Proposed](ctx, c, "/v1/tasks", req)
}

// Tasks lists all tasks, newest first.
func (c *Client) Tasks(ctx context.Context) ([]types.Task, error) {
	l, err := get[types.Tasks](ctx, c, "/v1/tasks")
	return l.Tasks, err
}

// Task asks for one task.
func (c *Client) Task(ctx context.Context, id string) (types.Task, error) {
	return get[types.Task](ctx, c, "/v1/tasks"+segment(id))
}

// Infer asks for the classes of images.
func (c *Client) Infer(ctx context.Context, req types.InferRequest) (types.InferResult, error) {
	return post[types.InferResult](ctx, c, "/v1/infer", req)
}

// Ledger asks for height, validators and supply.
func (c *Client) Ledger(ctx context.Context) (types.Ledger, error) {
	return get[types.Ledger](ctx, c, "/v1/ledger")
}

// Block asks for one block.
func (c *Client) Block(ctx context.Context, height int64) (types.Block, error) {
	return get[types.Block](ctx, c, "/v1/ledger/blocks/"+strconv.FormatInt(height, 10))
}

// Accounts lists all accounts.
func (c *Client) Accounts(ctx context.Context) ([]types.Account, error) {
	l, err := get[types.Accounts](ctx, c, "/v1/accounts")
	return l.Accounts, err
}

// Account asks for one account.
func (c *Client) Account(ctx context.Context, account string) (types.Account, error) {
	return get[types.Account](ctx, c, "/v1/accounts"+segment(account))
}

// Rewards lists credits and slashes of one task, or of all with an empty id.
func (c *Client) Rewards(ctx context.Context, task string) ([]types.Reward, error) {
	q := url.Values{}
	if task != "" {
		q.Set("task", task)
	}
	l, err := call[types.Rewards](ctx, c, http.MethodGet, "/v1/rewards", q, nil)
	return l.Rewards, err
}
