// Package project owns funded AI efforts: their funding for project tokens along a stated price curve, refunds when the
// goal is missed, the budget that tasks draw on, and the append-only list of model versions.
//
// What it promises. A funder pays exactly the curve's price of whole tokens and never more than it offered. Until the goal is
// reached nothing can be spent and tokens cannot move, so that a missed goal gives every funder back exactly what it paid.
// Only the owner spends the budget. The pot the bank holds for a project always equals the project's own book.
//
// It must not know tasks or shards: tasks take budget and publish versions through the functions here. Money and tokens
// move through the [Bank] port.
package project
