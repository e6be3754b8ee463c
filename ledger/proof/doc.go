// Package proof makes and checks proofs of what the ledger's state says: a balance, a stake, a verdict, a reward, a
// heartbeat, a manifest, an event, or that there is no such record.
//
// A [Proof] stands alone: the words that name the record, the record, its path in the state's tree (ics23), and the header
// that commits to the state with its validators and their signatures. [Verify] needs beside it only something the verifier
// trusts: the hash of that header, or a header with the same validators. It asks nobody, reads no clock and opens no file.
//
// It promises to accept only what follows from what is trusted: a forged record, path, key, header or network, or too few
// signatures, is refused with the reason. Bytes from outside are bounded and strictly decoded.
//
// It must not know how a state is stored or where proofs come from.
package proof
