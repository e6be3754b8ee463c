// Package tui is the screens of autonet: the swarm as `autonet up` runs it, and the console of a running node.
//
// It promises that a screen fits any window, holds a bounded past and never blocks what it shows. It must not know
// how a node works: the swarm is told to it by snapshots, the node by the API's client.
package tui
