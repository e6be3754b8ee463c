package app_test

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/ledgertest"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// A governor, a solver and a challenger in league could have a great bond proven away and made good by the treasury, and keep
// the challenger's tenth of it.
func TestATrapThatWasProvenFirstTakesNothingOutOfTheTreasury(t *testing.T) {
	p := newPlot(t)
	p.bad = acct(solver)
	p.claimed()
	p.seal(true)
	p.until(task.StateChallenge, "")
	treasury := p.view().Supply().Treasury
	returned := p.view().Supply().Traps / 2 // of the dummy
	p.challenge()
	p.judged()
	fees := ledger.Natn(0)
	for _, panel := range p.view().Panels(p.id) {
		for _, j := range panel.Judges {
			fees += j.Paid
		}
	}
	taken := 100*atn - p.stake(p.bad, ledger.RoleSolver)
	require.Positive(t, taken)
	p.open()
	require.GreaterOrEqual(t, p.view().Supply().Treasury+fees, treasury+returned)
	restored := p.view().Traps(p.id)[0].Restored
	require.Equal(t, taken-taken/10, restored, "what the treasury got of the bond, and no more")
	p.ended()
	p.sound()
}

// Who sees a rotation on its way cannot hold it up by making the new key an account of its own.
func TestATrifleSentToANewKeyDoesNotHoldUpItsRotation(t *testing.T) {
	c := newChain(t)
	next := ledgertest.Key(800)
	trifle := c.sign(second, bank.Send{To: ledgertest.Account(800), Denom: "ATN", Amount: 5})
	rotation := c.sign(citizen, staking.RotateKey{Key: next[ed25519.SeedSize:], Proof: staking.ProveKey(next, network, acct(citizen))})
	before := c.view().Balance(acct(citizen), "ATN")
	for _, res := range c.block(100, trifle, rotation).Txs {
		require.Equal(t, ledger.CodeOK, res.Code, res.Text)
	}
	require.Zero(t, c.view().Balance(ledgertest.Account(800), "ATN"))
	require.Equal(t, before+5-uint64(ledger.Fee(len(rotation))), c.view().Balance(acct(citizen), "ATN"))
	c.sound()
}
