package archtest_test

import "strings"

// floor says what the packages under Prefix may import of this module, beside packages of the floors below.
type floor struct {
	Prefix string   // "ledger/" covers the tree, "ledger" the one package
	Allow  []string // same forms
	Why    string
}

// floors is read from the top; the first prefix that fits decides.
func floors() []floor {
	leaf := "a leaf imports nothing of ours"
	pure := "replicated state imports only pure packages; modules meet in ledger/app"
	return []floor{
		{"cmd/", []string{"cmd/", "node", "node/"}, "cmd parses flags and runs node"},
		{"examples/", []string{"node/api/client", "node/api/types"}, "examples use what users have"},
		{"node/api/types", nil, "requests and responses stand alone, so that anyone may import them"},
		{"node/api/client", []string{"node/api/types"}, "the client knows the API and nothing behind it"},
		{"node/config", []string{"internal/"}, "configuration is values"},
		{"node/life", nil, "lifecycle knows no service"},
		{"node", []string{"node/", "p2p/", "shards/", "work/", "ledger", "ledger/", "consensus/", "internal/"}, "node joins the domains"},
		{"node/", []string{"node", "node/", "p2p/", "shards/", "work/", "ledger", "ledger/", "consensus/", "internal/"}, "node joins the domains"},
		{"p2p/envelope", nil, leaf},
		{"p2p/", []string{"p2p", "p2p/", "internal/"}, "p2p carries bytes and knows no domain"},
		{"p2p", nil, leaf},
		{"shards/erasure", nil, leaf},
		{"shards/merkle", nil, leaf},
		{"shards/manifest", []string{"shards/merkle"}, "a manifest knows hashes only"},
		{"shards/", []string{"shards/", "p2p/envelope", "internal/"}, "shards declare ports; node joins them"},
		{"work/", []string{"work/", "consensus/lease", "consensus/referee", "consensus/stance", "p2p/envelope", "shards/manifest", "shards/merkle", "internal/"}, "work declares ports; node joins them"},
		{"consensus/lease", nil, "the lease owns its clock and imports nothing of ours"},
		{"consensus/", []string{"consensus/", "internal/fixed", "p2p/envelope"}, "consensus declares ports; node joins them"},
		{"ledger/abci", []string{"ledger", "ledger/app", "ledger/proof", "internal/"}, "abci adapts the ledger only"},
		{"ledger/proof", []string{"ledger", "ledger/app"}, "a proof is checked with nothing but the rules at hand"},
		{"ledger/light", []string{"ledger", "ledger/app", "ledger/proof", "internal/atomicfile"}, "a light node believes headers and proofs, whoever brings them"},
		{"ledger/lighttest", nil, leaf},
		{"ledger/app", append(modules(), "ledger", "internal/fixed", "shards/merkle", "shards/manifest", "consensus/yuma", "consensus/commitreveal", "consensus/referee", "consensus/stance"), pure},
		{"ledger/", []string{"ledger", "internal/fixed", "shards/merkle", "shards/manifest", "consensus/yuma", "consensus/commitreveal", "consensus/referee", "consensus/stance"}, pure},
		{"ledger", []string{"internal/fixed"}, pure},
		{"internal/archtest", nil, leaf},
		{"internal/", []string{"internal/"}, leaf},
	}
}

func modules() []string {
	return []string{
		"ledger/bank", "ledger/staking", "ledger/project", "ledger/task", "ledger/rewards", "ledger/shardreg",
		"ledger/forcederror", "ledger/dispute", "ledger/dao", "ledger/constitution", "ledger/heartbeat", "ledger/alignment",
	}
}

// custody says which of our packages may import a library directly.
type custody struct {
	Library string
	Owners  []string
	Why     string
}

func custodies() []custody {
	return []custody{
		{"github.com/libp2p/go-libp2p-pubsub", []string{"p2p/"}, "gossip is p2p's"},
		{"github.com/libp2p/go-libp2p-kad-dht", []string{"p2p/"}, "routing is p2p's"},
		{"github.com/ipfs/boxo", []string{"shards/exchange", "shards/store"}, "its upkeep is uncertain: two packages would have to change"},
		{"github.com/cometbft", []string{"ledger/abci", "ledger/proof", "ledger/light", "ledger/lighttest", "node", "node/"}, "the engine is an adapter's business, its headers that of proofs and of the light client"},
		{"github.com/cosmos/iavl", []string{"ledger/abci"}, "modules see a key-value port"},
		{"charm.land", []string{"cmd/"}, "screens belong to the command"},
		{"github.com/spf13/cobra", []string{"cmd/"}, "flags belong to the command"},
	}
}

// pure lists the packages whose result is replicated or binds all: no clock, random, I/O, goroutine, float, map order.
func pure(path string) bool {
	if fitsAny(path, []string{"ledger/abci", "ledger/proof", "ledger/light"}) || strings.HasSuffix(path, "test") {
		return false
	}
	for _, p := range []string{"ledger", "ledger/", "consensus/yuma", "consensus/commitreveal", "consensus/referee", "consensus/stance", "internal/fixed", "shards/merkle"} {
		if fits(path, p) {
			return true
		}
	}
	return false
}

func bannedInPure() []string {
	return []string{"time", "math/rand", "math/rand/v2", "crypto/rand", "os", "net", "net/http", "sync", "sync/atomic", "io/fs", "os/exec", "unsafe", "runtime"}
}

// fits reports whether path is the package prefix, or, for a prefix with a slash at its end, below it.
func fits(path, prefix string) bool {
	if strings.HasSuffix(prefix, "/") {
		return strings.HasPrefix(path, prefix)
	}
	return path == prefix
}

func fitsAny(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if fits(path, p) {
			return true
		}
	}
	return false
}
