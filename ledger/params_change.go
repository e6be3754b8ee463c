package ledger

import (
	"math"
	"reflect"
	"slices"
	"strings"
)

// Change sets one parameter.
type Change struct {
	Name  string `cbor:"name" json:"name"` // its JSON name, dotted for what lies within: "challenge_ms", "validator.min_stake"
	Value int64  `cbor:"value" json:"value"`
}

// Param is one parameter as governance sees it.
type Param struct {
	Name       string `json:"name"`
	Value      int64  `json:"value"`      // math.MaxInt64 stands for every greater one
	Entrenched bool   `json:"entrenched"` // only the constitution may change it
	Fixed      bool   `json:"fixed"`      // nothing changes it after genesis
}

// Fixed reports whether a parameter is that of genesis for good: epochs are numbered by their length, and another length
// would number them back.
func Fixed(name string) bool { return name == "epoch_ms" }

// Entrenched reports whether only a constitutional amendment may change a parameter: every quorum and majority, the
// heartbeat's threshold and the lease, and what decides when one of them is needed, whose power it is counted of, for how long
// it can be gathered, or who may still propose something better. Parameters of later modules fall under it by their names. The
// supply is no parameter, and this list is none either: nothing changes them.
func Entrenched(name string) bool {
	if strings.Contains(name, "quorum") || strings.Contains(name, "majority") {
		return true
	}
	switch name {
	case "lease_ms", "governor_power", "governor_absent_ms",
		"governance.propose_power", "governance.grant_per_mille", "governance.grant_window_ms", "governance.dormant_ms",
		"governance.notice_ms",
		// A quorum within a second is none, and nobody signs or judges an amendment within one.
		"governance.delay_ms", "governance.vote_ms", "governance.timelock_ms", "governance.amend_ms",
		"governance.verdict_commit_ms", "governance.verdict_reveal_ms":
		return true
	default:
		return false
	}
}

// List returns every parameter in the order in which they are declared.
func (p Params) List() []Param {
	var list []Param
	leaves(reflect.ValueOf(p), "", func(name string, leaf reflect.Value) bool {
		list = append(list, Param{Name: name, Value: number(leaf), Entrenched: Entrenched(name), Fixed: Fixed(name)})
		return true
	})
	return list
}

// With returns the numbers after changes, each of another parameter. It refuses with CodeInvalid a name that does not
// exist, is fixed or appears twice, and with CodeRefused a value that [Params.Validate] does not allow.
func (p Params) With(changes []Change) (Params, error) {
	for i, change := range changes {
		if slices.ContainsFunc(changes[:i], func(c Change) bool { return c.Name == change.Name }) {
			return p, Refuse(CodeInvalid, "parameter %s is changed twice", Clip(change.Name))
		}
		if Fixed(change.Name) {
			return p, Refuse(CodeInvalid, "parameter %s is fixed in genesis", change.Name)
		}
		err := Refuse(CodeInvalid, "there is no parameter %q", Clip(change.Name))
		leaves(reflect.ValueOf(&p).Elem(), "", func(name string, leaf reflect.Value) bool {
			if name != change.Name {
				return true
			}
			err = assign(leaf, change)
			return false
		})
		if err != nil {
			return p, err
		}
	}
	if err := p.Validate(); err != nil {
		return p, Refuse(CodeRefused, "%v", err)
	}
	return p, nil
}

// leaves visits the integers of a struct by their dotted JSON names until fn returns false.
func leaves(v reflect.Value, prefix string, fn func(name string, leaf reflect.Value) bool) bool {
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		name, field := prefix+tag, v.Field(i)
		goOn := true
		switch {
		case field.Kind() == reflect.Struct:
			goOn = leaves(field, name+".", fn)
		case field.CanInt(), field.CanUint():
			goOn = fn(name, field)
		}
		if !goOn {
			return false
		}
	}
	return true
}

func number(leaf reflect.Value) int64 {
	if leaf.CanInt() {
		return leaf.Int()
	}
	return int64(min(leaf.Uint(), math.MaxInt64))
}

func assign(leaf reflect.Value, c Change) error {
	switch {
	case leaf.CanInt() && !leaf.OverflowInt(c.Value):
		leaf.SetInt(c.Value)
	case leaf.CanUint() && c.Value >= 0 && !leaf.OverflowUint(uint64(c.Value)):
		leaf.SetUint(uint64(c.Value))
	default:
		return Refuse(CodeRefused, "parameter %s cannot be %d", c.Name, c.Value)
	}
	return nil
}

// CheckChanges bounds a list of changes without knowing the numbers in force: between one and most, each of another
// parameter that exists. CodeInvalid.
func CheckChanges(changes []Change, most int) error {
	if len(changes) == 0 || len(changes) > most {
		return Refuse(CodeInvalid, "%d changes; between 1 and %d are allowed", len(changes), most)
	}
	if _, err := DefaultParams().With(changes); CodeOf(err) == CodeInvalid {
		return err
	}
	return nil
}
