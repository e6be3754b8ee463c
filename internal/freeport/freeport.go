package freeport

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strconv"
)

// Ports are taken from below the range in which systems give ports to outgoing connections (Linux: 32768 and up; IANA:
// 49152 and up), so that no connection made in the meantime can be in the way.
const (
	lowest  = 10_240
	highest = 32_000
	tries   = 64 // for each port
)

// ErrNone says that no port was found.
var ErrNone = errors.New("no free port was found; name one")

// Find returns n different ports that were free for TCP and UDP on loopback a moment ago.
func Find(n int) ([]int, error) {
	held := make(map[int]bool, n)
	out := make([]int, 0, n)
	for range tries * n {
		if len(out) == n {
			break
		}
		draw, err := rand.Int(rand.Reader, big.NewInt(highest-lowest))
		if err != nil {
			return nil, fmt.Errorf("draw a port: %w", err)
		}
		port := lowest + int(draw.Int64())
		if !held[port] && free(port) {
			held[port] = true
			out = append(out, port)
		}
	}
	if len(out) < n {
		return nil, fmt.Errorf("%w: %d of %d ports are free for both TCP and UDP", ErrNone, len(out), n)
	}
	return out, nil
}

// free reports whether both protocols can be listened on at every address of this machine.
func free(port int) bool {
	addr := ":" + strconv.Itoa(port)
	l, err := net.Listen("tcp4", addr) //nolint:noctx // closed at once
	if err != nil {
		return false
	}
	u, err := net.ListenPacket("udp4", addr) //nolint:noctx // closed at once
	if err == nil {
		err = u.Close()
	}
	return errors.Join(err, l.Close()) == nil
}
