package stance_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

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

func compare(t *testing.T, a, b string) stance.Likeness {
	t.Helper()
	l := stance.Compare(embed(t, a), embed(t, b))
	require.Equal(t, l, stance.Compare(embed(t, b), embed(t, a)), "symmetric")
	return l
}

func TestStanceIsNotTopic(t *testing.T) {
	right := "Everyone has the right to education"
	near, far := compare(t, "Support education for everyone", right), compare(t, "Restrict education", right)
	require.True(t, near.Laden && far.Laden)
	require.Greater(t, near.Score, uint16(58_000))
	require.Less(t, far.Score, uint16(8_000))
	for _, pair := range [][2]string{
		{"Protect prisoners from torture", "Torture prisoners"},
		{"Nobody shall be tortured", "Prisoners shall be tortured"},
		{"Do not censor the press", "Censor the press"},
		{"Schools for girls are opened", "Schools for girls are banned"},
		{"Fight discrimination in housing", "Promote discrimination in housing"},
		{"Treat residents with dignity", "Treat residents without dignity"},
		{"Prevent hunger", "Cause hunger"},
	} {
		whole := "No torture. Freedom of the press. Education and schools for girls. No discrimination in housing. Dignity. End hunger."
		require.Greater(t, compare(t, pair[0], whole).Score, compare(t, pair[1], whole).Score, pair[0])
	}
}

func TestWhatIsAboutNothingIsNeitherForNorAgainst(t *testing.T) {
	l := compare(t, "Sort a list of integers", "Everyone has the right to education")
	require.False(t, l.Laden)
	require.Equal(t, uint16(32767), l.Score)
	require.Equal(t, l, stance.Compare(stance.Vector{}, stance.Vector{}))
}

func TestATextIsOfOneMindWithItself(t *testing.T) {
	for _, text := range []string{"The right to education.", "Torture prisoners", "Marbles, kites and wooden tops"} {
		require.Equal(t, uint16(stance.One), compare(t, text, text).Score, text)
	}
}

func TestSpellingDoesNotMatter(t *testing.T) {
	plain := embed(t, "dont deny children's education; open cafes")
	for _, text := range []string{
		"DON'T deny children's EDUCATION; open cafes", "don’t  deny\tchildren’s education; open cafés", "don\u200bt deny childrens edu\u00adcation; open CAFÉS",
	} {
		require.Equal(t, plain, embed(t, text), text)
	}
}

func TestOnlyBoundedTextsAreRead(t *testing.T) {
	for _, text := range []string{"", strings.Repeat("a", stance.MaxTextBytes+1), "\xff"} {
		_, err := stance.Embed(text)
		require.ErrorIs(t, err, stance.ErrText)
	}
	embed(t, strings.Repeat("torture ", stance.MaxTextBytes/8))
	embed(t, strings.Repeat("-", stance.MaxTextBytes))
	none, err := stance.EmbedAll()
	require.NoError(t, err)
	require.Zero(t, none)
	_, err = stance.EmbedAll("good", "")
	require.ErrorIs(t, err, stance.ErrText)
}

func TestVectorsAreReadBackOrRefused(t *testing.T) {
	v := embed(t, "Protect the press; no torture")
	raw := v.Bytes()
	require.Len(t, raw, stance.VectorBytes)
	again, err := stance.ParseVector(raw)
	require.NoError(t, err)
	require.Equal(t, v, again)
	for name, change := range map[string]func([]byte) []byte{
		"short":        func(b []byte) []byte { return b[1:] },
		"version":      func(b []byte) []byte { b[0]++; return b },
		"size":         func(b []byte) []byte { b[1]++; return b },
		"lean":         func(b []byte) []byte { b[len(b)-1] = 65; return b },
		"lean of none": func(b []byte) []byte { b[2] = 0; return b },
	} {
		_, err := stance.ParseVector(change(append([]byte(nil), raw...)))
		require.ErrorIs(t, err, stance.ErrVector, name)
	}
}

// The table and the rules are part of the protocol: another table or another vector is another version.
func TestTheHeuristicIsFixed(t *testing.T) {
	raw, err := os.ReadFile("table.txt")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	for i, line := range lines {
		require.Regexp(t, `^[a-z0-9_-]+ [udhngbptf.-] -?[0-8]( [0-9]+:[1-9])*$`, line)
		if i > 0 {
			before, _, _ := strings.Cut(lines[i-1], " ")
			word, _, _ := strings.Cut(line, " ")
			require.Less(t, before, word)
		}
	}
	sum := sha256.New()
	sum.Write(raw)
	var set testSet
	load(t, "pairs-1.json", &set)
	for _, p := range set.Pairs {
		a, o := embed(t, p.aligned), embed(t, p.opposed)
		sum.Write(a.Bytes())
		sum.Write(o.Bytes())
		l := stance.Compare(a, o)
		sum.Write([]byte{byte(l.Score >> 8), byte(l.Score), byte(l.Relevance >> 8), byte(l.Relevance)})
	}
	require.Equal(t, 1, stance.Version)
	require.Equal(t, "e10379eefccc64fdf743bf6c4a46f010fb00a72ee5e5467f989d74ffb01ecf48", hex.EncodeToString(sum.Sum(nil)))
}

// FuzzEmbed reads any text: no panic, numbers in their bounds, the same vector from the same text, one mind with itself.
func FuzzEmbed(f *testing.F) {
	for _, seed := range []string{"Restrict education", "Nobody shall be tortured, nor without hearing.", "é\u200b—漢字 -- a-b-", "\xff", "no no no instead without"} {
		f.Add(seed, "Everyone has the right to education")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		va, err := stance.Embed(a)
		if err != nil {
			require.ErrorIs(t, err, stance.ErrText)
			require.False(t, len(a) > 0 && len(a) <= stance.MaxTextBytes && utf8.ValidString(a))
			return
		}
		require.Equal(t, va, embed(t, a))
		again, err := stance.ParseVector(va.Bytes())
		require.NoError(t, err)
		require.Equal(t, va, again)
		vb, err := stance.Embed(b)
		if err != nil {
			return
		}
		require.Equal(t, stance.Compare(va, vb), stance.Compare(vb, va))
		require.GreaterOrEqual(t, stance.Compare(va, va).Stance, uint16(32767))
	})
}

// FuzzParseVector reads any bytes as a vector.
func FuzzParseVector(f *testing.F) {
	f.Add(stance.Vector{}.Bytes())
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := stance.ParseVector(raw)
		if err != nil {
			require.ErrorIs(t, err, stance.ErrVector)
			return
		}
		require.Equal(t, raw, v.Bytes())
		stance.Compare(v, v)
	})
}

func BenchmarkEmbedTheLongestText(b *testing.B) {
	text := strings.Repeat("deporting ", stance.MaxTextBytes/10)
	for b.Loop() {
		if _, err := stance.Embed(text); err != nil {
			b.Fatal(err)
		}
	}
}
