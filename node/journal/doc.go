// Package journal keeps what a role must remember across a crash: the salt of a commitment, the document behind it,
// the checkpoints already pinned. Every record is one small file, replaced atomically and synced before Put returns,
// so that a node never publishes a commitment that it could not open after a power cut.
//
// It stores values by key and must not know what a task is.
package journal
