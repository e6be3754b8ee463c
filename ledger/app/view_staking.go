package app

import (
	"autonet/ledger"
	"autonet/ledger/staking"
)

// KeysInfo are the keys that act for an account.
type KeysInfo struct {
	Account    ledger.Account      `json:"account"`
	Epoch      uint64              `json:"epoch"`  // the present one, as far as the last recorded block knows
	Signer     ledger.Account      `json:"signer"` // newest signing key, as its peer ID
	From       uint64              `json:"from"`   // epoch from which it signs; 0: always
	ConsKey    []byte              `json:"cons_key,omitempty"`
	Pending    *staking.PendingKey `json:"pending,omitempty"` // consensus key that will be in force
	SignerLive bool                `json:"signer_live"`       // the newest signing key is in force
}

// Keys returns the keys that act for an account.
func (v View) Keys(account ledger.Account) KeysInfo {
	out := KeysInfo{Account: account, Signer: v.app.staking.Signer(v.kv, account)}
	if p := v.Params(); p.EpochMS > 0 {
		out.Epoch = uint64(v.WorkClock().WorkMS / p.EpochMS)
	}
	if use, ok := v.app.staking.KeyUse(v.kv, out.Signer); ok {
		out.From = use.From
	}
	out.SignerLive = out.Epoch >= out.From
	if record, ok := v.app.staking.Record(v.kv, account); ok {
		out.ConsKey = record.ConsKey
	}
	if pending, ok := v.app.staking.Pending(v.kv, account); ok {
		out.Pending = &pending
	}
	return out
}
