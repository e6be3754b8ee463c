package stance_test

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/stance"
)

// pair is an aligned and an opposed task for one article of the Universal Declaration of Human Rights. Class A is plain
// wording, B the same words with another stance, C dark words for a good task and warm words for a bad one.
type pair struct {
	class            string
	article          int
	aligned, opposed string
}

func (p *pair) UnmarshalJSON(raw []byte) error {
	return json.Unmarshal(raw, &[]any{&p.class, &p.article, &p.aligned, &p.opposed})
}

type testSet struct {
	Pairs   []pair   `json:"pairs"`
	Neutral []string `json:"neutral"`
}

func load(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

func embed(tb testing.TB, text string) stance.Vector {
	tb.Helper()
	v, err := stance.Embed(text)
	require.NoError(tb, err)
	return v
}

// The counts below are what the heuristic reaches, not what one would wish. Rules and words were chosen while looking at
// pairs-1; pairs-2 was read by this test only, once both were fixed.
func TestHowOftenTheHeuristicIsRight(t *testing.T) {
	var articles map[string]string
	load(t, "udhr.json", &articles)
	for _, c := range []struct {
		file           string
		pairs, neutral int // least number that must come out right
	}{
		{"pairs-1.json", 37, 19},
		{"pairs-2.json", 21, 9},
	} {
		var set testSet
		load(t, c.file, &set)
		right, byClass, classes := 0, map[string]int{}, map[string]int{}
		for _, p := range set.Pairs {
			article := embed(t, articles[strconv.Itoa(p.article)])
			classes[p.class]++
			if stance.Compare(embed(t, p.aligned), article).Score > stance.Compare(embed(t, p.opposed), article).Score {
				right++
				byClass[p.class]++
			}
		}
		neutral := 0
		for _, text := range set.Neutral {
			laden := false
			for _, article := range articles {
				laden = laden || stance.Compare(embed(t, text), embed(t, article)).Laden
			}
			if !laden {
				neutral++
			}
		}
		t.Logf("%s: the aligned task is nearer to its article than the opposed one in %d of %d pairs (A %d/%d, B %d/%d, C %d/%d); "+
			"%d of %d everyday tasks are seen as such", c.file, right, len(set.Pairs), byClass["A"], classes["A"],
			byClass["B"], classes["B"], byClass["C"], classes["C"], neutral, len(set.Neutral))
		require.GreaterOrEqual(t, right, c.pairs, c.file)
		require.GreaterOrEqual(t, neutral, c.neutral, c.file)
	}
}
