package node

import (
	"fmt"
	"reflect"
	"strings"
)

// summary says an event in one line for people: its fields that are short, by name.
func summary(_ string, data any) string {
	v := reflect.ValueOf(data)
	if v.Kind() != reflect.Struct {
		return ""
	}
	var parts []string
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Name == "Task" {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !plain(f.Type.Kind()) {
			continue
		}
		if text := short(fmt.Sprint(v.Field(i).Interface())); text != "" {
			parts = append(parts, name+" "+text)
		}
	}
	return strings.Join(parts, ", ")
}

// plain reports whether values of that kind are a word or a number.
func plain(k reflect.Kind) bool {
	switch k {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	default:
		return false
	}
}

// short keeps the tail of long identifiers, where peer IDs differ.
func short(s string) string {
	const most = 48
	if strings.HasPrefix(s, "12D3Koo") && len(s) > 12 {
		return "…" + s[len(s)-8:]
	}
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
