// Package truth holds the ground truth of a task: the held-out examples that
// solutions are judged by, the metric and its bar.
//
// The proposer publishes only a commitment and stores the document sealed; the
// salt that opens the commitment is the key that opens the seal, so that
// revealing is one act.
//
// What it promises: sealing is deterministic, so that doing it again gives the
// same file; a seal opens with its own salt only and shows any damage; a document
// has one encoding; a score is integer arithmetic, equal everywhere.
//
// It must not know models, commitments, the ledger or the network.
package truth
