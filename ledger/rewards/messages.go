package rewards

import "autonet/ledger"

// Kinds of this module's messages.
const (
	KindCommitVote = "rewards/commit-vote"
	KindRevealVote = "rewards/reveal-vote"
)

// CommitVote binds a member of the committee to the vote it will reveal.
type CommitVote struct {
	Task       string      `json:"task"`
	Commitment ledger.Hash `json:"commitment"`
}

// RevealVote opens a member's commitment and shows the next salt of its chain, which draws the intervals it had to
// replay.
type RevealVote struct {
	Task      string      `json:"task"`
	Doc       []byte      `json:"doc"`
	Salt      ledger.Hash `json:"salt"`
	ChainSalt ledger.Hash `json:"chain_salt"`
}

// Kind implements ledger.Msg.
func (CommitVote) Kind() string { return KindCommitVote }

// Kind implements ledger.Msg.
func (RevealVote) Kind() string { return KindRevealVote }

// Validate implements ledger.Msg.
func (m CommitVote) Validate() error {
	if !ledger.ValidID(m.Task) || m.Commitment.IsZero() {
		return invalid("a vote needs its task and a commitment")
	}
	return nil
}

// Validate implements ledger.Msg.
func (m RevealVote) Validate() error {
	if !ledger.ValidID(m.Task) {
		return invalid("a vote needs its task")
	}
	if len(m.Doc) == 0 || len(m.Doc) > MaxVoteBytes {
		return invalid("a vote of %d bytes; the bound is %d", len(m.Doc), MaxVoteBytes)
	}
	return nil
}

// Messages returns one zero message of every kind, for decoders.
func Messages() []ledger.Msg { return []ledger.Msg{CommitVote{}, RevealVote{}} }
