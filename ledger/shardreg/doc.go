// Package shardreg owns the register of shards: providers with their capacity and reputation, manifests with their Merkle
// root and shape, and which provider announced which columns.
//
// What it promises. Only an active provider announces, never more columns than there are nor more bytes than its
// capacity; an announcement replaces the provider's earlier one. A manifest is registered once and never changes.
//
// It must not know tasks, projects or how shards travel. Whether a provider is staked comes through the [Staking] port.
package shardreg
