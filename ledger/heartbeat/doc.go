// Package heartbeat owns the sign of life of governance: the register of governors, their pulses, the heartbeat record that
// two thirds of their power make, the lease derived from it and the work clock that runs only while a lease lives.
//
// What it promises. A pulse is free, one per governor and interval, and names a block the ledger has seen within the last
// minute. A heartbeat exists for an interval only when at least 2/3 of the registered power pulsed in it. The work clock
// never runs while the lease is dead and never by more than its step in one block. An idle chain writes nothing between
// empty-block intervals.
//
// It must not know what power is made of: that comes through the [Governance] port.
package heartbeat
