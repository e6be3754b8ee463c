// Package roles turns ledger events into jobs: what a proposer, solver, coordinator, aggregator, provider, judge or
// governor does when a task reaches a phase. Each role looks at the committed state and does the next thing that is not
// done yet, so that a replayed event or a restart does nothing twice; what must survive a crash (salts, documents,
// checkpoints) is in the job journal before anything is published.
//
// Work runs only with a lease in hand. Roles see the ledger, the shards and gossip through the small ports of ports.go
// and must not know hosts, engines or HTTP.
package roles
