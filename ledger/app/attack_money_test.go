package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
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
