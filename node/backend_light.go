package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/heartbeat"
	"autonet/ledger/light"
	"autonet/ledger/proof"
	"autonet/node/api/types"
	"autonet/node/invite"
	"autonet/node/proofs"
)

// lightNodeBackend is a light node as the API sees it.
type lightNodeBackend struct {
	nodeBackend
	l *lightNode
}

// Status implements api.NodeBackend.
func (b lightNodeBackend) Status(context.Context) (types.Status, error) {
	n, s := b.n, b.l.client.Status()
	g := n.gossip.Stats()
	return types.Status{
		Version: n.version, Network: n.network, Genesis: n.genesis, Name: n.cfg.Name, PeerID: string(n.account),
		PID: os.Getpid(), Home: n.home.Dir(), StartedMS: n.began.UnixMilli(), UptimeMS: time.Since(n.began).Milliseconds(),
		Roles: []string{}, Addrs: n.addrs(), Peers: len(n.host.Network().Peers()), Jobs: []types.Job{},
		Traffic: types.Traffic{GossipSent: g.BytesOut, GossipReceived: g.BytesIn}, RSSMiB: residentMiB(),
		Ledger: b.l.ledgerStatus(), Lease: types.LeaseStatus{Reason: "a light node does no work"},
		Light: &types.LightStatus{
			Height: s.Height, TimeMS: s.TimeMS, Hash: s.Hash.String(), TrustUntilMS: s.TrustUntilMS, Stale: time.Now().UnixMilli() > s.TrustUntilMS, Sources: s.Sources,
			Witnesses: s.Witnesses, Conflict: s.Conflict, Refused: s.Struck,
		},
	}, nil
}

func (l *lightNode) ledgerStatus() types.LedgerStatus {
	s := l.client.Status()
	return types.LedgerStatus{
		Height: s.Height, TimeMS: s.TimeMS, Hash: s.Hash.String(), AppHash: s.AppHash.String(), Validators: s.Validators,
		CatchingUp: s.Conflict != "" || s.Height == 0,
	}
}

// Connect implements api.NodeBackend.
func (b lightNodeBackend) Connect(ctx context.Context, req types.ConnectRequest) (types.ConnectResult, error) {
	if req.Invite != "" {
		inv, err := invite.Decode(req.Invite)
		if err == nil && len(inv.Grant) > 0 {
			return types.ConnectResult{}, lightRefusal("a grant is claimed by a transaction")
		}
	}
	return b.nodeBackend.Connect(ctx, req)
}

// Invite implements api.NodeBackend.
func (b lightNodeBackend) Invite(ctx context.Context, req types.InviteRequest) (types.Invite, error) {
	if req.GrantNatn > 0 {
		return types.Invite{}, lightRefusal("a grant is put aside by a transaction")
	}
	return b.nodeBackend.Invite(ctx, req)
}

// lightLedgerBackend reads by proofs.
type lightLedgerBackend struct{ l *lightNode }

// Ledger implements api.LedgerBackend.
func (b lightLedgerBackend) Ledger(ctx context.Context) (types.Ledger, error) {
	out := types.Ledger{Set: []types.Validator{}}
	supply, err := readLight[bank.Totals](ctx, b.l, "supply")
	if err != nil {
		return out, err
	}
	beat, err := readLight[heartbeat.Beat](ctx, b.l, "heartbeat")
	if err != nil {
		return out, err
	}
	out.Status = b.l.ledgerStatus()
	out.Heartbeat = types.HeartbeatInfo{Count: beat.Count, Interval: beat.Interval, Height: beat.Height, TimeMS: beat.TimeMS}
	sum := ledger.Natn(0)
	for _, part := range supply.Parts() {
		sum += part
	}
	out.Supply = types.Supply{
		TotalNatn: uint64(supply.Supply), BalancesNatn: uint64(supply.Balances), StakesNatn: uint64(supply.Stakes),
		UnbondingNatn: uint64(supply.Unbonding), EscrowsNatn: uint64(supply.Escrows), ProjectsNatn: uint64(supply.Projects),
		GrantsNatn: uint64(supply.Grants), TrapsNatn: uint64(supply.Traps), SubsidiesNatn: uint64(supply.Subsidies), RevenuesNatn: uint64(supply.Revenues),
		OrdersNatn: uint64(supply.Orders), TreasuryNatn: uint64(supply.Treasury), Conserved: sum == supply.Supply,
	}
	return out, nil
}

// Account implements api.LedgerBackend.
func (b lightLedgerBackend) Account(ctx context.Context, text string) (types.Account, error) {
	id, err := ledger.ParseAccount(text)
	if err != nil {
		return types.Account{}, types.NewError(types.CodeUsage, text+" is no account", err.Error(), "an account is a peer ID such as 12D3Koo…")
	}
	out := types.Account{Account: string(id), Stakes: []types.Stake{}}
	money, err := readLight[bank.Account](ctx, b.l, "balance", string(id))
	if err != nil {
		return out, err
	}
	stakes, err := readLight[app.StakeRecord](ctx, b.l, "stake", string(id))
	if err != nil {
		return out, err
	}
	seat, _, err := b.l.read(ctx, []string{"governor", string(id)})
	if err != nil {
		return out, err
	}
	out.BalanceNatn, out.Nonce, out.Governor = uint64(money.Balance), money.Nonce, seat.Found
	for _, s := range stakes.Stakes {
		out.LockedNatn += uint64(s.Locked)
		out.Stakes = append(out.Stakes, types.Stake{
			Role: string(s.Role), BondedNatn: uint64(s.Bonded), LockedNatn: uint64(s.Locked), UnbondingNatn: uint64(s.Unbonding),
			Active: s.Bonded > 0 && s.Bonded >= b.l.n.params.Role(s.Role).MinStake,
		})
	}
	return out, nil
}

// Block implements api.LedgerBackend.
func (lightLedgerBackend) Block(context.Context, int64) (types.Block, error) {
	return types.Block{}, lightRefusal("it has no blocks")
}

// Accounts implements api.LedgerBackend.
func (lightLedgerBackend) Accounts(context.Context) ([]types.Account, error) {
	return nil, lightRefusal("it cannot list what it does not hold")
}

// Rewards implements api.LedgerBackend.
func (lightLedgerBackend) Rewards(context.Context, string) ([]types.Reward, error) {
	return nil, lightRefusal("it has no events")
}

// lightProofBackend fetches proofs and checks them.
type lightProofBackend struct{ l *lightNode }

// Proof implements api.ProofBackend.
func (b lightProofBackend) Proof(ctx context.Context, words []string, height int64) (types.Proof, error) {
	if height != 0 {
		return types.Proof{}, lightRefusal("it proves the last state alone")
	}
	_, p, err := b.l.read(ctx, words)
	if err != nil {
		return types.Proof{}, err
	}
	return proofs.Document(p)
}

// Header implements api.ProofBackend.
func (b lightProofBackend) Header(_ context.Context, height int64) (types.Header, error) {
	h, err := b.l.client.Header()
	if err != nil {
		return types.Header{}, lightError(err)
	}
	told, err := proofs.Header(h)
	if err == nil && height != 0 && height != told.Height {
		err = lightRefusal("it keeps the last trusted header alone")
	}
	return told, err
}

// Tx implements api.ProofBackend.
func (lightProofBackend) Tx(context.Context, string) (types.TxResult, error) {
	return types.TxResult{}, lightRefusal("it has no transactions")
}

// LedgerEvents implements api.ProofBackend.
func (lightProofBackend) LedgerEvents(context.Context, types.EventQuery) (types.LedgerEvents, error) {
	return types.LedgerEvents{}, lightRefusal("it has no events")
}

// Explain implements api.ProofBackend.
func (lightProofBackend) Explain(context.Context, string, bool) (types.Explanation, error) {
	return types.Explanation{}, lightRefusal("it has no events")
}

// read fetches a record with its proof against a fresh header.
func (l *lightNode) read(ctx context.Context, words []string) (proof.Statement, proof.Proof, error) {
	if err := l.newest(ctx); err != nil {
		return proof.Statement{}, proof.Proof{}, lightError(err)
	}
	s, p, err := l.client.Read(ctx, words)
	if err != nil {
		err = lightError(err)
	}
	return s, p, err
}

// readLight reads a record of a type; one that is proven not to be there is zero.
func readLight[T any](ctx context.Context, l *lightNode, words ...string) (T, error) {
	var v T
	s, _, err := l.read(ctx, words)
	if err != nil || !s.Found {
		return v, err
	}
	v, ok := s.Record.(T)
	if !ok {
		return v, fmt.Errorf("%v is a %T", words, s.Record)
	}
	return v, nil
}

func lightRefusal(why string) error {
	return types.NewError(types.CodeFailed, "a light node does not do this", why, "start the node without --light, or ask a full one")
}

// lightError says what to do about a light client's troubles.
func lightError(err error) error {
	switch {
	case errors.Is(err, light.ErrConflict):
		return types.NewError(types.CodeFailed, "the headers of this network contradict each other", err.Error(),
			"look at: autonet status; then start once with: autonet start --light --trust FILE")
	case errors.Is(err, light.ErrExpired):
		return types.NewError(types.CodeFailed, "the trusted header is too old", err.Error(),
			"get a new one from somebody you trust (autonet ledger header -o FILE) and start once with: autonet start --light --trust FILE")
	case errors.Is(err, light.ErrNoSource), errors.Is(err, light.ErrNoHeader):
		return types.NewError(types.CodeFailed, "ask the peers", err.Error(), "look at: autonet status and autonet peers")
	default:
		return err
	}
}
