// Package light follows a chain by its headers alone and reads its state through proofs.
//
// It begins with the validators of genesis, with a header that the owner trusts, or with the last header it trusted
// before, and believes another header when enough of the validators it believes in have signed it: more than two thirds of
// the next height's, or, over a gap, more than a third of the last known ones beside more than two thirds of the new ones,
// with steps between where the validators have changed too much. Every header it comes to trust is compared with what
// other sources have at that height.
//
// It promises:
//   - nothing is trusted from a header older than the trusting period, in which validators can still be punished for a lie;
//   - two contradicting headers that both verify stop it for good: they are kept as evidence, and nothing is read or
//     followed until the owner names a header to trust;
//   - a record is returned only with a proof that verifies against the trusted header;
//   - a source that sends what does not verify is not asked again.
//
// It must not know how bytes travel or who its sources are.
package light
