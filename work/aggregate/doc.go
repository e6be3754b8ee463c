// Package aggregate joins the updates of a task's solvers into the next model.
//
// What it promises: the result is a pure function of the set of updates, bit for
// bit on every machine and in whatever order they are given, so that anybody can
// recompute an aggregator's work. A rule whose premise fails is an error, never
// a silent fallback.
//
// It must not know tasks, scores, accounts' standing or the network.
package aggregate
