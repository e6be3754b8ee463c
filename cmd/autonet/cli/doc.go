// Package cli is the commands of autonet: it parses what a person or a script asked for, has it done through the
// node's API or by what Deps names, and says how it went.
//
// It promises stable output with --json, the published exit codes, and errors that say what failed, why and what to
// do. It must not know how a node works.
package cli
