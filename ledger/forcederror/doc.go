// Package forcederror is the traps that keep coordinators awake: known-bad solutions that a governor and a solver seal
// together before a task's commit window closes, and that the governor opens in its challenge window.
//
// What it promises.
//   - Before the opening nothing on the ledger tells a trap from a dummy: a governor seals a fixed number of commitments
//     for a task in one message, the treasury escrows the same sum for each, and every one must be opened.
//   - A solution that its own solver has called a trap is never accepted, whatever else holds.
//   - Nobody loses or gains by a trap whose wrong bits no panel has found.
//   - Every escrow goes to whom it is due or back to the treasury, and every movement leaves an event with its cause.
//
// It must not know how votes are judged, how disputes are settled or how a task moves: those are the ports in ports.go.
package forcederror
