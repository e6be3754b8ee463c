package app_test

import (
	"math"
	"math/rand"
	"reflect"
	"strings"

	"autonet/ledger"
	"autonet/ledger/dao"
)

// maker makes messages of any kind.
type maker struct {
	*rand.Rand
	ids, cids, names []string
	hashes           []ledger.Hash
	height           int64
}

// newMaker knows what a chain's state holds, so that what it makes is often about something.
func newMaker(rnd *rand.Rand, c *chain) *maker {
	m := &maker{Rand: rnd, height: c.height}
	v := c.view()
	for _, t := range v.Tasks() {
		m.ids = append(m.ids, t.ID)
		m.cids = append(m.cids, t.Spec, t.Model)
	}
	for _, p := range v.Projects() {
		m.ids = append(m.ids, p.ID)
	}
	for _, p := range v.Proposals() {
		m.ids = append(m.ids, p.ID)
	}
	for _, a := range v.Amendments() {
		m.ids = append(m.ids, a.ID)
	}
	for _, one := range v.Manifests() {
		m.cids = append(m.cids, one.CID)
	}
	m.ids = append(m.ids, ledger.TaskID(network, acct(owner), 1<<40))
	m.cids = append(m.cids, why(), manifest("m"))
	for _, p := range v.Params().List() {
		m.names = append(m.names, p.Name)
	}
	m.hashes = append(m.hashes, digest("a"), digest("b"), v.LastBlock().Hash)
	return m
}

func pick[T any](rnd *rand.Rand, list []T) T { return list[rnd.Intn(len(list))] }

// message is a message of a kind that passes its own checks; nil if none was found.
func (m *maker) message(zero ledger.Msg) ledger.Msg {
	for range 400 {
		value := reflect.New(reflect.TypeOf(zero)).Elem()
		m.fill(value, "")
		if msg, ok := reflect.TypeAssert[ledger.Msg](value); ok && msg.Validate() == nil {
			return msg
		}
	}
	return nil
}

func (m *maker) fill(v reflect.Value, name string) {
	name = strings.ToLower(name)
	switch x := v.Addr().Interface().(type) {
	case *ledger.Account:
		*x = acct(m.Intn(castSize))
		if m.Intn(12) == 0 {
			*x = ""
		}
		return
	case *ledger.Role:
		*x = pick(m.Rand, ledger.Roles())
		return
	case *ledger.Hash:
		*x = pick(m.Rand, m.hashes)
		return
	case *ledger.Change:
		p := pick(m.Rand, ledger.DefaultParams().List())
		*x = ledger.Change{Name: p.Name, Value: p.Value + int64(m.Intn(3)) - 1}
		return
	case *dao.Choice:
		*x = pick(m.Rand, []dao.Choice{dao.Yes, dao.No, dao.Abstain})
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if name != "" && m.Intn(2) == 0 { // what a message may leave out, such as a proposal's other halves
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && m.Intn(6) > 0 { // some are left empty
				m.fill(v.Field(i), v.Type().Field(i).Name)
			}
		}
	case reflect.Pointer:
		if m.Intn(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			m.fill(v.Elem(), name)
		}
	case reflect.Slice:
		m.slice(v, name)
	case reflect.Array:
		for i := range v.Len() {
			m.fill(v.Index(i), name)
		}
	case reflect.String:
		v.SetString(m.text(name))
	case reflect.Bool:
		v.SetBool(m.Intn(2) == 0)
	default:
		m.number(v)
	}
}

func (m *maker) slice(v reflect.Value, name string) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		size := []int{0, 1, 32, 32, 64, 100}[m.Intn(6)]
		raw := make([]byte, size)
		m.Read(raw)
		v.SetBytes(raw)
		return
	}
	n := m.Intn(4)
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		m.fill(v.Index(i), name)
	}
	if elem := v.Type().Elem(); elem.Kind() >= reflect.Int && elem.Kind() <= reflect.Uint64 && m.Intn(2) == 0 {
		for i := range n { // lists of numbers are mostly asked for in ascending order
			v.Index(i).Set(reflect.ValueOf(i).Convert(elem))
		}
	}
}

func (m *maker) text(name string) string {
	pools := [][]string{m.ids, m.cids, {"ATN", "x", "REPLICA", "LAYER_WISE", "udhr", "some words of text", ""}, m.names}
	switch {
	case strings.Contains(name, "cid") || strings.Contains(name, "manifest") || name == "spec" || name == "reasons" || name == "model":
		return pick(m.Rand, m.cids)
	case name == "name" || name == "jurisdiction" || name == "community":
		return pick(m.Rand, []string{"udhr", "eu", "x"})
	case name == "text" || name == "title":
		return pick(m.Rand, append([]string{"some words of text"}, m.cids...))
	case name == "task" || name == "project" || name == "proposal" || name == "amendment" || name == "matter":
		return pick(m.Rand, m.ids)
	case name == "denom":
		return pick(m.Rand, append([]string{"ATN"}, m.ids...))
	default:
		return pick(m.Rand, pick(m.Rand, pools))
	}
}

func (m *maker) number(v reflect.Value) {
	n := []int64{0, 1, 1, 2, 3, 5, 10, 100, 5000, m.height + 3, int64(atn), int64(30 * atn), int64(1000 * atn), math.MaxInt64}[m.Intn(14)]
	switch {
	case v.CanInt() && !v.OverflowInt(n):
		v.SetInt(n)
	case v.CanUint() && !v.OverflowUint(uint64(n)):
		v.SetUint(uint64(n))
	}
}
