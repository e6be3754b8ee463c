package abci

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	cometkey "github.com/cometbft/cometbft/crypto/ed25519"
	cometjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/types"

	"autonet/internal/atomicfile"
	"autonet/ledger"
	"autonet/ledger/app"
)

const (
	maxGenesisBytes = 16 << 20
	genesisFileMode = 0o644
)

// ErrGenesis reports a file that is not a genesis.
var ErrGenesis = errors.New("not a genesis of this kind of network")

// WriteGenesis writes the genesis file of a network that begins at chainTime: the application's state as given, and as
// first validators those whose stakes it names. It refuses to write one that no node could start from.
func WriteGenesis(path string, g app.Genesis, chainTime time.Time) error {
	raw, err := encodeGenesis(g, chainTime)
	if err != nil {
		return fmt.Errorf("write the genesis %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write the genesis %s: %w", path, err)
	}
	return atomicfile.Write(path, raw, genesisFileMode)
}

// ReadGenesis reads a genesis file and checks it.
func ReadGenesis(path string) (g app.Genesis, chainTime time.Time, err error) {
	from, g, err := openGenesis(path)
	if err != nil {
		return g, chainTime, err
	}
	return g, from.doc.GenesisTime, nil
}

// sameAsWritten returns the canonical encoding of a genesis. It refuses one whose validators or parameters are not those
// that its application state leads to: nodes with the same state would disagree about them.
func sameAsWritten(doc *types.GenesisDoc, g app.Genesis) ([]byte, error) {
	want, err := encodeGenesis(g, doc.GenesisTime)
	if err != nil {
		return nil, err
	}
	copied := *doc
	if copied.AppState, err = json.Marshal(g); err != nil {
		return nil, err
	}
	got, err := encodeDoc(&copied)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(got, want) {
		return nil, errors.New("its validators or consensus parameters do not belong to its application state")
	}
	return want, nil
}

// GenesisHash names a genesis: SHA-256 of its canonical encoding, whatever the spaces and the order in the file.
func GenesisHash(path string) (ledger.Hash, error) {
	g, err := checkedGenesis(path)
	return g.hash, err
}

func encodeGenesis(g app.Genesis, chainTime time.Time) ([]byte, error) {
	if chainTime.IsZero() {
		return nil, errors.New("it does not say when the network begins")
	}
	if err := g.Validate(); err != nil {
		return nil, err
	}
	state, err := json.Marshal(g)
	if err != nil {
		return nil, err
	}
	validators, err := firstValidators(rules{app.New()}, state, chainTime)
	if err != nil {
		return nil, err
	}
	doc := newGenesisDoc(g.Network, state, chainTime, validators)
	keepEvidence(doc, g.Params)
	return encodeDoc(doc)
}

func encodeDoc(doc *types.GenesisDoc) ([]byte, error) {
	if err := doc.ValidateAndComplete(); err != nil {
		return nil, err
	}
	raw, err := cometjson.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, err
	}
	if len(raw) > maxGenesisBytes {
		return nil, fmt.Errorf("it has %d bytes; the bound is %d", len(raw), maxGenesisBytes)
	}
	return append(raw, '\n'), nil
}

// firstValidators asks the rules who validates the first block: the file says what they will say.
func firstValidators(m machine, state []byte, chainTime time.Time) (updates []validatorUpdate, err error) {
	err = guarded("build the genesis state", func() (err error) {
		updates, err = m.genesis(ledger.NewOverlay(emptyKV{}), state, chainTime.UnixMilli())
		return err
	})
	return updates, err
}

func newGenesisDoc(network string, state []byte, chainTime time.Time, validators []validatorUpdate) *types.GenesisDoc {
	params := types.DefaultConsensusParams()
	params.Block.MaxBytes = maxBlockBytes
	params.Version.App = appVersion
	doc := &types.GenesisDoc{
		GenesisTime:     chainTime.UTC().Truncate(time.Millisecond),
		ChainID:         network,
		InitialHeight:   1,
		ConsensusParams: params,
		AppState:        state,
	}
	for _, v := range validators {
		doc.Validators = append(doc.Validators, types.GenesisValidator{PubKey: cometkey.PubKey(v.key), Power: v.power})
	}
	return doc
}

// keepEvidence lets a validator answer for what it signs as long as its stake can still be reached.
func keepEvidence(doc *types.GenesisDoc, p ledger.Params) {
	evidence := &doc.ConsensusParams.Evidence
	evidence.MaxAgeDuration = time.Duration(p.Validator.UnbondMS) * time.Millisecond
	evidence.MaxAgeNumBlocks = max(p.Validator.UnbondMS/p.EmptyBlockMS, 1)
}

func loadGenesis(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the genesis: %w", err)
	}
	if info.Size() > maxGenesisBytes {
		return nil, fmt.Errorf("read the genesis %s: %d bytes exceed the bound of %d: %w", path, info.Size(), maxGenesisBytes, ErrGenesis)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the genesis: %w", err)
	}
	return raw, nil
}

func decodeGenesis(raw []byte) (doc *types.GenesisDoc, err error) {
	err = guarded("decode", func() (err error) {
		doc = new(types.GenesisDoc)
		if err := cometjson.Unmarshal(raw, doc); err != nil {
			return err
		}
		if doc.GenesisTime.IsZero() { // CometBFT would put the present in its place
			return errors.New("it does not say when the network begins")
		}
		if err := doc.ValidateAndComplete(); err != nil {
			return err
		}
		for _, v := range doc.Validators {
			if key, ok := v.PubKey.(cometkey.PubKey); !ok || len(key) != cometkey.PubKeySize || v.Power < 0 {
				return errors.New("a validator without an Ed25519 key or with negative power")
			}
		}
		if doc.InitialHeight != 1 {
			return fmt.Errorf("it begins at height %d instead of 1", doc.InitialHeight)
		}
		return nil
	})
	return doc, err
}

// genesis is what the engine starts a network from.
type genesis struct {
	doc         *types.GenesisDoc
	hash        ledger.Hash
	emptyBlocks time.Duration // between blocks of an idle chain, as the network agreed on
}

// openGenesis reads a genesis file of ledger/app.
func openGenesis(path string) (genesis, app.Genesis, error) {
	raw, err := loadGenesis(path)
	if err != nil {
		return genesis{}, app.Genesis{}, err
	}
	from, g, err := parseGenesis(raw)
	if err != nil {
		err = fmt.Errorf("read the genesis %s: %w: %w", path, ErrGenesis, err)
	}
	return from, g, err
}

func parseGenesis(raw []byte) (from genesis, g app.Genesis, err error) {
	doc, err := decodeGenesis(raw)
	if err != nil {
		return from, g, err
	}
	if err := json.Unmarshal(doc.AppState, &g); err != nil {
		return from, g, err
	}
	canonical, err := sameAsWritten(doc, g)
	if err != nil {
		return from, g, err
	}
	from = genesis{
		doc: doc, hash: sha256.Sum256(canonical),
		emptyBlocks: time.Duration(g.Params.EmptyBlockMS) * time.Millisecond,
	}
	return from, g, nil
}

// checkedGenesis reads a genesis of ledger/app for the engine.
func checkedGenesis(path string) (genesis, error) {
	from, _, err := openGenesis(path)
	return from, err
}
