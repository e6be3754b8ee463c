package discovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/libp2p/go-libp2p/core/peer"

	"autonet/internal/atomicfile"
)

const (
	// maxSaved bounds the peers in the file.
	maxSaved = 128
	// maxFile bounds what is read of it in bytes.
	maxFile     = 1 << 20
	fileVersion = 1
)

// savedPeers is the content of the peers file.
type savedPeers struct {
	Version int      `json:"version"`
	Network string   `json:"network"`
	Peers   []string `json:"peers"` // multiaddrs ending in /p2p/<peer id>, the last seen first
}

// load returns the remembered peers of this network; a missing file and another network's file hold none.
func load(path, network string) ([]peer.AddrInfo, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the remembered peers: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read the remembered peers: %w", err)
	}
	return decodePeers(raw, network)
}

func decodePeers(raw []byte, network string) ([]peer.AddrInfo, error) {
	if len(raw) > maxFile {
		return nil, fmt.Errorf("the file of remembered peers is larger than %d bytes", maxFile)
	}
	var saved savedPeers
	if err := json.Unmarshal(raw, &saved); err != nil {
		return nil, fmt.Errorf("decode the remembered peers: %w", err)
	}
	if saved.Version != fileVersion || saved.Network != network {
		return nil, nil
	}
	infos, err := ParsePeers(saved.Peers)
	if err != nil {
		return nil, fmt.Errorf("decode the remembered peers: %w", err)
	}
	return infos[:min(len(infos), maxSaved)], nil
}

// encodePeers returns the file for the peers that were connected once, and nil if there are none.
func encodePeers(entries []entry, network string) ([]byte, error) {
	saved := savedPeers{Version: fileVersion, Network: network}
	for _, e := range entries {
		if e.good.IsZero() || len(saved.Peers) >= maxSaved*4 {
			continue
		}
		addrs, err := peer.AddrInfoToP2pAddrs(&e.info)
		if err != nil {
			return nil, fmt.Errorf("encode the peer %s: %w", e.info.ID, err)
		}
		for _, a := range addrs {
			saved.Peers = append(saved.Peers, a.String())
		}
	}
	if len(saved.Peers) == 0 {
		return nil, nil
	}
	raw, err := json.MarshalIndent(saved, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encode the remembered peers: %w", err)
	}
	return raw, nil
}

func store(path string, raw []byte) error {
	if err := atomicfile.Write(path, raw, 0o600); err != nil {
		return fmt.Errorf("remember good peers: %w", err)
	}
	return nil
}
