// Package feed is a node's event stream in memory: a ring of recent events and any number of bounded readers.
//
// It promises that publishing never blocks, that a reader sees events in order without holes that it is not told of,
// and that a reader too slow for its queue is cut off rather than waited for. It must not know what events mean.
package feed
