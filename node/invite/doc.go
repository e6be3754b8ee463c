// Package invite writes all that a newcomer needs to enter a network into one string: the network's name, the hash of
// its genesis and addresses of members. The genesis itself is fetched from a member and checked against the hash, so
// a forged member cannot lead the newcomer astray.
package invite
