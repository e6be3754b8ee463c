package freeport_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/internal/freeport"
)

func TestPortsDifferAndCanBeListenedOn(t *testing.T) {
	ports, err := freeport.Find(24)
	require.NoError(t, err)
	seen := map[int]bool{}
	for _, p := range ports {
		require.False(t, seen[p])
		seen[p] = true
		require.Less(t, p, 32768, "outgoing connections are given ports from there on")
		l, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(p))
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
}
