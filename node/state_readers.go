package node

import (
	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/node/api/types"
)

// reader reads one part of the state.
type reader struct {
	least, most int // arguments
	usage       string
	read        func(v app.View, args []string) (any, error)
}

// all makes the reader of something that takes no argument.
func all[T any](fn func(v app.View) T) reader {
	return reader{read: func(v app.View, _ []string) (any, error) { return fn(v), nil }}
}

// one makes the reader of something named by one argument.
func one[T any](usage string, fn func(v app.View, id string) (T, bool)) reader {
	return reader{least: 1, most: 1, usage: usage, read: func(v app.View, args []string) (any, error) {
		value, ok := fn(v, args[0])
		if !ok {
			return nil, types.NewError(types.CodeNotFound, "the ledger has no such "+usage, ledger.Clip(args[0]), "")
		}
		return value, nil
	}}
}

// of makes the reader of something that an account has.
func of[T any](fn func(v app.View, account ledger.Account) T) reader {
	return reader{least: 1, most: 1, usage: "ACCOUNT", read: func(v app.View, args []string) (any, error) {
		account, err := ledger.ParseAccount(args[0])
		if err != nil {
			return nil, types.NewError(types.CodeUsage, ledger.Clip(args[0])+" is no account", err.Error(), "an account is a peer ID such as 12D3Koo…")
		}
		return fn(v, account), nil
	}}
}

// readers lists every part of the state that can be read by name.
func readers() map[string]reader {
	return map[string]reader{
		"params":     all(app.View.Params),
		"supply":     all(app.View.Supply),
		"heartbeat":  all(app.View.Heartbeat),
		"work-clock": all(app.View.WorkClock),
		"governors":  all(app.View.Governors),
		"validators": all(app.View.Validators),
		"providers":  all(app.View.Providers),
		"project":    one("project", app.View.Project),
		"task":       one("task", app.View.Task),
		"manifest":   one("manifest", app.View.Manifest),
		"holdings":   reader{least: 1, most: 1, usage: "MANIFEST", read: func(v app.View, args []string) (any, error) { return v.Holdings(args[0]), nil }},
		"votes":      reader{least: 1, most: 1, usage: "TASK", read: func(v app.View, args []string) (any, error) { return v.Votes(args[0]), nil }},
		"disputes":   reader{least: 1, most: 1, usage: "TASK", read: func(v app.View, args []string) (any, error) { return v.Disputes(args[0]), nil }},
	}
}
