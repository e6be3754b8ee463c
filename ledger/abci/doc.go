// Package abci runs the ledger: CometBFT embedded in this process, the rules of ledger/app on top of an iavl tree, and
// beside it a durable log of the events and results of every block.
//
// It promises:
//   - one application hash per height on every node: the root of the iavl tree;
//   - a block is on disk before it is executed; its events are written before its state is, and its state before CometBFT
//     hears of it, so that a crash between any two of them replays the block into the same bytes, and what a power cut
//     takes off the end of either is made again;
//   - a late joiner takes a state that headers prove, and replays only the blocks behind it;
//   - readers never see half a block: views, events and results become visible together, when the block is committed;
//   - a fault of the ledger (supply not conserved, a store that cannot be written) stops the node: [Engine.Run] returns
//     the reason.
//
// It must not know what a message means, where peers are found, or how the bytes between two nodes travel: a peer is
// an identifier and an address on the loopback interface.
package abci
