package apitest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"sync"

	"autonet/node/api"
	"autonet/node/api/feed"
	"autonet/node/api/types"
)

// Node is a node in memory. Set its fields before it is served; Fail may be called at any time.
type Node struct {
	StatusValue   types.Status
	IdentityValue types.Identity
	PeerList      []types.Peer
	ProjectList   []types.Project
	TaskList      []types.Task
	LedgerValue   types.Ledger
	AccountList   []types.Account
	RewardList    []types.Reward
	Blocks        map[int64]types.Block
	// StateValues are the parts of the state by name; SubmittedValue is the answer to every message.
	StateValues    map[string]any
	SubmittedValue types.Submitted
	WalletList     []types.Wallet
	ProofValues    Proofs
	// Light makes it a light node.
	Light bool
	Feed  *feed.Feed
	// Stopped is closed by the first Stop.
	Stopped chan struct{}
	// CutAt ends Get with an error after that many bytes; 0 = never.
	CutAt int

	mu       sync.Mutex
	files    map[string]file
	order    []string
	failures map[string]error
	stop     sync.Once
	proposed []types.ProposeTaskRequest
	dialled  []types.ConnectRequest
	sent     []types.SubmitRequest

	documents []types.Document
}

type file struct {
	info types.Shard
	data []byte
}

// NewNode returns a node with a name, three peers' worth of nothing and an empty feed.
func NewNode() *Node {
	f, err := feed.New(feed.DefaultConfig())
	if err != nil {
		panic(err) // the defaults are valid
	}
	return &Node{
		StatusValue: types.Status{
			Version: "test", Network: "autonet-test", Name: "alice", PeerID: "12D3KooWAlice", PID: 4242,
			Roles: []string{"solver"}, Addrs: []string{"/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWAlice"}, Jobs: []types.Job{},
		},
		IdentityValue: types.Identity{PeerID: "12D3KooWAlice", Account: "12D3KooWAlice", Network: "autonet-test", Name: "alice", Addrs: []string{}},
		Blocks:        map[int64]types.Block{}, Feed: f, Stopped: make(chan struct{}),
		files: map[string]file{}, failures: map[string]error{},
	}
}

// Fail makes the named method fail from now on; nil lets it work again.
func (n *Node) Fail(method string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failures[method] = err
}

// Proposed returns the task proposals so far.
func (n *Node) Proposed() []types.ProposeTaskRequest {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]types.ProposeTaskRequest(nil), n.proposed...)
}

// Dialled returns the requests to connect so far.
func (n *Node) Dialled() []types.ConnectRequest {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]types.ConnectRequest(nil), n.dialled...)
}

// Backend is the node as the server sees it.
func (n *Node) Backend() api.Backend {
	if n.Light {
		return api.Backend{Light: true, Node: n, Ledger: n, Proofs: n, Events: n.Feed}
	}
	return api.Backend{Node: n, Shards: shards{n}, Tasks: n, Ledger: n, State: n, Proofs: n, Events: n.Feed}
}

func (n *Node) failure(method string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.failures[method]
}

func missing(what, id string) error {
	return types.NewError(types.CodeNotFound, "no such "+what, id, "")
}

// Status returns StatusValue.
func (n *Node) Status(context.Context) (types.Status, error) {
	return n.StatusValue, n.failure("Status")
}

// ID returns IdentityValue.
func (n *Node) ID(context.Context) (types.Identity, error) { return n.IdentityValue, n.failure("ID") }

// Peers returns PeerList.
func (n *Node) Peers(context.Context) ([]types.Peer, error) { return n.PeerList, n.failure("Peers") }

// Connect says that every address answered.
func (n *Node) Connect(_ context.Context, req types.ConnectRequest) (types.ConnectResult, error) {
	n.mu.Lock()
	n.dialled = append(n.dialled, req)
	n.mu.Unlock()
	return types.ConnectResult{Connected: req.Addrs, Failed: []types.FailedDial{}}, n.failure("Connect")
}

// Invite makes an invite.
func (n *Node) Invite(_ context.Context, req types.InviteRequest) (types.Invite, error) {
	addrs := req.Addrs
	if len(addrs) == 0 {
		addrs = n.StatusValue.Addrs
	}
	return types.Invite{Invite: "autonet1test", Network: n.StatusValue.Network, Genesis: "00ff", Addrs: addrs}, n.failure("Invite")
}

// Stop closes Stopped.
func (n *Node) Stop(context.Context) error {
	if err := n.failure("Stop"); err != nil {
		return err
	}
	n.stop.Do(func() { close(n.Stopped) })
	return nil
}

// CreateProject founds a project.
func (n *Node) CreateProject(_ context.Context, req types.CreateProjectRequest) (types.Project, error) {
	return types.Project{ID: "aa11", Name: req.Name, State: "FUNDING", Model: req.Model, GoalNatn: req.GoalNatn}, n.failure("CreateProject")
}

// Projects returns ProjectList.
func (n *Node) Projects(context.Context) ([]types.Project, error) {
	return n.ProjectList, n.failure("Projects")
}

// ProposeTask remembers the proposal.
func (n *Node) ProposeTask(_ context.Context, req types.ProposeTaskRequest) (types.Proposed, error) {
	n.mu.Lock()
	n.proposed = append(n.proposed, req)
	n.mu.Unlock()
	return types.Proposed{Task: "bb22", Height: 7}, n.failure("ProposeTask")
}

// Tasks returns TaskList.
func (n *Node) Tasks(context.Context) ([]types.Task, error) { return n.TaskList, n.failure("Tasks") }

// Task finds a task in TaskList.
func (n *Node) Task(_ context.Context, id string) (types.Task, error) {
	for _, t := range n.TaskList {
		if t.ID == id {
			return t, nil
		}
	}
	return types.Task{}, missing("task", id)
}

// Infer answers with each image's first byte, modulo ten.
func (n *Node) Infer(_ context.Context, req types.InferRequest) (types.InferResult, error) {
	r := types.InferResult{Model: req.Model}
	for _, img := range req.Images {
		r.Classes = append(r.Classes, int(img[0])%10)
	}
	return r, n.failure("Infer")
}

// Ledger returns LedgerValue.
func (n *Node) Ledger(context.Context) (types.Ledger, error) {
	return n.LedgerValue, n.failure("Ledger")
}

// Block finds a block in Blocks.
func (n *Node) Block(_ context.Context, height int64) (types.Block, error) {
	b, ok := n.Blocks[height]
	if !ok {
		return b, missing("block", "")
	}
	return b, n.failure("Block")
}

// Accounts returns AccountList.
func (n *Node) Accounts(context.Context) ([]types.Account, error) {
	return n.AccountList, n.failure("Accounts")
}

// Account finds an account in AccountList.
func (n *Node) Account(_ context.Context, account string) (types.Account, error) {
	for _, a := range n.AccountList {
		if a.Account == account {
			return a, nil
		}
	}
	return types.Account{}, missing("account", account)
}

// Rewards returns those of RewardList that belong to the task.
func (n *Node) Rewards(_ context.Context, task string) ([]types.Reward, error) {
	var out []types.Reward
	for _, r := range n.RewardList {
		if task == "" || r.Task == task {
			out = append(out, r)
		}
	}
	return out, n.failure("Rewards")
}

// shards is the file store of a Node, apart because its methods' names are taken.
type shards struct{ n *Node }

func (s shards) Pin(_ context.Context, r io.Reader, size int64, opts types.PinOptions) (types.Shard, error) {
	if err := s.n.failure("Pin"); err != nil {
		return types.Shard{}, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return types.Shard{}, err
	}
	sum := sha256.Sum256(data)
	info := types.Shard{
		CID: "bafk" + hex.EncodeToString(sum[:8]), Name: opts.Name, Root: hex.EncodeToString(sum[:]), Size: int64(len(data)),
		Data: max(int(opts.Data), 10), Parity: max(int(opts.Parity), 4), Columns: []types.Column{}, Providers: 1, Complete: true, Pinned: true,
	}
	if size >= 0 && size != info.Size {
		return info, types.NewError(types.CodeFailed, "pin", "the length is not what was announced", "")
	}
	s.n.mu.Lock()
	defer s.n.mu.Unlock()
	if _, ok := s.n.files[info.CID]; !ok {
		s.n.order = append(s.n.order, info.CID)
	}
	s.n.files[info.CID] = file{info, data}
	return info, nil
}

func (s shards) Get(_ context.Context, cid string, w io.Writer) (types.GetStats, error) {
	if err := s.n.failure("Get"); err != nil {
		return types.GetStats{}, err
	}
	s.n.mu.Lock()
	f, ok := s.n.files[cid]
	s.n.mu.Unlock()
	if !ok {
		return types.GetStats{}, missing("shard", cid)
	}
	data := f.data
	if s.n.CutAt > 0 {
		data = data[:min(s.n.CutAt, len(data))]
	}
	if _, err := io.Copy(w, bytes.NewReader(data)); err != nil {
		return types.GetStats{}, err
	}
	if len(data) < len(f.data) {
		return types.GetStats{}, types.NewError(types.CodeFailed, "get shard", "only 9 of 14 columns are live — 10 needed", "wait for its holders")
	}
	return types.GetStats{Bytes: f.info.Size, Holders: 1}, nil
}

func (s shards) List(context.Context) ([]types.Shard, error) {
	s.n.mu.Lock()
	defer s.n.mu.Unlock()
	out := make([]types.Shard, 0, len(s.n.order))
	for _, cid := range s.n.order {
		out = append(out, s.n.files[cid].info)
	}
	return out, s.n.failures["List"]
}

func (s shards) Stat(_ context.Context, cid string) (types.Shard, error) {
	s.n.mu.Lock()
	defer s.n.mu.Unlock()
	f, ok := s.n.files[cid]
	if !ok {
		return types.Shard{}, missing("shard", cid)
	}
	return f.info, s.n.failures["Stat"]
}

func (s shards) Unpin(_ context.Context, cid string) (types.Unpinned, error) {
	s.n.mu.Lock()
	defer s.n.mu.Unlock()
	f, ok := s.n.files[cid]
	if !ok {
		return types.Unpinned{}, missing("shard", cid)
	}
	delete(s.n.files, cid)
	for i, c := range s.n.order {
		if c == cid {
			s.n.order = append(s.n.order[:i], s.n.order[i+1:]...)
			break
		}
	}
	return types.Unpinned{CID: cid, FreedBytes: uint64(f.info.Size)}, nil
}
