// Package proofs turns proofs of the ledger into what the API and the command line tell, and checks proof documents
// without a node.
//
// It promises that what is told as proven has been verified. It must not know where a document came from.
package proofs
