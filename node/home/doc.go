// Package home is the layout of a node's folder and the lock that lets one process use it. Every path of a node is
// named here and nowhere else.
package home
