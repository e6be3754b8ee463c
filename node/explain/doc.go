// Package explain tells why every account got or lost what it did in a task: each amount with its cause, the formula and
// its inputs, the votes behind it, the evidence of a slash, and the event that proves it.
//
// It works from the task's events and the task's record alone. It promises to state a formula only where the formula,
// worked out anew, gives the amount. It must not know where events come from.
package explain
