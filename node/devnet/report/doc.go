// Package report holds what a devnet run is asked, what it shows while it runs and what it reports at the end, with
// the report's rendering for people.
//
// It is the seam between the swarm and the commands: both import it, neither imports the other's inside. It promises
// that a Report's JSON is the published object of `autonet up --json`, field by field. It must not know processes,
// terminals or the node.
package report
