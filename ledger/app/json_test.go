package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/app"
)

func TestAMessageInJSONIsRefusedInWordsThatNameTheField(t *testing.T) {
	a := app.New()
	for raw, want := range map[string]string{
		`{"denom":"ATN","amount":-5}`:      "amount is number -5 where a whole number from 0 to 18446744073709551615 belongs",
		`{"denom":"ATN","amount":"5"}`:     "amount is string where a whole number from 0 to 18446744073709551615 belongs",
		`{"denom":1,"amount":5}`:           "denom is number where a text belongs",
		`[]`:                               "the message is array where an object belongs",
		`{"denom":"ATN","amount":5,"x":1}`: `unknown field "x"`,
		`{"denom":"ATN","amount":5} 7`:     "something follows the message",
	} {
		_, err := a.ParseMsg("bank/burn", []byte(raw))
		require.Equal(t, ledger.CodeInvalid, ledger.CodeOf(err), raw)
		require.ErrorContains(t, err, want)
	}
	_, err := a.ParseMsg("bank/burn", []byte(`{"denom":"ATN","amount":5}`))
	require.NoError(t, err)
	require.True(t, a.Work("task/claim"))
	require.False(t, a.Work("bank/burn"))
	require.False(t, a.Work("no/such"))
}

func TestWhatCanBeProvenIsListedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, line := range app.ProvableWords() {
		word, _, _ := strings.Cut(strings.TrimSuffix(line, ":"), " ")
		word, _, _ = strings.Cut(word, ":")
		require.False(t, seen[word], line)
		seen[word] = true
	}
}
