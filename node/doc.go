// Package node is one peer of the network: it assembles host, ledger, shards and work into layers, joins them by the
// few edges of flow.go, and answers the API.
//
// It is the only package that knows all domains; what any of them does is their own business.
package node
