// Package lease holds the right to work.
//
// A lease is derived from a heartbeat, the ledger's record that at least two
// thirds of governance power pulsed. It ends at the earliest of heartbeat +
// lease by the ledger's clock, by the wall clock, and by monotonic time since
// the heartbeat was received. A node that is syncing, or whose wall clock is
// more than MaxSkew off the latest block's time, holds none.
//
// What it promises:
//   - A Lease cannot be made outside this package; the zero Lease is dead.
//   - A Lease lives on while newer heartbeats arrive in time; once lapsed it
//     stays dead for ever, whatever the clocks or the ledger do afterwards.
//   - Err reads the clocks at the moment of the call, so that work which asks
//     before every step stops within one step even if no timer ran. Context is
//     cancelled with the same cause while Keeper.Run is running.
//   - Turning the wall clock back never lengthens a lease: monotonic time still
//     counts. Turning it forward ends the lease at once.
//
// Every function that trains, verifies, aggregates or infers takes a Lease.
//
// The package owns the monotonic clock of the node and imports nothing of ours:
// it knows neither the ledger, nor the network, nor the work.
package lease
