// Package rewards is the committee's judgement of a task: votes committed and revealed, the verdict from them, and
// the money and the slashes at settlement.
//
// What it promises.
//   - A vote counts only with the replay behind it: the bindings of an entry are checked against the step hashes that
//     the solver opened after the vote.
//   - A replay mismatch is not a score: it suspends the solution, and its member must challenge or lose.
//   - Every entry's fate, every verdict, payout and slash leaves a typed event that names its cause.
//
// It must not know how a task moves through its states, how disputes are settled or how stake is kept: those are the
// ports in ports.go.
package rewards
