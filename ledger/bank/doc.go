// Package bank owns the money: accounts with their balance and nonce, the pots that money rests in (stakes, unbonding,
// escrows, projects, grants, traps, subsidies, revenues, orders, treasury, the block's fees) and the projects' own tokens.
//
// What it promises. Nothing mints after genesis. Every amount moves with [Keeper.Move], checked on both sides, and leaves a
// [Moved] event that names its cause. The running totals per family of pots always add up to the supply, and
// [Keeper.Recount] adds up every single pot independently of them. Of each project token the holders' sum is what was
// issued less what was burned.
//
// It must not know what a stake, a task or a project is for: the other modules keep their own books and ask the bank to
// move money through their ports.
package bank
