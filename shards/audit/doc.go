// Package audit shows that a block is stored: it makes, from the block alone and its manifest, the answer to an audit of
// one chunk, and checks one as the ledger does.
//
// What it promises. A proof leads from a chunk of at most 1024 bytes through the block's own BLAKE3 tree, the column's
// root and the root over the columns to the root that is registered; nothing but the chunk it names leads there. The
// package must not know where blocks are or who asks. Only files hashed with BLAKE3 can be audited by chunks.
package audit
