package abci

import (
	"encoding/json"
	"fmt"

	"autonet/ledger"
	"autonet/ledger/app"
)

// rules are the rules of ledger/app as the engine's state machine.
type rules struct{ app *app.App }

func (r rules) genesis(kv ledger.KV, raw []byte, timeMS int64) ([]validatorUpdate, error) {
	var g app.Genesis
	if err := json.Unmarshal(raw, &g); err != nil {
		return nil, fmt.Errorf("read the genesis state: %w", err)
	}
	updates, err := r.app.InitGenesis(kv, g, timeMS)
	return fromApp(updates), err
}

func (r rules) check(kv ledger.KV, at block, raw []byte, trusted bool) error {
	if trusted {
		return r.app.RecheckTx(kv, toApp(at), raw)
	}
	return r.app.CheckTx(kv, toApp(at), raw)
}

func (r rules) run(kv ledger.KV, at block, txs [][]byte) (outcome, error) {
	res, err := r.app.ExecBlock(kv, toApp(at), txs)
	if err != nil {
		return outcome{}, err
	}
	out := outcome{events: res.Events, updates: fromApp(res.Updates), results: make([]TxResult, 0, len(res.Txs))}
	for _, tx := range res.Txs {
		out.results = append(out.results, TxResult{
			Code: tx.Code, Text: tx.Text, Sender: tx.Sender, Kind: tx.Kind, Fee: tx.Fee, Nonce: tx.Nonce,
		})
	}
	return out, nil
}

func toApp(at block) app.BlockInfo {
	info := app.BlockInfo{
		Network: at.network, Height: at.height, TimeMS: at.timeMS, Hash: at.hash, Proposer: at.proposer, Verified: at.verified,
	}
	for _, f := range at.faults {
		info.Equivocations = append(info.Equivocations, app.Equivocation{
			Kind: f.kind, Address: f.address, Height: f.height, TimeMS: f.timeMS,
		})
	}
	return info
}

func fromApp(updates []app.ValidatorUpdate) []validatorUpdate {
	out := make([]validatorUpdate, 0, len(updates))
	for _, u := range updates {
		out = append(out, validatorUpdate{key: u.ConsKey, power: u.Power})
	}
	return out
}
