package pin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"autonet/shards/exchange"
	"autonet/shards/manifest"
)

// Protocol is the stream protocol that asks a provider to hold columns.
const Protocol protocol.ID = "/autonet/pin/1"

// Errors a caller decides on.
var (
	// ErrNotFound says that nobody reachable has the manifest or the block.
	ErrNotFound = errors.New("pin: not found")
	// ErrNotPinned says that this node neither pinned nor holds the file.
	ErrNotPinned = errors.New("pin: not pinned here")
	// ErrTooLarge says that the file is longer than the caller allows, or than
	// one manifest can describe.
	ErrTooLarge = errors.New("pin: too large")
	// ErrUnavailable is what UnavailableError is.
	ErrUnavailable = errors.New("pin: too few columns are left")
	// ErrSize says that the stream was shorter or longer than announced.
	ErrSize = errors.New("pin: the stream is not as long as announced")
)

// UnavailableError says that a stripe cannot be read: fewer than k of its
// blocks can be had. It is ErrUnavailable.
type UnavailableError struct {
	CID    cid.Cid
	Stripe int
	// Have and Need count blocks of the stripe; Missing lists the columns that
	// nobody reachable gave.
	Have, Need int
	Missing    []int
	Findings   []exchange.Finding
}

// Error names the file, the stripe and what is missing.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("pin: %s cannot be read: stripe %d has %d of the %d blocks it needs; columns %v are offline, lost or corrupt", e.CID, e.Stripe, e.Have, e.Need, e.Missing)
}

// Is says that the error is ErrUnavailable.
func (e *UnavailableError) Is(target error) bool { return target == ErrUnavailable }

// Provider is a node that holds columns for others, as the ledger knows it.
type Provider struct {
	ID peer.ID
	// Free is the capacity left, in bytes.
	Free uint64
	// Reputation is 0 to 1000.
	Reputation uint16
}

// Announcement is what a holder says about itself: the columns of a manifest
// that have landed with it. The signer of the message is the holder.
type Announcement struct {
	Manifest string   `cbor:"manifest"`
	Columns  []uint16 `cbor:"columns"`
}

// Routing finds and tells who has a manifest. Both calls may take long; they
// are made in the background or as a last resort.
type Routing interface {
	Provide(ctx context.Context, c cid.Cid) error
	FindProviders(ctx context.Context, c cid.Cid, limit int) ([]peer.AddrInfo, error)
}

// Ports are what the service needs from others. Every function may be called
// from several goroutines; any of them may be nil.
type Ports struct {
	// Providers lists the registered providers, this node included when it is one.
	Providers func(ctx context.Context) ([]Provider, error)
	Routing   Routing
	// Announce publishes what landed here.
	Announce func(ctx context.Context, a Announcement) error
	// Accept says whether this node holds size bytes for a peer: nil yes, an
	// error is the reason told to the peer. Without it everyone is accepted.
	Accept func(ctx context.Context, from peer.ID, c cid.Cid, size uint64) error
}

// Config bounds the service.
type Config struct {
	// K and M are used where a pin does not say.
	K, M int
	// Window is how many stripes a read or a write works on at once, each up
	// to (k+m) MiB.
	Window int
	// Holds is how many columns requests of others are served at once.
	Holds int
	// FindTimeout bounds a search for a manifest or for holders.
	FindTimeout time.Duration
	// StallTimeout is how long a provider may show no progress.
	StallTimeout time.Duration
	// Queue bounds the manifests waiting to be provided and announced.
	Queue int
	// Reprovide is how often everything held is provided again, Retry how soon
	// what could not be announced or provided is.
	Reprovide, Retry time.Duration
	Logger           *slog.Logger
}

// DefaultConfig is 10 + 4 with the bounds a node uses.
func DefaultConfig() Config {
	return Config{
		K: 10, M: 4, Window: 3, Holds: 32,
		FindTimeout: 10 * time.Second, StallTimeout: 20 * time.Second,
		Queue: 4096, Reprovide: 12 * time.Hour, Retry: time.Minute,
		Logger: slog.New(slog.DiscardHandler),
	}
}

// Validate says which field is out of bounds.
func (c Config) Validate() error {
	switch {
	case c.K < 1 || c.M < 0 || c.K+c.M > manifest.MaxShards:
		return fmt.Errorf("pin: %d data and %d parity shards (at least 1 and 0, at most %d together)", c.K, c.M, manifest.MaxShards)
	case c.Window < 1 || c.Window > 16:
		return fmt.Errorf("pin: window %d, want 1 to 16", c.Window)
	case c.Holds < 1 || c.Holds > 1024:
		return fmt.Errorf("pin: holds %d, want 1 to 1024", c.Holds)
	case c.FindTimeout <= 0 || c.StallTimeout <= 0 || c.Reprovide <= 0 || c.Retry <= 0:
		return errors.New("pin: timeouts and intervals must be positive")
	case c.Queue < 1:
		return errors.New("pin: the queue must hold something")
	case c.Logger == nil:
		return errors.New("pin: no logger")
	}
	return nil
}

// PinOptions are the parameters of one pin. The zero value takes K, M and the
// hash from the configuration.
//
//nolint:revive // the counterpart of GetOptions; Options alone would not say of what
type PinOptions struct {
	// K and M; both zero means the configured ones.
	K, M int
	// Hash of the blocks; zero means BLAKE3.
	Hash manifest.Hash
	// Hold keeps every block here too, whoever else holds it.
	Hold bool
	// Progress is called with the bytes read so far and the columns landed so
	// far. It may be called from several goroutines, never two at once.
	Progress func(bytes int64, landed int)
}

// ColumnInfo says who holds a column.
type ColumnInfo struct {
	Index int
	// Holder is empty when nobody is known to.
	Holder peer.ID
	// Confirmed says that the holder has verified and synced the column, or,
	// in Stat, that it has just said so.
	Confirmed bool
	// Reason says why the column has not landed, where it has not.
	Reason string
}

// Info describes a pinned file and where it is.
type Info struct {
	// CID names the manifest; File is the UnixFS root over the data.
	CID, File cid.Cid
	Root      [32]byte
	Size      int64
	K, M      int
	// Stripes there are, of blocks of BlockSize bytes.
	Stripes, BlockSize int
	Columns            []ColumnInfo
	// Providers is the number of distinct holders of confirmed columns, and
	// MayFail how many of them may fail at once without loss.
	Providers, MayFail int
	// Complete says that all k+m columns are confirmed.
	Complete bool
	// Mine says that this node pinned it, Held lists the columns held here.
	Mine bool
	Held []int
}

// GetOptions are the parameters of one read.
type GetOptions struct {
	// Progress is called with the bytes written so far.
	Progress func(bytes int64)
	// Hints are peers to ask first.
	Hints []peer.ID
}

// Stats says how a read went.
type Stats struct {
	// Bytes written.
	Bytes int64
	// Holders that gave blocks, this node not counted.
	Holders int
	// Local and Remote count blocks, Rebuilt those computed from parity.
	Local, Remote, Rebuilt int
	// Corrupt, Offline and TimedOut are the holders so found. A holder is in
	// at most one list.
	Corrupt, Offline, TimedOut []peer.ID
	// Findings are the first of all findings, at most 64.
	Findings []exchange.Finding
}

// Counters are totals since the service was made.
type Counters struct {
	// Sent and Received are bytes of blocks to and from others.
	Sent, Received uint64
	// Pins and Gets count calls that ended well; Holds columns requests served.
	Pins, Gets, Holds uint64
	// Corrupt, Offline and TimedOut count findings about holders.
	Corrupt, Offline, TimedOut uint64
	// Dropped counts manifests not announced or provided since the queue was full.
	Dropped uint64
}
