package ledger_test

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/ledgertest"
)

type small struct {
	ID    string `json:"id"`
	Count uint16 `json:"count,omitempty"`
}

type row struct {
	_ struct{} `cbor:",toarray"`
	A uint64
	B []byte
}

// everything has a field of every form that messages and events use.
type everything struct {
	Text     string         `cbor:"text" json:"other"`
	Amount   ledger.Natn    `json:"amount"`
	Signed   int64          `json:"signed"`
	Short    int8           `json:"short"`
	Byte     uint8          `json:"byte"`
	Flag     bool           `json:"flag"`
	Raw      []byte         `json:"raw"`
	Hash     ledger.Hash    `json:"hash"`
	Four     [4]byte        `json:"four"`
	Hashes   []ledger.Hash  `json:"hashes"`
	Account  ledger.Account `json:"account,omitempty"`
	Some     []uint32       `json:"some,omitempty"`
	Nested   []small        `json:"nested"`
	One      small          `json:"one"`
	Rows     []row          `json:"rows"`
	Skipped  string         `json:"-"`
	Untagged string
}

func full() everything {
	return everything{
		Text: "täxt", Amount: math.MaxUint64, Signed: math.MinInt64, Short: -128, Byte: 255, Flag: true, Raw: []byte{},
		Hash: ledger.Hash{1}, Four: [4]byte{1, 2, 3, 4}, Hashes: []ledger.Hash{{2}, {3}}, Account: ledgertest.Account(1),
		Some: []uint32{0, 24, math.MaxUint32}, Nested: []small{{ID: "a", Count: 1}, {}}, Rows: []row{{A: 1, B: []byte{2}}, {}},
		Untagged: "x",
	}
}

// same holds the planned decoder against decoding and encoding again.
func same(t *testing.T, raw []byte) {
	t.Helper()
	for _, zero := range []any{everything{}, small{}, row{}, []small{}, uint8(0), int16(0), "", ledger.Hash{}, ledger.Tx{}, ledger.Body{}} {
		plain, planned := reflect.New(reflect.TypeOf(zero)), reflect.New(reflect.TypeOf(zero))
		errPlain, errPlanned := ledger.PlainUnmarshal(raw, plain.Interface()), ledger.Unmarshal(raw, planned.Interface())
		require.Equal(t, errPlain == nil, errPlanned == nil, "%x as %T: %v against %v", raw, zero, errPlain, errPlanned)
		if errPlain == nil {
			require.Equal(t, plain.Elem().Interface(), planned.Elem().Interface())
		}
	}
}

func TestThePlannedDecoderAcceptsWhatEncodingAgainWould(t *testing.T) {
	for _, v := range []any{
		full(),
		everything{},
		small{},
		small{ID: "x", Count: 9},
		row{},
		[]small{{}, {ID: "y"}},
		uint8(7), int16(-300), "text",
		ledger.Hash{9},
		ledger.Tx{Body: []byte{1}, Key: []byte{}, Sig: nil},
		ledger.Body{Msg: []byte{1}},
	} {
		raw, err := ledger.Marshal(v)
		require.NoError(t, err)
		back := reflect.New(reflect.TypeOf(v))
		require.NoError(t, ledger.Unmarshal(raw, back.Interface()), "%T", v)
		same(t, raw)
		for i := range raw {
			same(t, raw[:i])
			for _, flip := range []byte{1, 2, 0x18, 0x20, 0x40, 0x80, 0xff} {
				changed := bytes.Clone(raw)
				changed[i] ^= flip
				same(t, changed)
			}
		}
		same(t, append(raw, 0))
	}
	d := ledger.NewDecoder[small]()
	_, err := d.Decode([]byte("\xa1\x62id\x61\xff"))
	require.ErrorIs(t, err, ledger.ErrEncoding)
	require.ErrorContains(t, err, `"id"`)
}

func FuzzStrict(f *testing.F) {
	for _, v := range []any{full(), everything{}, small{ID: "x", Count: 9}, row{A: 500}} {
		raw, err := ledger.Marshal(v)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(same)
}
