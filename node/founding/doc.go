// Package founding assembles the genesis of a network that several operators begin together.
//
// Each operator makes a home and signs a card with its account and its consensus key; one of them writes the genesis
// with the first card and adds the others; everybody verifies the same file, by its hash, before starting from it.
//
// It promises that a card is the doing of the account it names and belongs to one network, that a genesis on disk is
// always one that nodes can start from, and that adding to it changes nothing else. It must not know a running node.
package founding
