package dao

import (
	"fmt"

	"autonet/ledger"
)

// ParamsKey is where the numbers in force are, as a ledger.Params.
func ParamsKey() []byte { return ledger.Key("dao", "params") }

func latestKey() []byte { return ledger.Key("dao", "m") }

func historyKey(version uint64) []byte { return ledger.Key("dao", "n", fmt.Sprintf("%016x", version)) }

// Latest is the version of the numbers in force; zero before genesis.
func (Keeper) Latest(kv ledger.KV) uint64 {
	version, _ := ledger.Load[uint64](kv, latestKey())
	return version
}

// Version returns one version of the numbers.
func (Keeper) Version(kv ledger.KV, version uint64) (ParamsVersion, bool) {
	return ledger.Load[ParamsVersion](kv, historyKey(version))
}

// History visits every version of the numbers, oldest first, until fn returns false.
func (Keeper) History(kv ledger.KV, fn func(ParamsVersion) bool) {
	kv.Iterate(ledger.Key("dao", "n", ""), func(key, value []byte) bool {
		var v ParamsVersion
		ledger.DecodeRecord(key, value, &v)
		return fn(v)
	})
}

// Change puts changed numbers in force, from this moment on, in the context too, as the next version. It returns that
// version. The caller says what decided it, and has checked that it may decide it. It refuses what [ledger.Params.With] does.
func (k Keeper) Change(ctx *ledger.Context, kv ledger.KV, changes []ledger.Change, cause string) (uint64, error) {
	changed, err := ctx.Params.With(changes)
	if err != nil {
		return 0, err
	}
	version := k.adopt(ctx, kv, changed, cause)
	k.ports.Validators.Reconsider(kv)
	ctx.Emit(ParamsChanged{Version: version, Cause: cause, Changes: changes})
	return version, nil
}

// adopt appends a version to the history.
func (k Keeper) adopt(ctx *ledger.Context, kv ledger.KV, p ledger.Params, cause string) uint64 {
	next := ParamsVersion{
		Version: k.Latest(kv) + 1, Height: ctx.Height, TimeMS: ctx.TimeMS, Cause: cause, Params: p,
	}
	ledger.Save(kv, ParamsKey(), p)
	ledger.Save(kv, latestKey(), next.Version)
	ledger.Save(kv, historyKey(next.Version), next)
	ctx.Params = p
	return next.Version
}
