// Package store keeps blocks and small named values on disk: append-only
// segment files of checksummed records, and an index in memory that is rebuilt
// from them at the start.
//
// What Put has acknowledged is synced and survives a crash at any point; what
// it has not is either whole or absent. A torn tail is cut off at the start.
// Concurrent calls share one sync. An identical block is stored once. A full
// disk or quota is ErrFull and leaves nothing half-written. One process owns a
// folder at a time.
//
// Space of deleted blocks is given back by punching holes where the system can
// (Linux), else, and for blocks under 4 KiB, when a whole segment has died.
//
// It promises nothing about what blocks mean: the caller has verified that the
// bytes match the CID. It must not know networks, nor what files blocks belong to.
package store
