package ledger

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// Strict decoding. Re-encoding what was decoded and comparing, the plain way to accept one spelling only, costs several
// times the decoding; a plan of the type reads the one spelling directly. It accepts exactly what the plain way does: the tests
// hold the two against each other for every kind of message and event.

// Decoder decodes values of one type from their deterministic encoding. It is immutable.
type Decoder[M any] struct{ plan *plan }

// NewDecoder returns the decoder of a type, usually a message.
func NewDecoder[M any]() Decoder[M] { return Decoder[M]{plan: planOf(reflect.TypeFor[M]())} }

// Decode is [Unmarshal] into a new value.
func (d Decoder[M]) Decode(raw []byte) (M, error) {
	var m M
	err := d.plan.decode(raw, &m)
	return m, err
}

// plan is how values of a type are read.
type plan struct {
	kind   reflect.Kind
	bits   int       // of an integer
	elem   *plan     // of a slice
	fields []planned // of a struct, in the order of their encoding
	array  bool      // a struct encoded as an array
}

// planned is one field of a struct.
type planned struct {
	name  string
	key   string // its encoded key
	index int
	plan  *plan
	omit  bool // left out when empty
}

// Kinds of plans for byte strings, which reflect has no names of their own for.
const (
	kindBytes     = reflect.Slice + 100
	kindByteArray = reflect.Array + 100
)

// planOf returns nil for a type whose encoding has no plan: the codec reads it.
func planOf(t reflect.Type) *plan {
	switch kind := t.Kind(); {
	case t != reflect.TypeFor[Hash]() && ownCodec(t):
		return nil
	case kind == reflect.Bool || kind == reflect.String:
		return &plan{kind: kind}
	case kind >= reflect.Int && kind <= reflect.Int64:
		return &plan{kind: reflect.Int64, bits: t.Bits()}
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		return &plan{kind: reflect.Uint64, bits: t.Bits()}
	case kind == reflect.Array && t.Elem().Kind() == reflect.Uint8:
		return &plan{kind: kindByteArray}
	case kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return &plan{kind: kindBytes}
	case kind == reflect.Slice:
		if elem := planOf(t.Elem()); elem != nil {
			return &plan{kind: reflect.Slice, elem: elem}
		}
		return nil
	case kind == reflect.Struct:
		return planOfStruct(t)
	default:
		return nil
	}
}

// ownCodec reports whether a type brings an encoding of its own.
func ownCodec(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return pointer.Implements(reflect.TypeFor[cbor.Marshaler]()) || pointer.Implements(reflect.TypeFor[cbor.Unmarshaler]()) ||
		pointer.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()) ||
		pointer.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]())
}

func planOfStruct(t reflect.Type) *plan {
	p := &plan{kind: reflect.Struct}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("cbor")
		if tag == "" {
			tag = f.Tag.Get("json")
		}
		name, options, _ := strings.Cut(tag, ",")
		if f.Name == "_" && options == "toarray" {
			p.array = true
			continue
		}
		if f.Anonymous || (options != "" && options != "omitempty") {
			return nil
		}
		if !f.IsExported() || tag == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		inner := planOf(f.Type)
		if inner == nil || len(name) > 23 || (options == "omitempty" && inner.kind == reflect.Struct) {
			return nil
		}
		p.fields = append(p.fields, planned{
			name: name, key: string(rune(majorText|len(name))) + name, index: i, plan: inner, omit: options == "omitempty",
		})
	}
	if len(p.fields) > 23 {
		return nil
	}
	if !p.array {
		slices.SortFunc(p.fields, func(a, b planned) int { return strings.Compare(a.key, b.key) })
	}
	return p
}

// decode reads all of raw into the value that v points to.
func (p *plan) decode(raw []byte, v any) error {
	if p == nil {
		return unmarshal(raw, v)
	}
	r := strict{reader: reader{raw}}
	target := reflect.ValueOf(v).Elem()
	if r.value(p, target, 0) && len(r.raw) == 0 {
		return nil
	}
	target.SetZero()
	if r.where == "" {
		return fmt.Errorf("decode %s: %w", target.Type(), ErrEncoding)
	}
	return fmt.Errorf("decode %s: at %q: %w", target.Type(), r.where, ErrEncoding)
}

// strict reads values by their plans.
type strict struct {
	reader
	where string // the field that was being read when it failed
}

func (r *strict) value(p *plan, v reflect.Value, depth int) bool {
	switch p.kind {
	case reflect.Bool:
		yes, no := r.literal("\xf5"), false
		if !yes {
			no = r.literal("\xf4")
		}
		v.SetBool(yes)
		return yes || no
	case reflect.Uint64:
		n, ok := r.number()
		if !ok || n>>(p.bits-1)>>1 != 0 {
			return false
		}
		v.SetUint(n)
		return true
	case reflect.Int64:
		return r.integer(p, v)
	case reflect.String:
		text, ok := r.text()
		v.SetString(text)
		return ok
	case kindBytes:
		if r.literal("\xf6") {
			return true // nil
		}
		raw, ok := r.chunk(majorBytes)
		if ok {
			v.SetBytes(append([]byte{}, raw...))
		}
		return ok
	case kindByteArray:
		raw, ok := r.chunk(majorBytes)
		return ok && copy(v.Bytes(), raw) == len(raw) && len(raw) == v.Len()
	case reflect.Slice:
		return r.slice(p, v, depth+1)
	default:
		return r.structure(p, v, depth+1)
	}
}

func (r *strict) integer(p *plan, v reflect.Value) bool {
	major, n, minimal, ok := r.head()
	if !ok || !minimal || (major != majorUint && major != majorNint) || n>>(p.bits-1) != 0 {
		return false
	}
	if major == majorNint {
		v.SetInt(-1 - int64(n))
	} else {
		v.SetInt(int64(n))
	}
	return true
}

func (r *strict) slice(p *plan, v reflect.Value, depth int) bool {
	if r.literal("\xf6") {
		return true // nil
	}
	major, n, minimal, ok := r.head()
	if !ok || major != majorArray || !minimal || n > maxCBORElements || n > uint64(len(r.raw)) || depth > maxCBORDepth {
		return false // every element has at least one byte
	}
	v.Set(reflect.MakeSlice(v.Type(), int(n), int(n)))
	switch list := v.Interface().(type) { // the long ones
	case []Hash:
		return each(list, r.hash)
	case []uint16:
		return each(list, func(to *uint16) bool { return small(&r.reader, to, 16) })
	case []uint32:
		return each(list, func(to *uint32) bool { return small(&r.reader, to, 32) })
	}
	for i := range int(n) {
		if !r.value(p.elem, v.Index(i), depth) {
			return false
		}
	}
	return true
}

// each reads every element of a list.
func each[E any](list []E, read func(to *E) bool) bool {
	for i := range list {
		if !read(&list[i]) {
			return false
		}
	}
	return true
}

func (r *strict) hash(to *Hash) bool {
	return r.literal(cborHash) && len(r.raw) >= len(to) && r.take(to[:])
}

func small[N uint16 | uint32](r *reader, to *N, bits int) bool {
	n, ok := r.number()
	*to = N(n)
	return ok && n>>bits == 0
}

func (r *strict) structure(p *plan, v reflect.Value, depth int) bool {
	major, n, minimal, ok := r.head()
	if !ok || !minimal || depth > maxCBORDepth || n > uint64(len(p.fields)) {
		return false
	}
	if p.array != (major == majorArray) || (!p.array && major != majorMap) {
		return false
	}
	read := uint64(0)
	for i := range p.fields {
		f := &p.fields[i]
		if !p.array && !r.literal(f.key) {
			if f.omit {
				continue
			}
			return r.failed(f)
		}
		read++
		field := v.Field(f.index)
		if !r.value(f.plan, field, depth) || (!p.array && f.omit && empty(field)) {
			return r.failed(f)
		}
	}
	return read == n
}

func (r *strict) failed(f *planned) bool {
	if r.where == "" {
		r.where = f.name
	}
	return false
}

// empty reports whether the codec leaves a value out that may be left out.
func empty(v reflect.Value) bool {
	switch v.Kind() { // the kinds that a plan has
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.IsZero()
	default:
		return v.Len() == 0
	}
}
