package config

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"autonet/internal/atomicfile"
)

// ErrInvalid is wrapped by every complaint about a configuration file's content.
var ErrInvalid = errors.New("configuration is not usable")

// Config is what a node's owner may set. Zero values are never meaningful by accident: start from Default.
type Config struct {
	Name string `toml:"name" comment:"Shown to people beside the peer ID; letters, digits, '-', '.' and '_', at most 32."`

	Light bool `toml:"light" comment:"Follow the ledger by its headers alone: no full node, no roles, no shards."`

	Network Network `toml:"network" comment:"The peer-to-peer network."`
	API     API     `toml:"api" comment:"The HTTP API that every command uses."`
	Roles   Roles   `toml:"roles" comment:"What this node works as; each needs its stake on the ledger."`
	Shards  Shards  `toml:"shards" comment:"The store of model shards."`
	Log     Log     `toml:"log" comment:"Logging, to standard error."`
}

// Network says where the node listens and whom it knows.
type Network struct {
	Port      int      `toml:"port" comment:"TCP and QUIC port; 0 takes a free one at the first start."`
	Loopback  bool     `toml:"loopback" comment:"Listen on loopback only (a swarm on one machine)."`
	Bootstrap []string `toml:"bootstrap" comment:"Multiaddresses with /p2p/ of nodes to meet first."`
}

// API says where the node answers its owner.
type API struct {
	Listen string `toml:"listen" comment:"Loopback address and port; port 0 takes a free one."`
}

// Roles says which jobs the node takes.
type Roles struct {
	Enabled []string `toml:"enabled" comment:"Any of proposer, solver, coordinator, aggregator, provider, governor, validator."`
	Threads int      `toml:"threads" comment:"Threads for training and verification; 0 means one. Results do not depend on it."`
	Slot    int      `toml:"slot" comment:"The solver slot asked for first; -1 lets the task decide."`
	Seed    string   `toml:"seed" comment:"Test swarms only: fixes salts, so that a run can be repeated. Empty means random salts."`
	Cheat   string   `toml:"cheat" comment:"Test swarms only: makes this node break the protocol in a named way, to be caught."`
}

// Shards bounds the store.
type Shards struct {
	CapacityMiB uint64 `toml:"capacity_mib" comment:"Disk space given to shards, in MiB."`
}

// Log chooses verbosity.
type Log struct {
	Level string `toml:"level" comment:"debug, info, warn or error."`
}

// RoleNames lists every role a node may enable, in the order in which they are shown.
func RoleNames() []string {
	return []string{"proposer", "solver", "coordinator", "aggregator", "provider", "governor", "validator"}
}

// Ways in which a node of a test swarm breaks the protocol.
const (
	// CheatGarbageUpdate sends noise in place of trained weights.
	CheatGarbageUpdate = "garbage-update"
	// CheatCopiedCommitment commits to another solver's commitment.
	CheatCopiedCommitment = "copied-commitment"
	// CheatScaledUpdate sends trained weights multiplied.
	CheatScaledUpdate = "scaled-update"
	// CheatSkippedSteps claims steps that were never computed.
	CheatSkippedSteps = "skipped-steps"
	// CheatApproveAll votes for everything without evaluating or replaying.
	CheatApproveAll = "approve-all"
)

// Cheats lists the ways in which a test swarm's node may break the protocol, in the order in which a swarm deals them out.
func Cheats() []string {
	return []string{CheatGarbageUpdate, CheatApproveAll, CheatSkippedSteps, CheatScaledUpdate, CheatCopiedCommitment}
}

// Default is the configuration of a new node.
func Default() Config {
	return Config{
		Name:    "node",
		Network: Network{Port: 0},
		API:     API{Listen: "127.0.0.1:0"},
		Roles:   Roles{Enabled: []string{"provider"}, Slot: -1},
		Shards:  Shards{CapacityMiB: 10 << 10},
		Log:     Log{Level: "warn"},
	}
}

// Validate checks every field; the error names the key and what it may be.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, want string, got any) {
		errs = append(errs, fmt.Errorf("%w: %s is %q; it must be %s", ErrInvalid, key, fmt.Sprint(got), want))
	}
	if !validName(c.Name) {
		bad("name", "1 to 32 letters, digits, '-', '.' or '_'", c.Name)
	}
	if c.Network.Port < 0 || c.Network.Port > 65535 {
		bad("network.port", "0 to 65535", c.Network.Port)
	}
	for _, a := range c.Network.Bootstrap {
		if !strings.HasPrefix(a, "/") || !strings.Contains(a, "/p2p/") {
			bad("network.bootstrap", "multiaddresses that end in /p2p/PEER", a)
		}
	}
	if !loopback(c.API.Listen) {
		bad("api.listen", "a loopback address with a port, such as 127.0.0.1:0", c.API.Listen)
	}
	for _, r := range c.Roles.Enabled {
		if !slices.Contains(RoleNames(), r) {
			bad("roles.enabled", "any of "+strings.Join(RoleNames(), ", "), r)
		}
	}
	if c.Roles.Threads < 0 || c.Roles.Threads > 256 {
		bad("roles.threads", "0 to 256", c.Roles.Threads)
	}
	if c.Roles.Slot < -1 || c.Roles.Slot > 31 {
		bad("roles.slot", "-1 to 31", c.Roles.Slot)
	}
	if c.Roles.Cheat != "" && !slices.Contains(Cheats(), c.Roles.Cheat) {
		bad("roles.cheat", "empty or one of "+strings.Join(Cheats(), ", "), c.Roles.Cheat)
	}
	if c.Shards.CapacityMiB < 16 {
		bad("shards.capacity_mib", "at least 16", c.Shards.CapacityMiB)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		bad("log.level", "debug, info, warn or error", c.Log.Level)
	}
	return errors.Join(errs...)
}

// Has reports whether the node works as role.
func (c Config) Has(role string) bool { return slices.Contains(c.Roles.Enabled, role) }

// Load reads and checks the file at path; unknown keys are errors, since a misspelt key is a setting lost.
func Load(path string) (Config, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	c := Default()
	dec := toml.NewDecoder(bytes.NewReader(raw)).DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("%w: %s: %s", ErrInvalid, path, describe(err))
	}
	if err := c.Validate(); err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Save writes c with its documentation, atomically.
func (c Config) Save(path string) error {
	if err := c.Validate(); err != nil {
		return err
	}
	raw, err := toml.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the configuration: %w", err)
	}
	return atomicfile.Write(path, raw, 0o644)
}

func describe(err error) string {
	if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		keys := make([]string, 0, len(strict.Errors))
		for _, e := range strict.Errors {
			keys = append(keys, strings.Join(e.Key(), "."))
		}
		return "unknown key " + strings.Join(keys, ", ")
	}
	if where, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, col := where.Position()
		return fmt.Sprintf("line %d, column %d: %s", row, col, where.Error())
	}
	return err.Error()
}

func validName(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	for _, r := range s {
		if !nameRune(r) {
			return false
		}
	}
	return true
}

func nameRune(r rune) bool {
	return r == '-' || r == '.' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
