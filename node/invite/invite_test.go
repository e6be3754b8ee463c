package invite_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/node/invite"
)

func sample() invite.Invite {
	return invite.Invite{
		Network: "reef", GenesisHash: [32]byte{7},
		Addresses: []string{"/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWGRUVh8NmKJZ6ZMVyCLmwvBqRdyYgUVuKbJM2mFsSeXcv"},
	}
}

func TestAnInvitationSurvivesTheWay(t *testing.T) {
	s, err := sample().Encode()
	require.NoError(t, err)
	got, err := invite.Decode(" " + s + "\n")
	require.NoError(t, err)
	require.Equal(t, sample(), got)

	withGrant := sample()
	withGrant.Grant = make([]byte, 32)
	s, err = withGrant.Encode()
	require.NoError(t, err)
	got, err = invite.Decode(s)
	require.NoError(t, err)
	require.Equal(t, withGrant, got)
}

func TestEveryDamageIsSeen(t *testing.T) {
	s, err := sample().Encode()
	require.NoError(t, err)
	for i := range s {
		_, err := invite.Decode(s[:i])
		require.ErrorIs(t, err, invite.ErrBroken, "cut at %d", i)
	}
	for i := len("autonet1-"); i < len(s); i++ {
		c := byte('A')
		if s[i] == c {
			c = 'B'
		}
		_, err := invite.Decode(s[:i] + string(c) + s[i+1:])
		if err == nil && i == len(s)-1 {
			continue // the last letter carries unused bits
		}
		require.ErrorIs(t, err, invite.ErrBroken, "changed at %d", i)
	}
	_, err = invite.Decode(strings.Repeat("x", 5000))
	require.ErrorIs(t, err, invite.ErrBroken)
}

func TestUnusableContentIsNotInvited(t *testing.T) {
	for _, spoil := range []func(*invite.Invite){
		func(i *invite.Invite) { i.Network = "" },
		func(i *invite.Invite) { i.Addresses = nil },
		func(i *invite.Invite) { i.Addresses = []string{"nowhere"} },
		func(i *invite.Invite) { i.Grant = []byte{1} },
	} {
		i := sample()
		spoil(&i)
		_, err := i.Encode()
		require.ErrorIs(t, err, invite.ErrBroken)
	}
}

func FuzzDecode(f *testing.F) {
	s, err := sample().Encode()
	require.NoError(f, err)
	f.Add(s)
	f.Add("autonet1-")
	f.Fuzz(func(t *testing.T, s string) {
		i, err := invite.Decode(s)
		if err != nil {
			return
		}
		again, err := i.Encode()
		require.NoError(t, err)
		j, err := invite.Decode(again)
		require.NoError(t, err)
		require.Equal(t, i, j)
	})
}
