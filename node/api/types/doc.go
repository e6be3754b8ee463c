// Package types holds the requests and responses of a node's HTTP API.
//
// It is the one vocabulary that server, client, commands and screens share: plain structs of strings, integers and
// lists with snake_case JSON names. It promises stable names: a field is added, never renamed. It must not know any
// domain package, so that a program that only talks to a node links nothing of the node.
//
// Units are part of the names: _natn is nano-ATN, _ms is milliseconds (time_ms since the Unix epoch), _bytes is
// bytes, _mib is 2^20 bytes. Hashes are lower-case hex, CIDs are CIDv1 base32 text, accounts and peers are libp2p
// peer IDs. Scores run from 0 to 65535 (= 1.0).
package types
