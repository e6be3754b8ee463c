package yuma_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/consensus/yuma"
)

var vectorsDir = flag.String("vectors", "testdata", "folder whose *.json files are run as test vectors")

// strict decodes JSON and fails on any field that the target does not have.
func strict(t *testing.T, raw []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(into), "a vector that this test cannot read")
}

func TestEveryPublishedVectorHolds(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(*vectorsDir, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "no vectors in %s", *vectorsDir)
	cases, checks := 0, 0
	for _, path := range files {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		var head struct {
			Kind string `json:"kind"`
		}
		require.NoError(t, json.Unmarshal(raw, &head), path)
		t.Run(filepath.Base(path), func(t *testing.T) {
			switch head.Kind {
			case "epoch":
				c, n := runEpochFile(t, raw)
				cases, checks = cases+c, checks+n
			case "math":
				n := runMathFile(t, raw)
				cases, checks = cases+n, checks+n
			default:
				t.Fatalf("vectors of an unknown kind %q", head.Kind)
			}
		})
	}
	t.Logf("vectors: %d files, %d cases, %d fields checked", len(files), cases, checks)
}

type epochFile struct {
	Kind   string            `json:"kind"`
	Origin string            `json:"origin"`
	Source json.RawMessage   `json:"source"`
	Cases  []json.RawMessage `json:"cases"`
}

type epochCase struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Note       string          `json:"note"`
	Validators []string        `json:"validators"`
	Source     json.RawMessage `json:"source"`
	N          int             `json:"n"`
	Params     epochParams     `json:"params"`
	Initial    epochInitial    `json:"initial"`
	Steps      []epochStep     `json:"steps"`
	Paths      []string        `json:"paths"`
	Generate   *struct {
		Note       string `json:"note"`
		Validators []int  `json:"validators"`
		ServerSelf bool   `json:"server_self"`
	} `json:"generate"`
}

type epochParams struct {
	Kappa                 uint16    `json:"kappa"`
	BondsPenalty          uint16    `json:"bonds_penalty"`
	BondsMovingAverage    uint64    `json:"bonds_moving_average"`
	ActivityCutoff        uint64    `json:"activity_cutoff"`
	Tempo                 uint64    `json:"tempo"`
	MaxAllowedValidators  int       `json:"max_allowed_validators"`
	StakeThreshold        uint64    `json:"stake_threshold"`
	Yuma3                 bool      `json:"yuma3"`
	LiquidAlpha           bool      `json:"liquid_alpha"`
	AlphaValues           [2]uint16 `json:"alpha_values"`
	AlphaSigmoidSteepness int16     `json:"alpha_sigmoid_steepness"`
	OwnerUID              *int      `json:"owner_uid"`
}

type epochInitial struct {
	Stake               []uint64 `json:"stake"`
	ValidatorPermits    []bool   `json:"validator_permits"`
	LastUpdate          []uint64 `json:"last_update"`
	BlockAtRegistration []uint64 `json:"block_at_registration"`
	Block               uint64   `json:"block"`
}

type epochStep struct {
	Block               *uint64           `json:"block"`
	Epoch               *bool             `json:"epoch"`
	Stake               []uint64          `json:"stake"`
	Emission            *uint64           `json:"emission"`
	SetWeights          []json.RawMessage `json:"set_weights"`
	GenerateWeights     bool              `json:"generate_weights"`
	BlockAtRegistration []uint64          `json:"block_at_registration"`
	LastUpdate          []uint64          `json:"last_update"`
	LastStepBlock       *uint64           `json:"last_step_block"`
	ResetBonds          []uint32          `json:"reset_bonds"`
	Expect              []json.RawMessage `json:"expect"`
}

// defaultEmission is what an epoch shares out unless its step says otherwise.
const defaultEmission = 1_000_000_000

func runEpochFile(t *testing.T, raw []byte) (cases, checks int) {
	t.Helper()
	var file epochFile
	strict(t, raw, &file)
	require.NotEmpty(t, file.Cases)
	for _, one := range file.Cases {
		var c epochCase
		strict(t, one, &c)
		paths := c.Paths
		if len(paths) == 0 {
			paths = []string{"sparse"}
		}
		for _, path := range paths {
			t.Run(c.ID+"/"+path, func(t *testing.T) {
				require.Contains(t, []string{"sparse", "dense"}, path, "an unknown path")
				checks += (&network{c: c, dense: path == "dense"}).run(t)
			})
		}
	}
	return len(file.Cases), checks
}

// network plays the steps of a case.
type network struct {
	c     epochCase
	dense bool
	in    yuma.Input
}

func (n *network) config() yuma.Config {
	p := n.c.Params
	config := yuma.Config{
		Version: yuma.Yuma2, Kappa: p.Kappa, Penalty: p.BondsPenalty, MovingAverage: p.BondsMovingAverage,
		Validators: p.MaxAllowedValidators, Threshold: p.StakeThreshold, Cutoff: p.ActivityCutoff, Tempo: p.Tempo, Owner: yuma.NoOwner,
		Liquid: yuma.Liquid{
			On: p.LiquidAlpha, Low: p.AlphaValues[0], High: p.AlphaValues[1], Steepness: p.AlphaSigmoidSteepness, Dense: n.dense,
		},
	}
	if p.Yuma3 {
		config.Version = yuma.Yuma3
	}
	if p.OwnerUID != nil {
		config.Owner = *p.OwnerUID
	}
	return config
}

func (n *network) run(t *testing.T) (checks int) {
	t.Helper()
	initial := n.c.Initial
	n.in = yuma.Input{
		Block: initial.Block, Stake: initial.Stake, LastUpdate: initial.LastUpdate, Registered: initial.BlockAtRegistration,
		Permits: initial.ValidatorPermits, Weights: make([][]yuma.Cell, n.c.N), Bonds: make([][]yuma.Cell, n.c.N),
	}
	require.Len(t, initial.Stake, n.c.N)
	if n.in.LastUpdate == nil {
		n.in.LastUpdate = make([]uint64, n.c.N)
		for i := range n.in.LastUpdate {
			n.in.LastUpdate[i] = initial.Block
		}
	}
	if n.in.Registered == nil {
		n.in.Registered = make([]uint64, n.c.N)
	}
	if n.in.Permits == nil {
		n.in.Permits = make([]bool, n.c.N)
	}
	for at, step := range n.c.Steps {
		n.prepare(t, step)
		if step.Epoch != nil && !*step.Epoch {
			require.Empty(t, step.Expect, "step %d expects the result of an epoch it does not run", at)
			continue
		}
		r, err := yuma.Epoch(n.config(), n.in)
		require.NoError(t, err, "step %d", at)
		n.in.Permits, n.in.Bonds = r.Permits, r.StoredBonds
		for _, raw := range step.Expect {
			n.check(t, at, raw, r)
			checks++
		}
	}
	return checks
}

func (n *network) prepare(t *testing.T, step epochStep) {
	t.Helper()
	if step.Block != nil {
		n.in.Block = *step.Block
	}
	if step.Stake != nil {
		n.in.Stake = step.Stake
	}
	if step.BlockAtRegistration != nil {
		n.in.Registered = step.BlockAtRegistration
	}
	if step.LastStepBlock != nil {
		n.in.LastStep = *step.LastStepBlock
	}
	for _, column := range step.ResetBonds {
		for i, row := range n.in.Bonds {
			var kept []yuma.Cell
			for _, cell := range row {
				if cell.Column != column {
					kept = append(kept, cell)
				}
			}
			n.in.Bonds[i] = kept
		}
	}
	for _, raw := range step.SetWeights {
		var pair []json.RawMessage
		var uid int
		var cells [][2]uint32
		require.NoError(t, json.Unmarshal(raw, &pair))
		require.Len(t, pair, 2)
		require.NoError(t, json.Unmarshal(pair[0], &uid))
		require.NoError(t, json.Unmarshal(pair[1], &cells))
		n.set(t, uid, cells)
	}
	if step.GenerateWeights {
		n.generate(t)
	}
	if step.LastUpdate != nil {
		n.in.LastUpdate = step.LastUpdate
	}
	n.in.Emission = defaultEmission
	if step.Emission != nil {
		n.in.Emission = *step.Emission
	}
}

func (n *network) set(t *testing.T, uid int, cells [][2]uint32) {
	t.Helper()
	values := make([]uint16, len(cells))
	for i, cell := range cells {
		require.LessOrEqual(t, cell[1], uint32(math.MaxUint16))
		values[i] = uint16(cell[1])
	}
	row := make([]yuma.Cell, len(cells))
	for i, v := range yuma.Upscale(values) {
		row[i] = yuma.Cell{Column: cells[i][0], Value: v}
	}
	n.in.Weights[uid], n.in.LastUpdate[uid] = row, n.in.Block
}

// generate sets the weights that the case describes instead of listing: 127 by every validator on every server, and, if
// so asked, 65535 by every server on itself.
func (n *network) generate(t *testing.T) {
	t.Helper()
	g := n.c.Generate
	require.NotNil(t, g, "a step generates weights and the case does not say which")
	validator := make([]bool, n.c.N)
	for _, uid := range g.Validators {
		validator[uid] = true
	}
	for uid := range n.c.N {
		var row [][2]uint32
		for server := range n.c.N {
			if validator[uid] && !validator[server] {
				row = append(row, [2]uint32{uint32(server), 127})
			}
		}
		if !validator[uid] && g.ServerSelf {
			row = [][2]uint32{{uint32(uid), 65535}}
		}
		if row != nil {
			n.set(t, uid, row)
		}
	}
}

type expectation struct {
	Field        string          `json:"field"`
	Values       json.RawMessage `json:"values"`
	Rows         [][][2]float64  `json:"rows"`
	Matrix       [][]float64     `json:"matrix"`
	Columns      []uint32        `json:"columns"`
	At           [][]float64     `json:"at"`
	Tol          float64         `json:"tol"`
	FloatTol     float64         `json:"float_tol"` // for implementations in floats: not ours
	AsProportion bool            `json:"as_proportion"`
	Origin       string          `json:"origin"`
	Note         string          `json:"note"`
}

func (n *network) check(t *testing.T, at int, raw json.RawMessage, r yuma.Result) {
	t.Helper()
	var e expectation
	strict(t, raw, &e)
	if flags, ok := booleans(r, e.Field); ok {
		var want []bool
		require.NoError(t, json.Unmarshal(e.Values, &want))
		require.Equal(t, want, flags, "step %d: %s", at, e.Field)
		return
	}
	if rows, ok := matrices(r, e.Field); ok {
		n.checkRows(t, at, e, rows)
		return
	}
	got, ok := vectors(r, e.Field)
	require.True(t, ok, "step %d: the field %q is unknown", at, e.Field)
	if e.AsProportion {
		for i := range got {
			got[i] /= math.MaxUint16
		}
	}
	compared := 0
	if e.Values != nil {
		var want []float64
		require.NoError(t, json.Unmarshal(e.Values, &want))
		for i, w := range want {
			require.InDelta(t, w, got[i], e.Tol+1e-12, "step %d: %s of %d", at, e.Field, i)
			compared++
		}
	}
	for _, one := range e.At {
		require.Len(t, one, 2)
		require.InDelta(t, one[1], got[int(one[0])], e.Tol+1e-12, "step %d: %s of %v", at, e.Field, one[0])
		compared++
	}
	require.NotZero(t, compared, "step %d: nothing to compare with %s", at, e.Field)
}

func (n *network) checkRows(t *testing.T, at int, e expectation, rows []map[uint32]float64) {
	t.Helper()
	value := func(i int, j uint32) float64 {
		if e.AsProportion {
			return rows[i][j] / math.MaxUint16
		}
		return rows[i][j]
	}
	compared := 0
	if e.Rows != nil {
		require.Len(t, e.Rows, n.c.N)
		for i, row := range e.Rows {
			want := map[uint32]float64{}
			for _, cell := range row {
				want[uint32(cell[0])] = cell[1]
			}
			for j := range uint32(n.c.N) {
				require.InDelta(t, want[j], value(i, j), e.Tol+1e-12, "step %d: %s of %d, %d", at, e.Field, i, j)
				compared++
			}
		}
	}
	for i, row := range e.Matrix {
		require.Len(t, row, len(e.Columns))
		for k, want := range row {
			require.InDelta(t, want, value(i, e.Columns[k]), e.Tol+1e-12, "step %d: %s of %d, %d", at, e.Field, i, e.Columns[k])
			compared++
		}
	}
	for _, one := range e.At {
		require.Len(t, one, 3)
		require.InDelta(t, one[2], value(int(one[0]), uint32(one[1])), e.Tol+1e-12, "step %d: %s of %v", at, e.Field, one)
		compared++
	}
	require.NotZero(t, compared, "step %d: nothing to compare with %s", at, e.Field)
}
