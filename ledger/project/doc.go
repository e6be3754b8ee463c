// Package project owns funded AI efforts: their funding for project tokens along a stated price curve, refunds when the
// goal is missed, the budget that tasks draw on, the append-only list of model versions, and what a deployed model earns:
// orders for inference, paid ahead, and the revenue that holders of the project's token share.
//
// What it promises. A funder pays exactly the curve's price of whole tokens and never more than it offered. Until the goal is
// reached nothing can be spent and tokens cannot move, so that a missed goal gives every funder back exactly what it paid.
// Only the owner spends the budget, deploys and pauses. The pots the bank holds for projects, orders and revenue always equal
// the module's own books. The provider of an order is drawn, never chosen; every order ends paid out or refunded. Each revenue
// reaches exactly those who held tokens when it came in, to the fraction of a nATN, and is never drawn twice.
//
// It must not know tasks, shards or values: tasks take budget and publish versions through the functions here; who can serve
// a model and what alignment makes of a price come through [Shards] and [Pricing]. Money and tokens move through [Bank],
// [Till] and [Tokens].
package project
