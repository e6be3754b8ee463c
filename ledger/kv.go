package ledger

import (
	"bytes"
	"slices"
)

// KV is the store a module sees: the whole ledger's state, in which it writes under its own name only.
//
// Get returns nil for an absent key; the result must not be changed. Set copies neither key nor value: the caller must
// not change them afterwards. Iterate visits the keys with the prefix in ascending order until fn returns false.
// A KV is not safe for concurrent use.
type KV interface {
	Get(key []byte) []byte
	Set(key, value []byte)
	Delete(key []byte)
	Iterate(prefix []byte, fn func(key, value []byte) bool)
}

// Key joins the parts of a key with '/'. Parts never contain one: they are module names, accounts and identifiers.
func Key(parts ...string) []byte {
	size := len(parts)
	for _, part := range parts {
		size += len(part)
	}
	key := make([]byte, 0, size)
	for i, part := range parts {
		if i > 0 {
			key = append(key, '/')
		}
		key = append(key, part...)
	}
	return key
}

// Overlay buffers writes over a parent: they are seen by its own reads and reach the parent with [Overlay.Flush] only.
// Dropping an overlay discards them. Writing while iterating is safe: an iteration sees the keys there were when it began.
type Overlay struct {
	parent KV
	writes map[string][]byte // nil value: deleted
	keys   []string          // of writes, ascending
}

// NewOverlay returns an empty overlay over parent.
func NewOverlay(parent KV) *Overlay {
	return &Overlay{parent: parent, writes: make(map[string][]byte)}
}

// Get implements KV.
func (o *Overlay) Get(key []byte) []byte {
	if value, ok := o.writes[string(key)]; ok {
		return value
	}
	return o.parent.Get(key)
}

// Set implements KV.
func (o *Overlay) Set(key, value []byte) {
	if value == nil {
		value = []byte{}
	}
	o.put(string(key), value)
}

// Delete implements KV.
func (o *Overlay) Delete(key []byte) { o.put(string(key), nil) }

func (o *Overlay) put(key string, value []byte) {
	if _, ok := o.writes[key]; !ok {
		at, _ := slices.BinarySearch(o.keys, key)
		o.keys = slices.Insert(o.keys, at, key)
	}
	o.writes[key] = value
}

// Iterate implements KV by merging the buffered writes with the parent's keys.
func (o *Overlay) Iterate(prefix []byte, fn func(key, value []byte) bool) {
	own := o.under(prefix)
	next, live := 0, true
	// emitOwn visits the buffered keys below limit (all of them when limit is nil).
	emitOwn := func(limit []byte) {
		for live && next < len(own) && (limit == nil || own[next].key < string(limit)) {
			if own[next].value != nil {
				live = fn([]byte(own[next].key), own[next].value)
			}
			next++
		}
	}
	o.parent.Iterate(prefix, func(key, value []byte) bool {
		emitOwn(key)
		if !live {
			return false
		}
		if next < len(own) && own[next].key == string(key) {
			emitOwn(append(bytes.Clone(key), 0))
			return live
		}
		live = fn(key, value)
		return live
	})
	emitOwn(nil)
}

// Parent returns the store below, as it is without the buffered writes.
func (o *Overlay) Parent() KV { return o.parent } //nolint:ireturn // the port itself

type write struct {
	key   string
	value []byte
}

// under copies the buffered writes with the prefix.
func (o *Overlay) under(prefix []byte) []write {
	from, _ := slices.BinarySearch(o.keys, string(prefix))
	var own []write
	for _, key := range o.keys[from:] {
		if !bytes.HasPrefix([]byte(key), prefix) {
			break
		}
		own = append(own, write{key: key, value: o.writes[key]})
	}
	return own
}

// Changes visits every buffered write in ascending key order with the value the parent holds and the new one; nil
// stands for an absent value.
func (o *Overlay) Changes(fn func(key, before, after []byte)) {
	for _, key := range o.keys {
		fn([]byte(key), o.parent.Get([]byte(key)), o.writes[key])
	}
}

// Flush applies the buffered writes to the parent in ascending key order and empties the overlay. Writes that change
// nothing are left out, so that a parent with a history stays as it was.
func (o *Overlay) Flush() {
	for _, key := range o.keys {
		k, value := []byte(key), o.writes[key]
		before := o.parent.Get(k)
		switch {
		case value == nil && before != nil:
			o.parent.Delete(k)
		case value != nil && (before == nil || !bytes.Equal(before, value)):
			o.parent.Set(k, value)
		}
	}
	clear(o.writes)
	o.keys = nil
}
