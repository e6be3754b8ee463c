// Package alignment makes alignment a price: communities publish their standards, users their values, and an order whose text
// is close to both is paid in part by a pool, one that goes against them pays the premium that fills it.
//
// What it promises. A price follows from what is on the ledger alone: standards, values, the text of at most 4 KiB as the
// heuristic of consensus/stance (or, where enough judges scored it, their stake-weighted median) sees it, and figures that
// stand still for an epoch. Nobody pays more than twice the base price. The pool never pays what it does not hold, never
// more than its shares per epoch and project, and never so much that a buyer who sells to himself through the project
// could gain. Standards are versions that are never changed or removed. Every amount leaves a typed event.
//
// It must not know what is sold or how money rests: project asks for prices through its port, the bank moves the money
// through ours.
package alignment
