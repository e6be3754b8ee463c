package envelope_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/stretchr/testify/require"

	"autonet/p2p/envelope"
)

func newKey(tb testing.TB) crypto.PrivKey {
	tb.Helper()
	priv, _, err := crypto.GenerateEd25519Key(rand.Reader)
	require.NoError(tb, err)
	return priv
}

func TestOpenReturnsWhatWasSealed(t *testing.T) {
	priv := newKey(t)
	want, err := peer.IDFromPrivateKey(priv)
	require.NoError(t, err)
	for _, size := range []int{0, 1, 1000, envelope.MaxPayload} {
		payload := bytes.Repeat([]byte{7}, size)
		raw, err := envelope.Seal(priv, "devnet/task/1", payload)
		require.NoError(t, err)
		require.LessOrEqual(t, len(raw), envelope.MaxSize)
		require.LessOrEqual(t, len(raw)-size, envelope.Overhead)
		signer, got, err := envelope.Open(raw, "devnet/task/1")
		require.NoError(t, err)
		require.Equal(t, want, signer)
		require.Len(t, got, size)
		require.True(t, bytes.Equal(payload, got))
	}
}

func TestOpenRefusesAnotherKind(t *testing.T) {
	raw, err := envelope.Seal(newKey(t), "devnet/task/1", []byte("x"))
	require.NoError(t, err)
	_, _, err = envelope.Open(raw, "devnet/pulse/1")
	require.ErrorIs(t, err, envelope.ErrSignature)
}

func TestOpenRefusesEveryFlippedByte(t *testing.T) {
	raw, err := envelope.Seal(newKey(t), "task", []byte("payload"))
	require.NoError(t, err)
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1
		_, _, err := envelope.Open(bad, "task")
		require.Error(t, err, "byte %d", i)
	}
}

func TestOpenRefusesASecondEncodingOfTheSameContent(t *testing.T) {
	raw, err := envelope.Seal(newKey(t), "task", []byte("payload"))
	require.NoError(t, err)
	// An unknown varint field, number 15: protobuf decoders skip it.
	_, _, err = envelope.Open(append(bytes.Clone(raw), 0x78, 0x01), "task")
	require.ErrorIs(t, err, envelope.ErrMalformed)
	// The payload field repeated: the last one wins.
	_, _, err = envelope.Open(append(bytes.Clone(raw), append([]byte{0x1a, 7}, "payload"...)...), "task")
	require.ErrorIs(t, err, envelope.ErrMalformed)
}

func TestSizeIsBoundedOnBothSides(t *testing.T) {
	_, err := envelope.Seal(newKey(t), "task", make([]byte, envelope.MaxPayload+1))
	require.ErrorIs(t, err, envelope.ErrTooLarge)
	_, _, err = envelope.Open(make([]byte, envelope.MaxSize+1), "task")
	require.ErrorIs(t, err, envelope.ErrTooLarge)
}

func TestOnlyEd25519KeysSeal(t *testing.T) {
	priv, _, err := crypto.GenerateSecp256k1Key(rand.Reader)
	require.NoError(t, err)
	_, err = envelope.Seal(priv, "task", nil)
	require.ErrorIs(t, err, envelope.ErrKey)
	_, err = envelope.Seal(nil, "task", nil)
	require.ErrorIs(t, err, envelope.ErrKey)
}

func TestKindIsChecked(t *testing.T) {
	for _, kind := range []string{"", "Task", "a b", "ü", strings.Repeat("a", envelope.MaxKind+1)} {
		_, err := envelope.Seal(newKey(t), kind, nil)
		require.ErrorIs(t, err, envelope.ErrKind)
		_, _, err = envelope.Open(nil, kind)
		require.ErrorIs(t, err, envelope.ErrKind)
	}
}

func FuzzOpen(f *testing.F) {
	priv := newKey(f)
	for _, payload := range [][]byte{nil, []byte("payload"), make([]byte, 2000)} {
		raw, err := envelope.Seal(priv, "task", payload)
		require.NoError(f, err)
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		signer, payload, err := envelope.Open(raw, "task")
		if err != nil {
			require.Empty(t, signer)
			require.Nil(t, payload)
			return
		}
		require.NoError(t, signer.Validate())
		require.LessOrEqual(t, len(payload), len(raw))
	})
}
