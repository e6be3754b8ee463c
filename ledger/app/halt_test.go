package app_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
	"autonet/ledger/dispute"
	"autonet/ledger/task"
)

// unchecked signs a message that its sender's software would not let out.
func unchecked(tb testing.TB, from int, nonce uint64, m ledger.Msg) []byte {
	tb.Helper()
	msg, err := ledger.Marshal(m)
	require.NoError(tb, err)
	body, err := ledger.Marshal(ledger.Body{Network: network, Nonce: nonce, Kind: m.Kind(), Msg: msg, Fee: ledger.ATN})
	require.NoError(tb, err)
	raw, err := ledger.Marshal(ledger.Tx{
		Body: body, Key: key(from)[ed25519.SeedSize:], Sig: ed25519.Sign(key(from), append([]byte("autonet/tx/v1"+network), body...)),
	})
	require.NoError(tb, err)
	return raw
}

func TestAPanelThatNamesAnImpossibleModelDoesNotStopTheLedger(t *testing.T) {
	for name, spoil := range map[string]func(*dispute.Model){
		"size":       func(m *dispute.Model) { m.Size = 1 << 51 },
		"parameters": func(m *dispute.Model) { m.Parameters = 1 << 63 },
	} {
		t.Run(name, func(t *testing.T) {
			c := newChain(t)
			id, taskID := c.proposed()
			c.until(taskID, task.StateSettled)
			c.must(aggregator, task.Aggregate{Task: taskID, Manifest: manifest("wrong"), Root: digest("wrong"), Size: 1, Parameters: 1})
			now, _ := c.view().Task(taskID)
			m := right(now)
			c.must(second, dispute.ChallengeAggregate{Task: taskID, Manifest: m.Manifest, Root: m.Root, Size: m.Size, Parameters: m.Parameters})
			c.block(100)
			spoil(&m)
			found := dispute.Finding{Model: m}
			doc, err := dispute.JudgementCID(taskID, dispute.Question{}, found)
			require.NoError(t, err)
			judges := c.view().Panels(taskID)[0].Judges
			require.NotEmpty(t, judges)
			for _, j := range judges {
				c.must(index(j.Account), dispute.Commit{Task: taskID, Commitment: commitreveal.Commit(
					commitreveal.KindVerdict, network, taskID, string(j.Account), doc, digest("salt"))})
			}
			var txs [][]byte
			for _, j := range judges {
				txs = append(txs, unchecked(t, index(j.Account), c.view().Nonce(j.Account), dispute.Reveal{
					Task: taskID, Finding: found, Salt: digest("salt"),
				}))
			}
			for _, res := range c.block(100, txs...).Txs {
				require.Equal(t, ledger.CodeInvalid, res.Code, res.Text)
			}
			c.wait(c.view().Params().Disputes.JudgeRevealMS + 2000)
			require.False(t, c.view().Pending(taskID))
			require.Len(t, c.view().Versions(id), 2, "without a judgement the published model stands")
			c.sound()
		})
	}
}
