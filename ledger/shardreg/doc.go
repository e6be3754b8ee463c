// Package shardreg owns the register of shards: providers with their capacity and reputation, manifests with their Merkle
// root and shape, which provider announced which columns, the audits of what they announced, and the calls for repair.
//
// What it promises. Only an active provider announces, never more columns than there are nor more bytes than its
// capacity; an announcement replaces the provider's earlier one. A registration never changes. Somebody else may register the same
// CID with another root or shape, which keeps nobody out.
//
// Audits are drawn by block hashes alone, and nothing but the outcome of an audit moves a reputation. An answer is checked from
// the chunk up to the registered root. Nothing here takes stake, and nothing here waits for a lease.
//
// It must not know tasks, projects or how shards travel. Whether a provider is staked comes through the [Staking] port.
package shardreg
