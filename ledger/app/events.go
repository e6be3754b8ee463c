package app

import (
	"fmt"
	"reflect"
	"slices"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/dispute"
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
		task.Events(), rewards.Events(), dispute.Events(),
	)
}

// DecodeEvent returns the typed event (a struct, not a pointer) that an event's data encodes.
func DecodeEvent(kind string, data []byte) (any, error) {
	for _, zero := range EventKinds() {
		if zero.EventKind() != kind {
			continue
		}
		value := reflect.New(reflect.TypeOf(zero))
		if err := ledger.Unmarshal(data, value.Interface()); err != nil {
			return nil, fmt.Errorf("event %s: %w", kind, err)
		}
		return value.Elem().Interface(), nil
	}
	return nil, fmt.Errorf("there is no event %q", ledger.Clip(kind))
}
