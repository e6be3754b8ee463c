package node

import (
	"fmt"
	"strings"

	"autonet/ledger"
	"autonet/ledger/alignment"
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

// one makes the reader of something named by one argument; list is the command that lists all of its kind.
func one[T any](thing, list string, fn func(v app.View, id string) (T, bool)) reader {
	return reader{least: 1, most: 1, usage: strings.ToUpper(thing), read: func(v app.View, args []string) (any, error) {
		value, ok := fn(v, args[0])
		if !ok {
			return nil, types.NewError(types.CodeNotFound, "the ledger has no "+thing, fmt.Sprintf("%q", ledger.Clip(args[0])), "list them with: autonet "+list)
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

// about makes the reader of a list about something named by one argument, such as a task.
func about[T any](usage string, fn func(v app.View, id string) T) reader {
	return reader{least: 1, most: 1, usage: usage, read: func(v app.View, args []string) (any, error) { return fn(v, args[0]), nil }}
}

// readers lists every part of the state that can be read by name.
func readers() map[string]reader {
	return map[string]reader{
		"supply":     all(app.View.Supply),
		"heartbeat":  all(app.View.Heartbeat),
		"work-clock": all(app.View.WorkClock),
		"governors":  all(app.View.Governors),
		"validators": all(app.View.Validators),

		"params":         all(func(v app.View) []ledger.Param { return v.Params().List() }),
		"params-history": all(app.View.ParamsHistory),
		"protocol":       all(app.View.Protocol),
		"proposals":      all(app.View.Proposals),
		"proposal":       one("proposal", "gov ls", app.View.Proposal),
		"ballots":        about("PROPOSAL", app.View.Ballots),
		"powers":         all(app.View.Powers),
		"power":          of(func(v app.View, a ledger.Account) app.PowerInfo { p, _ := v.Power(a); return p }),

		"principles":        all(app.View.Principles),
		"jurisdictions":     all(app.View.Jurisdictions),
		"standards":         about("JURISDICTION", app.View.Standards),
		"standards-history": about("JURISDICTION", app.View.StandardsHistory),
		"amendments":        all(app.View.Amendments),
		"amendment":         one("amendment", "constitution ls", app.View.Amendment),
		"signatures":        about("AMENDMENT", app.View.Signatures),
		"notices":           all(app.View.Notices),
		"matter":            one("matter", "ledger state amendments", app.View.Matter),
		"evaluators":        about("MATTER", app.View.Evaluators),

		"communities":  all(app.View.Communities),
		"community":    one("community", "align ls", func(v app.View, name string) (alignment.Standards, bool) { return v.CommunityStandards(name, 0) }),
		"values":       of(func(v app.View, a ledger.Account) alignment.Values { values, _ := v.Values(a); return values }),
		"membership":   of(app.View.Membership),
		"subsidy-pool": all(app.View.SubsidyPool),
		"capabilities": all(app.View.Capabilities),
		"judge-rounds": all(app.View.JudgeRounds),
		"quote":        priceOf(),

		"standards-price": standardsPrice(),

		"project":   one("project", "project ls", app.View.Project),
		"versions":  about("PROJECT", app.View.Versions),
		"holders":   about("PROJECT", app.View.TokenHolders),
		"task":      one("task", "task ls", app.View.Task),
		"votes":     about("TASK", app.View.Votes),
		"disputes":  about("TASK", app.View.Disputes),
		"unbonding": of(app.View.Unbonding),
		"locks":     of(app.View.Locks),
		"keys":      of(app.View.Keys),

		"providers":     all(app.View.Providers),
		"manifests":     all(app.View.Manifests),
		"manifest":      one("manifest", "ledger state manifests", app.View.Manifest),
		"registrations": about("MANIFEST", app.View.Registrations),
		"holdings":      about("MANIFEST", app.View.Holdings),
	}
}
