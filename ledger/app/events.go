package app

import (
	"fmt"
	"reflect"
	"slices"

	"autonet/ledger"
	"autonet/ledger/alignment"
	"autonet/ledger/bank"
	"autonet/ledger/constitution"
	"autonet/ledger/dao"
	"autonet/ledger/dispute"
	"autonet/ledger/forcederror"
	"autonet/ledger/heartbeat"
	"autonet/ledger/project"
	"autonet/ledger/rewards"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// EventKinds returns one zero event of every kind the ledger emits.
func EventKinds() []ledger.EventData {
	return slices.Concat(
		bank.Events(), staking.Events(), project.Events(), shardreg.Events(), heartbeat.Events(),
		task.Events(), rewards.Events(), dispute.Events(), dao.Events(), constitution.Events(), alignment.Events(),
		forcederror.Events(),
	)
}

// DecodeEvent returns the typed event (a struct, not a pointer) that an event's data encodes. Whoever decodes many keeps
// an [EventReader].
func DecodeEvent(kind string, data []byte) (any, error) {
	for _, zero := range EventKinds() {
		if zero.EventKind() == kind {
			value, err := decodeEvent(reflect.TypeOf(zero), kind, data)
			if err != nil {
				return nil, err
			}
			return value.Interface(), nil
		}
	}
	return nil, noEvent(kind)
}

func decodeEvent(typ reflect.Type, kind string, data []byte) (reflect.Value, error) {
	value := reflect.New(typ)
	if err := ledger.Unmarshal(data, value.Interface()); err != nil {
		return reflect.Value{}, fmt.Errorf("event %s: %w", kind, err)
	}
	return value.Elem(), nil
}

func noEvent(kind string) error { return fmt.Errorf("there is no event %q", ledger.Clip(kind)) }
