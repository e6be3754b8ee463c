package app

import (
	"reflect"
	"slices"
	"strings"

	"autonet/ledger"
)

// Subjects is whom and what an event is about, each once, in ascending order.
type Subjects struct {
	Accounts []ledger.Account
	Tasks    []string
	Projects []string
}

// EventReader decodes events and finds their subjects. It is immutable: make one and keep it.
type EventReader struct{ kinds map[string]eventPlan }

// eventPlan is what is known of one kind of event: its type, and the ways to the fields that name subjects.
type eventPlan struct {
	typ    reflect.Type
	fields []subjectField
}

// subjectField is the way to a value that names subjects.
type subjectField struct {
	path []step
	kind subjectKind
}

// step goes to a field, or, with a negative number, to every element.
type step int

const everyElement step = -1

type subjectKind uint8

const (
	isAccount subjectKind = iota // an account, or empty
	isTask                       // a task's ID
	isProject                    // a project's ID
	isParty                      // an account, or the name of a pot
	isRef                        // the ID of a task or a project, or something else
	isPurpose                    // of a lock: words and a task's ID joined by '-'
)

// maxEventDepth bounds how deep in an event subjects are looked for.
const maxEventDepth = 4

// NewEventReader knows every kind of event the ledger emits.
func NewEventReader() *EventReader {
	r := &EventReader{kinds: make(map[string]eventPlan)}
	for _, zero := range EventKinds() {
		typ := reflect.TypeOf(zero)
		r.kinds[zero.EventKind()] = eventPlan{typ: typ, fields: subjectFields(typ, nil)}
	}
	return r
}

// Decode returns the typed event (a struct, not a pointer) that an event's data encodes.
func (r *EventReader) Decode(kind string, data []byte) (any, error) {
	value, _, err := r.decode(kind, data)
	if err != nil {
		return nil, err
	}
	return value.Interface(), nil
}

func (r *EventReader) decode(kind string, data []byte) (reflect.Value, eventPlan, error) {
	plan, ok := r.kinds[kind]
	if !ok {
		return reflect.Value{}, plan, noEvent(kind)
	}
	value, err := decodeEvent(plan.typ, kind, data)
	return value, plan, err
}

// Subjects returns whom and what an event is about.
func (r *EventReader) Subjects(kind string, data []byte) (Subjects, error) {
	value, plan, err := r.decode(kind, data)
	var s Subjects
	if err != nil {
		return s, err
	}
	for _, field := range plan.fields {
		visit(value, field.path, func(text string) { s.add(field.kind, text) })
	}
	slices.Sort(s.Accounts)
	slices.Sort(s.Tasks)
	slices.Sort(s.Projects)
	s.Accounts, s.Tasks, s.Projects = slices.Compact(s.Accounts), slices.Compact(s.Tasks), slices.Compact(s.Projects)
	return s, nil
}

func (s *Subjects) add(kind subjectKind, text string) {
	switch {
	case text == "":
	case kind == isAccount, kind == isParty && ledger.Account(text).Validate() == nil:
		s.Accounts = append(s.Accounts, ledger.Account(text))
	case kind == isTask:
		s.Tasks = append(s.Tasks, text)
	case kind == isRef && ledger.ValidID(text): // no two IDs are the same, whatever they name
		s.Tasks, s.Projects = append(s.Tasks, text), append(s.Projects, text)
	case kind == isPurpose:
		for part := range strings.SplitSeq(text, "-") {
			if ledger.ValidID(part) {
				s.Tasks = append(s.Tasks, part)
			}
		}
	case kind == isProject && ledger.ValidID(text):
		s.Projects = append(s.Projects, text)
	}
}

func visit(v reflect.Value, path []step, fn func(text string)) {
	for i, s := range path {
		if s != everyElement {
			v = v.Field(int(s))
			continue
		}
		for at := range v.Len() {
			visit(v.Index(at), path[i+1:], fn)
		}
		return
	}
	fn(v.String())
}

// subjectFields lists the ways from a struct to what names subjects.
func subjectFields(typ reflect.Type, way []step) []subjectField {
	var found []subjectField
	for i := range typ.NumField() {
		field := typ.Field(i)
		if !field.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		found = append(found, subjectsOf(field.Type, name, append(slices.Clone(way), step(i)))...)
	}
	return found
}

func subjectsOf(typ reflect.Type, name string, way []step) []subjectField {
	if len(way) > maxEventDepth {
		return nil
	}
	switch typ.Kind() {
	case reflect.String:
		if kind, ok := subjectKindOf(typ, name); ok {
			return []subjectField{{path: way, kind: kind}}
		}
	case reflect.Struct:
		return subjectFields(typ, way)
	case reflect.Slice, reflect.Array:
		return subjectsOf(typ.Elem(), name, append(slices.Clone(way), everyElement))
	default:
	}
	return nil
}

func subjectKindOf(typ reflect.Type, name string) (subjectKind, bool) {
	if typ == reflect.TypeFor[ledger.Account]() {
		return isAccount, true
	}
	switch name {
	case "task", "tasks":
		return isTask, true
	case "project", "projects", "denom":
		return isProject, true
	case "from", "to":
		return isParty, true
	case "ref":
		return isRef, true
	case "purpose":
		return isPurpose, true
	default:
		return 0, false
	}
}
