// Package dao owns governance power and what it decides: the books of power and delegations with their history, proposals
// and votes, treasury grants, the numbers in force with every version they ever had, and the protocol's version.
//
// What it promises. An account's power at the end of any block of the last 200 days is known exactly, so that power bought
// or borrowed after a vote opened counts for nothing. A proposal is executable or it does not exist: parameter changes, a
// grant, or a protocol version; nothing else can be decided. What it decides waits for a timelock, is executed by the ledger
// itself and recorded with its outcome, refused or not. Parameters and protocol versions only go forward: both are
// append-only histories. Entrenched parameters are refused here. All of it runs on ledger time and needs no lease.
//
// It must not know what stake is for, who judges values, or where grants are booked: that comes through its ports.
package dao
