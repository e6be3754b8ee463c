package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
)

type note struct {
	Text string `cbor:"text"`
}

func (note) Kind() string { return "test/note" }

func (n note) Validate() error {
	if n.Text == "" {
		return ledger.Refuse(ledger.CodeInvalid, "empty")
	}
	return nil
}

func TestSignedTransactionDecodesAndVerifies(t *testing.T) {
	for _, size := range []int{1, 23, 24, 255, 256, 65535, 65536, 200_000} {
		raw, err := ledger.SignTx(ledgertest.Key(1), "net", 1<<40, note{Text: strings.Repeat("x", size)})
		require.NoError(t, err)
		tx, body, err := ledger.DecodeTx(raw)
		require.NoError(t, err)
		require.NoError(t, ledger.VerifyTx(tx, body, "net"))
		require.Equal(t, ledgertest.Account(1), tx.Sender())
		require.Equal(t, uint64(1<<40), body.Nonce)
		require.Equal(t, "test/note", body.Kind)
		require.GreaterOrEqual(t, body.Fee, ledger.Fee(len(raw)), "it offers enough")
		require.Less(t, body.Fee, ledger.Fee(len(raw))+64, "and little more")
	}
}

func TestSigningRefusesWhatCannotBeAccepted(t *testing.T) {
	key := ledgertest.Key(1)
	for name, try := range map[string]func() error{
		"short key":   func() error { _, err := ledger.SignTx(key[:10], "net", 0, note{Text: "x"}); return err },
		"bad network": func() error { _, err := ledger.SignTx(key, "Net!", 0, note{Text: "x"}); return err },
		"bad message": func() error { _, err := ledger.SignTx(key, "net", 0, note{}); return err },
		"huge message": func() error {
			_, err := ledger.SignTx(key, "net", 0, note{Text: strings.Repeat("x", ledger.MaxTxBytes)})
			return err
		},
	} {
		require.Error(t, try(), name)
	}
}

func TestTamperedTransactionsAreInvalid(t *testing.T) {
	raw, err := ledger.SignTx(ledgertest.Key(1), "net", 3, note{Text: "pay"})
	require.NoError(t, err)
	accepted := 0
	for i := range raw {
		for _, flip := range []byte{1, 0x80} {
			bad := bytes.Clone(raw)
			bad[i] ^= flip
			tx, body, err := ledger.DecodeTx(bad)
			if err == nil {
				err = ledger.VerifyTx(tx, body, "net")
			}
			if err == nil {
				accepted++
				continue
			}
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
		}
	}
	require.Zero(t, accepted)
	tx, body, err := ledger.DecodeTx(raw)
	require.NoError(t, err)
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(ledger.VerifyTx(tx, body, "other")))
	_, _, err = ledger.DecodeTx(append(bytes.Clone(raw), 0))
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
	_, _, err = ledger.DecodeTx(make([]byte, ledger.MaxTxBytes+1))
	require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
}

func TestASignatureOverOneNetworkIsNoneOverAnother(t *testing.T) {
	raw, err := ledger.SignTx(ledgertest.Key(1), "net-a", 0, note{Text: "x"})
	require.NoError(t, err)
	tx, body, err := ledger.DecodeTx(raw)
	require.NoError(t, err)
	body.Network = "net-b"
	require.Error(t, ledger.VerifyTx(tx, body, "net-b"))
}

func FuzzDecodeTx(f *testing.F) {
	raw, err := ledger.SignTx(ledgertest.Key(1), "net", 0, note{Text: "x"})
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte{})
	f.Add([]byte{0xa3})
	f.Fuzz(func(t *testing.T, raw []byte) {
		tx, body, err := ledger.DecodeTx(raw)
		if err != nil {
			require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err))
			return
		}
		again, err := ledger.Marshal(tx)
		require.NoError(t, err)
		require.Equal(t, raw, again, "one transaction has one spelling")
		require.Len(t, tx.Key, ed25519.PublicKeySize)
		_ = ledger.VerifyTx(tx, body, "net")
	})
}

func TestCodesHaveNamesAndSurviveWrapping(t *testing.T) {
	for code := ledger.CodeOK; code <= ledger.CodeInternal; code++ {
		require.NotEqual(t, "unknown", code.String())
	}
	require.Equal(t, "unknown", ledger.Code(99).String())
	require.Equal(t, ledger.CodeOK, ledger.CodeOf(nil))
	require.Equal(t, ledger.CodeInternal, ledger.CodeOf(errors.New("x")))
	require.Equal(t, ledger.CodeLate, ledger.CodeOf(fmt.Errorf("wrapped: %w", ledger.Refuse(ledger.CodeLate, "over"))))
	require.EqualError(t, ledger.Refuse(ledger.CodeLate, "over"), "late: over")
	require.Len(t, ledger.Clip(strings.Repeat("x", 500)), 64+len("…"))
}

func TestPresetParametersAreValid(t *testing.T) {
	require.NoError(t, ledger.DefaultParams().Validate())
	require.NoError(t, ledger.DevnetParams().Validate())
	raw, err := json.Marshal(ledger.DevnetParams())
	require.NoError(t, err)
	var back ledger.Params
	require.NoError(t, json.Unmarshal(raw, &back))
	require.Equal(t, ledger.DevnetParams(), back)
	for _, role := range ledger.Roles() {
		require.True(t, role.Valid())
		require.NotZero(t, back.Role(role).MinStake)
	}
	require.Zero(t, back.Role("king"))
}

func TestParametersOutOfBoundsAreNamed(t *testing.T) {
	for name, spoil := range map[string]func(*ledger.Params){
		"solver.min_stake":    func(p *ledger.Params) { p.Solver.MinStake = 0 },
		"validator.unbond_ms": func(p *ledger.Params) { p.Validator.UnbondMS = 0 },
		"commit_ms":           func(p *ledger.Params) { p.CommitMS = -1 },
		"lease_ms":            func(p *ledger.Params) { p.LeaseMS = p.PulseIntervalMS - 1 },
		"pulse_interval_ms":   func(p *ledger.Params) { p.PulseIntervalMS = 0 },
		"pulse_block_age_ms":  func(p *ledger.Params) { p.PulseBlockAgeMS = 0 },
		"work_step_ms":        func(p *ledger.Params) { p.WorkStepMS = 0 },
		"empty_block_ms":      func(p *ledger.Params) { p.EmptyBlockMS = 1 },
		"committee":           func(p *ledger.Params) { p.Committee = 2 },
		"max_slots":           func(p *ledger.Params) { p.MaxSlots = 33 },
		"reporter_per_mille":  func(p *ledger.Params) { p.ReporterPerMille = 1001 },
		"vote_slash":          func(p *ledger.Params) { p.VoteSlash = 1 << 63 },
	} {
		p := ledger.DefaultParams()
		spoil(&p)
		require.ErrorContains(t, p.Validate(), name)
	}
}

func TestNetworkNamesAreBounded(t *testing.T) {
	for _, good := range []string{"a", "devnet-1", strings.Repeat("a", 48)} {
		require.True(t, ledger.ValidNetwork(good))
	}
	for _, bad := range []string{"", "A", "a b", "a/b", strings.Repeat("a", 49), "ä"} {
		require.False(t, ledger.ValidNetwork(bad))
	}
}
