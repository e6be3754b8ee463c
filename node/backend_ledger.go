package node

import (
	"context"
	"errors"
	"fmt"
	"os"

	"autonet/consensus/lease"
	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/node/api/types"
)

type ledgerBackend struct{ n *Node }

// Ledger implements api.LedgerBackend.
func (b ledgerBackend) Ledger(context.Context) (types.Ledger, error) {
	out := types.Ledger{Status: b.n.ledgerStatus(), Heartbeat: b.n.heartbeat(), Set: []types.Validator{}}
	err := b.n.engine.View(func(v app.View) error {
		s := v.Supply()
		out.Supply = types.Supply{
			TotalNatn: uint64(s.Total), BalancesNatn: uint64(s.Balances), StakesNatn: uint64(s.Stakes), UnbondingNatn: uint64(s.Unbonding),
			EscrowsNatn: uint64(s.Escrows), ProjectsNatn: uint64(s.Projects), TreasuryNatn: uint64(s.Treasury), Conserved: s.Conserved,
			GrantsNatn: uint64(s.Grants), TrapsNatn: uint64(s.Traps), SubsidiesNatn: uint64(s.Subsidies), RevenuesNatn: uint64(s.Revenues),
			OrdersNatn: uint64(s.Orders),
		}
		out.Accounts = len(v.Accounts())
		for _, val := range v.Validators() {
			out.Set = append(out.Set, types.Validator{Account: string(val.Account), Address: abci.ConsensusAddress(val.ConsKey), Power: val.Power})
		}
		return nil
	})
	return out, err
}

// Block implements api.LedgerBackend.
func (b ledgerBackend) Block(_ context.Context, height int64) (types.Block, error) {
	if height < 0 {
		return types.Block{}, types.NewError(types.CodeUsage, "there is no negative height", "", "")
	}
	info, err := b.n.engine.Block(height)
	if errors.Is(err, abci.ErrNoBlock) {
		return types.Block{}, types.NewError(types.CodeNotFound, fmt.Sprintf("there is no block %d", height), err.Error(), "see the last height with: autonet status")
	}
	if err != nil {
		return types.Block{}, err
	}
	out := types.Block{
		Height: info.Height, TimeMS: info.TimeMS, Hash: info.Hash.String(), AppHash: info.AppHash.String(), Proposer: info.Proposer, Txs: []types.Tx{},
	}
	for _, t := range info.Txs {
		out.Txs = append(out.Txs, types.Tx{Hash: t.Hash.String(), Sender: string(t.Sender), Kind: t.Kind, Code: t.Code.String(), Text: t.Text})
	}
	return out, nil
}

// Accounts implements api.LedgerBackend.
func (b ledgerBackend) Accounts(context.Context) ([]types.Account, error) {
	out := []types.Account{}
	err := b.n.engine.View(func(v app.View) error {
		for _, a := range v.Accounts() {
			out = append(out, b.accountOf(v, a))
		}
		return nil
	})
	return out, err
}

// Account implements api.LedgerBackend.
func (b ledgerBackend) Account(_ context.Context, text string) (types.Account, error) {
	id, err := ledger.ParseAccount(text)
	if err != nil {
		return types.Account{}, types.NewError(types.CodeUsage, text+" is no account", err.Error(), "an account is a peer ID such as 12D3Koo…")
	}
	var out types.Account
	err = b.n.engine.View(func(v app.View) error {
		a, _ := v.Account(id) // one the ledger has not met has nothing
		out = b.accountOf(v, a)
		return nil
	})
	return out, err
}

func (b ledgerBackend) accountOf(v app.View, a app.AccountInfo) types.Account {
	out := types.Account{
		Account: string(a.Account), BalanceNatn: uint64(a.Balance), Nonce: a.Nonce, Governor: a.Governor, Stakes: []types.Stake{},
	}
	if a.Account == b.n.account {
		out.Name = b.n.cfg.Name
	}
	for _, s := range a.Stakes {
		out.LockedNatn += uint64(s.Locked)
		out.Stakes = append(out.Stakes, types.Stake{
			Role: string(s.Role), BondedNatn: uint64(s.Bonded), LockedNatn: uint64(s.Locked), UnbondingNatn: uint64(s.Unbonding), Active: s.Active,
		})
	}
	for _, p := range v.Projects() {
		if held := v.Balance(a.Account, p.ID); held > 0 {
			out.Tokens = append(out.Tokens, types.Token{Denom: p.ID, Amount: held})
		}
	}
	return out
}

// Rewards implements api.LedgerBackend.
func (b ledgerBackend) Rewards(_ context.Context, id string) ([]types.Reward, error) {
	return b.n.tally.of(id), nil
}

// consensusAddress is how blocks name this node's validator.
func (n *Node) consensusAddress() string { return abci.ConsensusAddress(n.consKey) }

// adviceFor says what to do about a refusal.
func adviceFor(code ledger.Code) string {
	switch code {
	case ledger.CodeFunds:
		return "see what is there: autonet wallet balance, autonet stake ls"
	case ledger.CodeNotFound:
		return "check the name for a typing error"
	case ledger.CodeEarly:
		return "try again later"
	case ledger.CodeNonce:
		return "another command of this key was faster; try again"
	default: // the text says it
		return ""
	}
}

// ledgerError says what a refusal means and what to do about it.
func ledgerError(what string, err error) error {
	var refusal *ledger.Error
	switch {
	case errors.As(err, &refusal) && refusal.Code == ledger.CodeHalted, errors.Is(err, lease.ErrLapsed), errors.Is(err, lease.ErrNoLease):
		return types.NewError(types.CodeHalted, what, err.Error(), "work goes on with the next governance heartbeat: autonet heartbeat")
	case errors.As(err, &refusal):
		e := types.NewError(types.CodeRefused, what, refusal.Text, adviceFor(refusal.Code))
		e.Reason = refusal.Code.String()
		return e
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return types.NewError(types.CodeTimeout, what, err.Error(), "see whether blocks are made: autonet status")
	default:
		return shardError(what, err)
	}
}
