// Package devnet runs a swarm of real processes on this machine: it makes their homes and a common genesis, starts the
// same binary once per node, leads it through training rounds over the API, kills and restarts on request, and
// reports what the nodes' ledgers and counters say. Nothing in a report is computed from what was planned.
//
// It talks to its nodes as any user would, through the API's client.
package devnet
