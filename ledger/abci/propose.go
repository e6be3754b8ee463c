package abci

import (
	"cmp"
	"context"
	"slices"

	comet "github.com/cometbft/cometbft/abci/types"

	"autonet/ledger"
)

// PrepareProposal puts the transactions of each sender into the order of their nonces. They were judged in that order, but
// two that come from two peers at the same moment may have entered the mempool the other way round, and the one behind
// would be refused in its block.
func (c *chain) PrepareProposal(
	_ context.Context, req *comet.RequestPrepareProposal,
) (*comet.ResponsePrepareProposal, error) {
	return &comet.ResponsePrepareProposal{Txs: inOrder(req.Txs)}, nil
}

// inOrder leaves to each sender the places that its transactions have.
func inOrder(txs [][]byte) [][]byte {
	type place struct {
		at    int
		nonce uint64
	}
	places := make(map[string][]place) // by the key that signs
	sorted := true
	for i, raw := range txs {
		tx, body, err := ledger.DecodeTx(raw)
		if err != nil {
			continue // it will be refused where it is
		}
		mine := places[string(tx.Key)]
		sorted = sorted && (len(mine) == 0 || mine[len(mine)-1].nonce <= body.Nonce)
		places[string(tx.Key)] = append(mine, place{at: i, nonce: body.Nonce})
	}
	if sorted {
		return txs
	}
	out := slices.Clone(txs)
	for _, mine := range places {
		by := slices.Clone(mine)
		slices.SortStableFunc(by, func(a, b place) int { return cmp.Compare(a.nonce, b.nonce) })
		for i, from := range by {
			out[mine[i].at] = txs[from.at]
		}
	}
	return out
}
