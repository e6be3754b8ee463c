package alignment

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"

	"autonet/consensus/commitreveal"
	"autonet/internal/fixed"
	"autonet/ledger"
)

// TagRound is the tag of rounds' identifiers.
const TagRound = "autonet/judge-round/v1"

// maxRoundsEnded bounds the rounds that end in one block; later ones end in the next.
const maxRoundsEnded = 64

// RoundID is the identifier of the round asked for by the account's transaction with this nonce.
func RoundID(network string, account ledger.Account, nonce uint64) string {
	return ledger.DeriveID(TagRound, network, account, nonce)
}

// ScoreDoc is what a judge commits to, in the place of a document's CID.
func ScoreDoc(score uint16, reasons string) string { return strconv.Itoa(int(score)) + "/" + reasons }

func roundKey(id string) []byte { return ledger.Key("alignment", "r", id) }

func dueKey(end int64, id string) []byte {
	return ledger.Key("alignment", "q", fmt.Sprintf("%016x", end), id)
}

func openKey() []byte { return ledger.Key("alignment", "rounds") }

func verdictKey(text ledger.Hash, community string, version uint64) []byte {
	return ledger.Key("alignment", "j", text.String(), community, fmt.Sprintf("%016x", version))
}

// Round returns a round of judges that has not ended.
func (Keeper) Round(kv ledger.KV, id string) (Round, bool) {
	return ledger.Load[Round](kv, roundKey(id))
}

// Rounds visits every round that has not ended in ascending order of ID until fn returns false.
func (Keeper) Rounds(kv ledger.KV, fn func(Round) bool) {
	kv.Iterate(roundKey(""), func(key, value []byte) bool {
		var r Round
		ledger.DecodeRecord(key, value, &r)
		return fn(r)
	})
}

// Verdict returns the judges' verdict on a text (its SHA-256) under one version of standards; version 0 is a jurisdiction.
func (Keeper) Verdict(kv ledger.KV, text ledger.Hash, community string, version uint64) (Verdict, bool) {
	return ledger.Load[Verdict](kv, verdictKey(text, community, version))
}

// Ask executes the message.
func (k Keeper) Ask(ctx *ledger.Context, kv ledger.KV, m Ask) error {
	g, ok := k.ground(kv, m.Community)
	if !ok {
		return ledger.Refuse(ledger.CodeNotFound, "ask: there is no community or jurisdiction %s", ledger.Clip(m.Community))
	}
	text := TextHash(m.Text)
	if _, judged := k.Verdict(kv, text, g.name, g.version); judged {
		return ledger.Refuse(ledger.CodeRefused, "ask: this text is judged under the standards of %s", g.name)
	}
	p := ctx.Params.Pricing
	open, _ := ledger.Load[uint32](kv, openKey())
	if open >= p.MaxRounds {
		return ledger.Refuse(ledger.CodeRefused, "ask: %d rounds are open; ask again when one has ended", open)
	}
	id := RoundID(ctx.Network, ctx.Sender, ctx.Nonce)
	if _, taken := k.Round(kv, id); taken {
		return ledger.Refuse(ledger.CodeRefused, "ask: round %s exists", id)
	}
	if held := k.ports.Bank.Balance(kv, ctx.Sender); held < p.AskFee {
		return ledger.Refuse(ledger.CodeFunds, "ask: a round costs %s, the balance is %s", p.AskFee, held)
	}
	if err := k.give(ctx, kv, p.AskFee, "judges", id); err != nil {
		return err
	}
	r := Round{
		ID: id, Text: text, Community: g.name, Version: g.version, Asker: ctx.Sender, Height: ctx.Height,
		CommitEnd: ctx.WorkMS + p.JudgeCommitMS, RevealEnd: ctx.WorkMS + p.JudgeCommitMS + p.JudgeRevealMS,
	}
	ledger.Save(kv, roundKey(id), r)
	ledger.Save(kv, openKey(), open+1)
	kv.Set(dueKey(r.RevealEnd, id), []byte{1})
	ctx.Emit(Asked{
		Round: id, Asker: r.Asker, Community: r.Community, Version: r.Version, Text: m.Text, CommitEnd: r.CommitEnd, RevealEnd: r.RevealEnd,
	})
	return nil
}

// CommitScore executes the message.
func (k Keeper) CommitScore(ctx *ledger.Context, kv ledger.KV, m CommitScore) error {
	r, ok := k.Round(kv, m.Round)
	p := ctx.Params.Pricing
	at, known := r.find(ctx.Sender)
	power := k.ports.Power.PowerAt(kv, ctx.Sender, r.Height-1)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "commit-score: there is no open round %s", m.Round)
	case ctx.WorkMS >= r.CommitEnd:
		return ledger.Refuse(ledger.CodeLate, "commit-score: round %s takes no more commitments", m.Round)
	case r.Asker == ctx.Sender:
		return ledger.Refuse(ledger.CodeRefused, "commit-score: who asked does not judge")
	case k.owns(kv, ctx.Sender, r.Community):
		return ledger.Refuse(ledger.CodeRefused, "commit-score: the owner of the standards does not judge")
	case known:
		return ledger.Refuse(ledger.CodeRefused, "commit-score: the sender has committed")
	case len(r.Judges) >= int(p.MaxJudges):
		return ledger.Refuse(ledger.CodeRefused, "commit-score: round %s has %d judges already", m.Round, len(r.Judges))
	case power < p.JudgePower:
		return ledger.Refuse(ledger.CodeFunds, "commit-score: a judge needs %s of governance power before the round began; it had %s", p.JudgePower, power)
	}
	r.Judges = slices.Insert(r.Judges, at, Judge{Account: ctx.Sender, Power: power, Commitment: m.Commitment})
	ledger.Save(kv, roundKey(r.ID), r)
	ctx.Emit(ScoreCommitted{Round: r.ID, Judge: ctx.Sender, Power: power})
	return nil
}

func (k Keeper) owns(kv ledger.KV, account ledger.Account, community string) bool {
	c, ok := k.Community(kv, community)
	return ok && c.Owner == account
}

// find returns the place of a judge among the judges, and whether it is there.
func (r Round) find(account ledger.Account) (int, bool) {
	return slices.BinarySearchFunc(r.Judges, account, func(j Judge, a ledger.Account) int { return cmp.Compare(j.Account, a) })
}

// RevealScore executes the message.
func (k Keeper) RevealScore(ctx *ledger.Context, kv ledger.KV, m RevealScore) error {
	r, ok := k.Round(kv, m.Round)
	at, known := r.find(ctx.Sender)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "reveal-score: there is no open round %s", m.Round)
	case !known:
		return ledger.Refuse(ledger.CodeNotFound, "reveal-score: the sender has not committed in round %s", m.Round)
	case ctx.WorkMS < r.CommitEnd:
		return ledger.Refuse(ledger.CodeEarly, "reveal-score: round %s still takes commitments", m.Round)
	case ctx.WorkMS >= r.RevealEnd:
		return ledger.Refuse(ledger.CodeLate, "reveal-score: round %s is over", m.Round)
	case r.Judges[at].Revealed:
		return ledger.Refuse(ledger.CodeRefused, "reveal-score: the sender has revealed")
	}
	opened := commitreveal.Commit(commitreveal.KindVerdict, ctx.Network, r.ID, string(ctx.Sender), ScoreDoc(m.Score, m.Reasons), m.Salt)
	if r.Judges[at].Commitment != opened {
		return ledger.Refuse(ledger.CodeRefused, "reveal-score: this is not what the sender committed to")
	}
	r.Judges[at].Revealed, r.Judges[at].Score, r.Judges[at].Reasons = true, m.Score, m.Reasons
	ledger.Save(kv, roundKey(r.ID), r)
	ctx.Emit(ScoreRevealed{Round: r.ID, Judge: ctx.Sender, Score: m.Score, Reasons: m.Reasons})
	return nil
}

// endRounds ends the rounds whose time is over: the median of the revealed scores, weighed by power, becomes the verdict if
// enough judges and enough of all power stand behind it.
func (k Keeper) endRounds(ctx *ledger.Context, kv ledger.KV) {
	var keys [][]byte
	prefix := ledger.Key("alignment", "q", "")
	kv.Iterate(prefix, func(key, _ []byte) bool {
		at, _, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		end, err := strconv.ParseInt(string(at), 16, 64)
		if err != nil {
			panic(fmt.Sprintf("alignment: the queue of rounds has a key %q", key))
		}
		if end > ctx.WorkMS || len(keys) >= maxRoundsEnded {
			return false
		}
		keys = append(keys, bytes.Clone(key))
		return true
	})
	for _, key := range keys {
		kv.Delete(key)
		id := string(key[bytes.LastIndexByte(key, '/')+1:])
		if r, ok := k.Round(kv, id); ok {
			k.endRound(ctx, kv, r)
		}
	}
}

func (k Keeper) endRound(ctx *ledger.Context, kv ledger.KV, r Round) {
	kv.Delete(roundKey(r.ID))
	open, _ := ledger.Load[uint32](kv, openKey())
	ledger.Save(kv, openKey(), open-min(open, 1))
	v := tally(r)
	v.Height = ctx.Height
	p := ctx.Params.Pricing
	quorum, err := fixed.MulDivUp(uint64(k.ports.Power.TotalAt(kv, r.Height-1)), p.JudgeQuorumPerMille, 1000)
	counts := err == nil && v.Judges >= p.Judges && uint64(v.Power) >= quorum
	if counts {
		ledger.Save(kv, verdictKey(r.Text, r.Community, r.Version), v)
	}
	ctx.Emit(Judged{Round: r.ID, Score: v.Score, Judges: v.Judges, Power: v.Power, Counts: counts})
}

// tally takes the median of a round. The power of all accounts together is at most the supply.
func tally(r Round) Verdict {
	revealed := slices.DeleteFunc(slices.Clone(r.Judges), func(j Judge) bool { return !j.Revealed })
	slices.SortStableFunc(revealed, func(a, b Judge) int { return cmp.Compare(a.Score, b.Score) })
	v := Verdict{Round: r.ID, Judges: uint32(len(revealed))}
	scores, weights := make([]uint64, len(revealed)), make([]uint64, len(revealed))
	for i, j := range revealed {
		scores[i], weights[i] = uint64(j.Score), uint64(j.Power)
		v.Power += j.Power
	}
	v.Score = uint16(median(scores, weights))
	return v
}

// TextHash is the name a text is judged under.
func TextHash(text string) ledger.Hash { return sha256.Sum256([]byte(text)) }
