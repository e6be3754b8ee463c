package abci

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	comet "github.com/cometbft/cometbft/config"

	"autonet/ledger"
)

// Bounds of the engine.
const (
	defaultMempool  = 5000             // transactions
	maxMempoolBytes = 64 << 20         // of all of them
	maxPeers        = 256              // connections of each direction, and peers to dial
	peerRate        = 64 << 20         // bytes per second and peer
	maxEvents       = 1024             // events of one read
	maxEventsBytes  = 4 << 20          // of them
	maxBlockBytes   = 4 << 20          // of a block; in the genesis file
	stopAfter       = 20 * time.Second // CometBFT has this long to stop

	defaultSnapshotEvery = 2000 // blocks
)

// Config is what an engine needs. The zero values of the optional fields are replaced by defaults.
type Config struct {
	// Dir holds the engine's stores: comet, app and events. It is created.
	Dir string
	// GenesisFile is the file written by [WriteGenesis].
	GenesisFile string
	// ValidatorKeyFile and ValidatorStateFile are the files of [EnsureValidatorKey]. Without both the node follows
	// consensus and can never be a validator.
	ValidatorKeyFile   string
	ValidatorStateFile string
	// NodeKey is the Ed25519 key of the node's connections; its public half gives [NodeIDOf].
	NodeKey ed25519.PrivateKey
	// Logger receives the engine's messages. Optional: discarded.
	Logger *slog.Logger
	// LogLevel is the least level of what CometBFT says that is passed on; its errors arrive as warnings, the rest
	// below. Optional: slog.LevelInfo (0), which leaves warnings and errors.
	LogLevel slog.Level
	// EmptyBlockInterval is the time between blocks of an idle chain. Optional: as the genesis says.
	EmptyBlockInterval time.Duration
	// MempoolTxs bounds the transactions waiting for a block. Optional: 5000.
	MempoolTxs int
	// Sync lets a node with empty stores take a recent state from members of its network, proved by headers, instead of
	// replaying all blocks. Optional: it replays them. A validator of genesis always does.
	Sync SyncSource
	// SyncWait is how long a joiner looks for members before it replays the blocks. Optional: 10 s.
	SyncWait time.Duration
	// TrustedHeight and TrustedHash name a header that the owner trusts; a joiner verifies all others from it. Optional:
	// from the validators of genesis.
	TrustedHeight int64
	TrustedHash   ledger.Hash
	// SnapshotEvery is the number of blocks between two snapshots for joiners; the last two are kept. Optional: 2000; a
	// negative one takes none.
	SnapshotEvery int64
	// RetainBlocks is the number of blocks that are kept, at least 132; those after the oldest snapshot are kept in any
	// case. Optional: 100 000; a negative one keeps all. Events are kept whatever it says.
	RetainBlocks int64
	// Port is the loopback port for connections from peers. Optional: a free one, the same at every start if it can be.
	Port int
}

// Validate reports the first thing that makes the configuration unusable.
func (c Config) Validate() error {
	switch {
	case c.Dir == "":
		return errors.New("ledger engine: no data folder is configured")
	case c.GenesisFile == "":
		return errors.New("ledger engine: no genesis file is configured")
	case (c.ValidatorKeyFile == "") != (c.ValidatorStateFile == ""):
		return errors.New("ledger engine: a validator needs both its key file and its state file")
	case len(c.NodeKey) != ed25519.PrivateKeySize:
		return fmt.Errorf("ledger engine: the node key has %d bytes instead of %d", len(c.NodeKey), ed25519.PrivateKeySize)
	case c.EmptyBlockInterval < 0:
		return fmt.Errorf("ledger engine: the empty-block interval %s is negative", c.EmptyBlockInterval)
	case c.MempoolTxs < 0:
		return fmt.Errorf("ledger engine: the mempool bound %d is negative", c.MempoolTxs)
	case c.SyncWait < 0:
		return fmt.Errorf("ledger engine: the wait for members %s is negative", c.SyncWait)
	case c.RetainBlocks > 0 && c.RetainBlocks < minRetain:
		return fmt.Errorf("ledger engine: %d blocks kept are fewer than the %d that are needed", c.RetainBlocks, minRetain)
	case c.TrustedHeight < 0 || (c.TrustedHeight == 0) != (c.TrustedHash == ledger.Hash{}):
		return errors.New("ledger engine: a trusted header needs both its height and its hash")
	case c.Port < 0 || c.Port > 65535:
		return fmt.Errorf("ledger engine: %d is not a port", c.Port)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MempoolTxs == 0 {
		c.MempoolTxs = defaultMempool
	}
	if c.SnapshotEvery == 0 {
		c.SnapshotEvery = defaultSnapshotEvery
	}
	if c.RetainBlocks == 0 {
		c.RetainBlocks = defaultRetain
	}
	return c
}

// comet is the configuration of CometBFT: no RPC, no index, no peer exchange, blocks as soon as there is something
// to agree on.
func (c Config) comet(listen string, emptyBlocks time.Duration) *comet.Config {
	cfg := comet.DefaultConfig()
	cfg.SetRoot(c.Dir)
	cfg.Moniker = appName
	cfg.DBPath = filepath.Join("comet", "data")
	cfg.RPC.ListenAddress = ""
	cfg.RPC.GRPCListenAddress = ""

	cfg.P2P.ListenAddress = "tcp://" + listen
	cfg.P2P.AddrBook = filepath.Join("comet", "addrbook.json")
	cfg.P2P.AddrBookStrict = false
	cfg.P2P.AllowDuplicateIP = true
	cfg.P2P.PexReactor = false
	cfg.P2P.MaxNumInboundPeers = maxPeers
	cfg.P2P.MaxNumOutboundPeers = maxPeers
	cfg.P2P.FlushThrottleTimeout = time.Millisecond
	cfg.P2P.SendRate, cfg.P2P.RecvRate = peerRate, peerRate
	cfg.P2P.HandshakeTimeout = 5 * time.Second

	cfg.Mempool.Recheck = false
	cfg.Mempool.Size = c.MempoolTxs
	cfg.Mempool.MaxTxsBytes = maxMempoolBytes
	cfg.Mempool.MaxTxBytes = ledger.MaxTxBytes
	cfg.Mempool.CacheSize = 2 * c.MempoolTxs

	cfg.Consensus.WalPath = filepath.Join("comet", "data", "cs.wal", "wal")
	cfg.Consensus.TimeoutPropose = time.Second
	cfg.Consensus.TimeoutCommit = 0
	cfg.Consensus.SkipTimeoutCommit = true
	cfg.Consensus.CreateEmptyBlocks = false
	cfg.Consensus.CreateEmptyBlocksInterval = emptyBlocks
	cfg.Consensus.PeerGossipSleepDuration = 25 * time.Millisecond

	cfg.StateSync.Enable = false
	cfg.Storage.DiscardABCIResponses = true
	cfg.TxIndex.Indexer = "null"
	cfg.Instrumentation.Prometheus = false
	return cfg
}
