package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"autonet/node/api/types"
)

// Sent returns the messages submitted so far.
func (n *Node) Sent() []types.SubmitRequest {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.sent)
}

// Kinds lists a few kinds of messages.
func (n *Node) Kinds(context.Context) ([]string, error) {
	return []string{"bank/burn", "bank/send", "staking/bond"}, n.failure("Kinds")
}

// Submit remembers the message and answers with SubmittedValue.
func (n *Node) Submit(_ context.Context, req types.SubmitRequest) (types.Submitted, error) {
	n.mu.Lock()
	n.sent = append(n.sent, req)
	n.mu.Unlock()
	out := n.SubmittedValue
	out.Kind = req.Kind
	if out.Events == nil {
		out.Events = []types.LedgerEvent{}
	}
	return out, n.failure("Submit")
}

// State answers with what StateValues holds of that name.
func (n *Node) State(_ context.Context, what string, _ []string) (types.State, error) {
	value, ok := n.StateValues[what]
	if !ok {
		return types.State{}, missing("part of the state", what)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return types.State{}, err
	}
	return types.State{What: what, Height: n.StatusValue.Ledger.Height, Value: raw}, n.failure("State")
}

// Wallets lists WalletList.
func (n *Node) Wallets(context.Context) ([]types.Wallet, error) {
	return n.WalletList, n.failure("Wallets")
}

// NewWallet adds to WalletList.
func (n *Node) NewWallet(_ context.Context, req types.NewWalletRequest) (types.Wallet, error) {
	w := types.Wallet{Name: req.Name, Account: "12D3KooW" + req.Name}
	n.WalletList = append(n.WalletList, w)
	return w, n.failure("NewWallet")
}

// KeepDocument keeps a text in memory; its CID is made up.
func (n *Node) KeepDocument(_ context.Context, req types.DocumentRequest) (types.Document, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := types.Document{CID: fmt.Sprintf("bafkdoc%d", len(n.documents)), Text: req.Text}
	n.documents = append(n.documents, d)
	return d, n.failures["KeepDocument"]
}

// Document returns a text kept before.
func (n *Node) Document(_ context.Context, cid string) (types.Document, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range n.documents {
		if d.CID == cid {
			return d, nil
		}
	}
	return types.Document{}, missing("document", cid)
}

// RotateKey remembers the request as a message and answers with SubmittedValue.
func (n *Node) RotateKey(ctx context.Context, req types.RotateKeyRequest) (types.Submitted, error) {
	kind := "staking/rotate-key"
	if req.Consensus {
		kind = "staking/rotate-consensus-key"
	}
	return n.Submit(ctx, types.SubmitRequest{Kind: kind})
}
