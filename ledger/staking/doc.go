// Package staking owns what accounts put at risk: a stake per role, the locks that tasks and disputes hold on it,
// unbonding, slashing, the salt chains of coordinators and the validator set.
//
// What it promises. An account is active in a role while its bonded stake is at least the role's minimum. New locks never
// exceed the bonded stake; locked stake cannot finish unbonding. Unbonding runs on ledger time, not on the work clock,
// and stays slashable until it ends. A slash names its reason and evidence; a reporter gets its share, the treasury the rest.
// The validator set never becomes empty.
//
// It must not know what a task or a dispute is: a lock is an amount under a reference. Money moves through the [Bank] port.
package staking
