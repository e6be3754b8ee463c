package rewards

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"autonet/consensus/yuma"
	"autonet/internal/fixed"
	"autonet/ledger"
)

// None is the column of what a coordinator's weights leave over. Nobody is paid for it.
const None ledger.Account = "none"

// Bond is what a coordinator holds in a solver account of a project.
type Bond struct {
	Account ledger.Account `json:"account"` // or None
	Value   uint16         `json:"value"`   // 65535 = 1.0
}

// portfolio is the record of a coordinator's bonds in a project, in ascending order of accounts.
type portfolio struct {
	Bonds []Bond `json:"bonds"`
}

func keyBonds(project string, coordinator ledger.Account) []byte {
	return ledger.Key("rewards", "bonds", project, string(coordinator))
}

// Bonds returns a coordinator's bonds in a project, in ascending order of accounts.
func (Keeper) Bonds(kv ledger.KV, project string, coordinator ledger.Account) []Bond {
	p, _ := ledger.Load[portfolio](kv, keyBonds(project, coordinator))
	return p.Bonds
}

// run is the consensus over one settled task: rows are its committee, columns its solvers without opened traps, and none.
func (k Keeper) run(ctx *ledger.Context, kv ledger.KV, epoch uint64, id string) error {
	t, ok := k.ports.Tasks.Task(kv, id)
	if !ok {
		return fmt.Errorf("it is not in the state")
	}
	var columns []ledger.Account
	for _, s := range t.candidates() {
		if !k.ports.Traps.Opened(kv, id, s.Account) {
			columns = append(columns, s.Account)
		}
	}
	if len(columns) == 0 || len(t.Members) == 0 {
		return nil
	}
	m := newMarket(t, columns)
	for i, member := range t.Members {
		r, _ := k.Vote(kv, id, member.Account)
		m.seat(i, k.Bonds(kv, t.Project, member.Account), r, k.standing(ctx, kv, member))
	}
	p := ctx.Params.Yuma
	result, err := yuma.Epoch(m.config(p), m.in)
	if err != nil {
		return err
	}
	e := m.event(epoch, t, result)
	for i := range e.Rows {
		row := &e.Rows[i]
		m.keep(kv, t.Project, row, int(p.MaxBonds))
		if err := earn(kv, row.Account, row.Ratio); err != nil {
			return err
		}
	}
	ctx.Emit(e)
	return nil
}

// market is one run's input: neurons are the rows, then the columns, none last.
type market struct {
	rows    []ledger.Account
	columns []ledger.Account // with None at the end
	in      yuma.Input
}

func newMarket(t Task, columns []ledger.Account) *market {
	m := &market{columns: append(slices.Clone(columns), None)}
	for _, member := range t.Members {
		m.rows = append(m.rows, member.Account)
	}
	n := len(m.rows) + len(m.columns)
	m.in = yuma.Input{
		Block: 1, Stake: make([]uint64, n), LastUpdate: make([]uint64, n), Permits: make([]bool, n),
		Weights: make([][]yuma.Cell, n), Bonds: make([][]yuma.Cell, n),
	}
	for i := range m.rows {
		m.in.LastUpdate[i], m.in.Permits[i] = 1, true
	}
	return m
}

func (m *market) config(p ledger.YumaParams) yuma.Config {
	return yuma.Config{
		Kappa: uint16(p.Kappa), Penalty: uint16(p.BondsPenalty), MovingAverage: p.MovingAverage,
		Validators: len(m.rows), Owner: yuma.NoOwner,
	}
}

func (m *market) column(j int) uint32 { return uint32(len(m.rows) + j) }

// seat fills the row of a member: its weights are ⌊score / solutions⌋, what they leave over goes to none. Who did not
// reveal, or has lost its minimum stake, weighs nothing.
func (m *market) seat(i int, bonds []Bond, r Record, stake uint64) {
	for j, account := range m.columns {
		if at, ok := slices.BinarySearchFunc(bonds, account, compareBond); ok {
			m.in.Bonds[i] = append(m.in.Bonds[i], yuma.Cell{Column: m.column(j), Value: bonds[at].Value})
		}
	}
	if !r.Revealed || stake == 0 {
		return
	}
	m.in.Stake[i] = stake
	rest, last := uint16(math.MaxUint16), len(m.columns)-1
	for j, account := range m.columns[:last] {
		weight := r.score(account) / uint16(last)
		rest -= weight
		m.in.Weights[i] = append(m.in.Weights[i], yuma.Cell{Column: m.column(j), Value: weight})
	}
	m.in.Weights[i] = append(m.in.Weights[i], yuma.Cell{Column: m.column(last), Value: rest})
}

// score is what a vote gives to a solver in the consensus: nothing where it was not backed by a replay.
func (r Record) score(solver ledger.Account) uint16 {
	for _, judged := range r.Entries {
		if judged.Entry.Solver == solver && judged.Status == Backed {
			return judged.Entry.Score
		}
	}
	return 0
}

func compareBond(b Bond, account ledger.Account) int {
	return strings.Compare(string(b.Account), string(account))
}

// event writes a run down with everything that went into it.
func (m *market) event(epoch uint64, t Task, r yuma.Result) EventRun {
	e := EventRun{Epoch: epoch, Task: t.ID, Project: t.Project, Columns: m.columns[:len(m.columns)-1]}
	for j := range m.columns {
		e.Consensus = append(e.Consensus, r.Consensus[m.column(j)].U16())
		e.Incentive = append(e.Incentive, r.Incentive[m.column(j)].U16())
	}
	for i, account := range m.rows {
		row := Row{
			Account: account, Stake: m.in.Stake[i], Share: r.ActiveStake[i].U16(), Dividend: r.Dividends[i].U16(),
			Ratio:  millionths(r.Dividends[i].Div(r.ActiveStake[i])),
			Before: make([]uint16, len(m.columns)), After: make([]uint16, len(m.columns)),
		}
		for _, cell := range m.in.Weights[i] {
			row.Weights = append(row.Weights, cell.Value)
		}
		for _, cell := range m.in.Bonds[i] {
			row.Before[int(cell.Column)-len(m.rows)] = cell.Value
		}
		for _, entry := range r.Bonds[i] {
			row.After[int(entry.Column)-len(m.rows)] = entry.Value.U16()
		}
		e.Rows = append(e.Rows, row)
	}
	return e
}

// millionths rounds a ratio to the nearest millionth.
func millionths(x fixed.I32F32) uint64 {
	scaled, err := fixed.MulDiv(uint64(max(x, 0)), one, uint64(fixed.One/2))
	if err != nil {
		return 0 // unreachable: the number is below 2³¹
	}
	return (scaled + 1) / 2
}

// keep stores the bonds of a row; beyond the bound the weakest give way, of equal ones the later account.
func (m *market) keep(kv ledger.KV, project string, row *Row, bound int) {
	var p portfolio
	old, _ := ledger.Load[portfolio](kv, keyBonds(project, row.Account))
	for _, b := range old.Bonds {
		if !slices.Contains(m.columns, b.Account) {
			p.Bonds = append(p.Bonds, b)
		}
	}
	for j, account := range m.columns {
		if row.After[j] > 0 {
			p.Bonds = append(p.Bonds, Bond{Account: account, Value: row.After[j]})
		}
	}
	slices.SortFunc(p.Bonds, func(a, b Bond) int { return compareBond(a, b.Account) })
	for len(p.Bonds) > bound {
		weakest := 0
		for i, b := range p.Bonds {
			if b.Value <= p.Bonds[weakest].Value {
				weakest = i
			}
		}
		p.Bonds = slices.Delete(p.Bonds, weakest, weakest+1)
	}
	if len(p.Bonds) == 0 {
		kv.Delete(keyBonds(project, row.Account))
		return
	}
	ledger.Save(kv, keyBonds(project, row.Account), p)
}
