package constitution

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"autonet/consensus/commitreveal"
	"autonet/ledger"
)

func matterKey(id string) []byte { return ledger.Key("constitution", "m", id) }

// maxConcluded bounds how many evaluations move in one block; the others do in the next.
const maxConcluded = 256

// judgingKey orders evaluations by the time they move on, so that those under way cost a block nothing, however many
// there are.
func judgingKey(atMS int64, id string) []byte {
	return ledger.Key("constitution", "judging", fmt.Sprintf("%016x", atMS), id)
}

func evaluationKey(id string, account ledger.Account) []byte {
	return ledger.Key("constitution", "e", id, string(account))
}

// Judge opens the evaluation of a matter by the principles and the default standards.
func (k Keeper) Judge(ctx *ledger.Context, kv ledger.KV, matter, text string) {
	k.judge(ctx, kv, matter, text, []string{Default})
}

func (Keeper) judge(ctx *ledger.Context, kv ledger.KV, matter, text string, jurisdictions []string) {
	g := ctx.Params.Governance
	m := Matter{
		ID: matter, Text: text, Jurisdictions: jurisdictions, Phase: PhaseCommit,
		CommitMS: ctx.TimeMS + g.VerdictCommitMS, RevealMS: ctx.TimeMS + g.VerdictCommitMS + g.VerdictRevealMS,
	}
	ledger.Save(kv, matterKey(matter), m)
	kv.Set(judgingKey(m.CommitMS, matter), []byte{1})
	ctx.Emit(Judging{Matter: matter, Text: text, CommitMS: m.CommitMS, RevealMS: m.RevealMS})
}

// Judged reports how an evaluation ended; done is false while it goes on.
func (k Keeper) Judged(kv ledger.KV, matter string) (done, proceed bool, reason string) {
	m, _ := k.Matter(kv, matter)
	return m.Phase == PhaseDone, m.Proceed, m.Reason
}

// Matter returns an evaluation.
func (Keeper) Matter(kv ledger.KV, id string) (Matter, bool) {
	return ledger.Load[Matter](kv, matterKey(id))
}

// Evaluations visits the evaluators of a matter in ascending account order until fn returns false.
func (Keeper) Evaluations(kv ledger.KV, matter string, fn func(account ledger.Account, e Evaluation) bool) {
	prefix := evaluationKey(matter, "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var e Evaluation
		ledger.DecodeRecord(key, value, &e)
		return fn(ledger.Account(key[len(prefix):]), e)
	})
}

// CommitVerdict executes the message.
func (k Keeper) CommitVerdict(ctx *ledger.Context, kv ledger.KV, msg CommitVerdict) error {
	m, ok := k.Matter(kv, msg.Matter)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "commit-verdict: %s is nothing evaluators judge", msg.Matter)
	case m.Phase != PhaseCommit || ctx.TimeMS >= m.CommitMS:
		return ledger.Refuse(ledger.CodeLate, "commit-verdict: the time to commit is over")
	}
	weight := k.ports.Stakes.Weight(ctx, kv, ctx.Sender)
	if weight == 0 {
		return ledger.Refuse(ledger.CodeRefused, "commit-verdict: an evaluator is an active coordinator or validator")
	}
	key := evaluationKey(m.ID, ctx.Sender)
	if kv.Get(key) != nil {
		return ledger.Refuse(ledger.CodeRefused, "commit-verdict: the sender has committed to a verdict")
	}
	m.Committed++
	ledger.Save(kv, key, Evaluation{Commitment: msg.Commitment, Weight: weight})
	ledger.Save(kv, matterKey(m.ID), m)
	ctx.Emit(VerdictCommitted{Matter: m.ID, Account: ctx.Sender, Weight: weight})
	return nil
}

// RevealVerdict executes the message.
func (k Keeper) RevealVerdict(ctx *ledger.Context, kv ledger.KV, msg RevealVerdict) error {
	m, ok := k.Matter(kv, msg.Matter)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "reveal-verdict: %s is nothing evaluators judge", msg.Matter)
	case m.Phase == PhaseCommit:
		return ledger.Refuse(ledger.CodeEarly, "reveal-verdict: others still commit")
	case m.Phase == PhaseDone || ctx.TimeMS >= m.RevealMS:
		return ledger.Refuse(ledger.CodeLate, "reveal-verdict: the time to reveal is over")
	}
	key := evaluationKey(m.ID, ctx.Sender)
	e, committed := ledger.Load[Evaluation](kv, key)
	if !committed || len(e.Doc) > 0 {
		return ledger.Refuse(ledger.CodeRefused, "reveal-verdict: the sender has not committed, or has revealed already")
	}
	if e.Commitment != commitreveal.Commit(commitreveal.KindVerdict, ctx.Network, m.ID, string(ctx.Sender), ledger.DocCID(msg.Doc), msg.Salt) {
		return ledger.Refuse(ledger.CodeRefused, "reveal-verdict: the document and the salt are not what was committed to")
	}
	v, err := DecodeVerdict(msg.Doc)
	if err != nil {
		return err
	}
	if v.Account != ctx.Sender {
		return ledger.Refuse(ledger.CodeRefused, "reveal-verdict: the document is another account's")
	}
	if err := k.concerned(kv, m, v); err != nil {
		return err
	}
	// Stake that left since counts no more; what came since was not bound by the commitment.
	e.Weight = min(e.Weight, k.ports.Stakes.Weight(ctx, kv, ctx.Sender))
	if e.Weight == 0 {
		return ledger.Refuse(ledger.CodeRefused, "reveal-verdict: the sender is no longer an active coordinator or validator")
	}
	e.Doc = msg.Doc
	m.count(v, e.Weight)
	ledger.Save(kv, key, e)
	ledger.Save(kv, matterKey(m.ID), m)
	ctx.Emit(VerdictRevealed{Matter: m.ID, Account: ctx.Sender, Weight: e.Weight, Reasons: v.Reasons, Entries: v.Entries})
	return nil
}

// concerned refuses a verdict on articles that do not exist or do not apply.
func (k Keeper) concerned(kv ledger.KV, m Matter, v Verdict) error {
	for _, e := range v.Entries {
		jurisdiction, number, _ := parseArticle(e.Article)
		if jurisdiction == "" {
			continue
		}
		j, _ := k.Jurisdiction(kv, jurisdiction)
		if !slices.Contains(m.Jurisdictions, jurisdiction) || number > j.Standards {
			return ledger.Refuse(ledger.CodeRefused, "reveal-verdict: article %s does not apply to this matter", e.Article)
		}
	}
	return nil
}

// count adds one verdict to the tally, which stays in ascending order of article.
func (m *Matter) count(v Verdict, weight ledger.Natn) {
	m.Revealed++
	m.Weight += weight // at most the supply
	for _, e := range v.Entries {
		if e.Stance == Irrelevant {
			continue
		}
		at, found := slices.BinarySearchFunc(m.Tally, e.Article, func(t Tally, article string) int {
			return strings.Compare(t.Article, article)
		})
		if !found {
			m.Tally = slices.Insert(m.Tally, at, Tally{Article: e.Article})
		}
		if e.Stance == Support {
			m.Tally[at].Support += weight
		} else {
			m.Tally[at].Oppose += weight
		}
	}
}

// conclude moves the evaluations whose time has come.
func (k Keeper) conclude(ctx *ledger.Context, kv ledger.KV) {
	for _, key := range due(kv, ledger.Key("constitution", "judging", ""), ctx.TimeMS, maxConcluded) {
		kv.Delete(key.raw)
		m, _ := k.Matter(kv, key.name)
		if m.Phase == PhaseCommit && ctx.TimeMS < m.RevealMS {
			m.Phase = PhaseReveal
			kv.Set(judgingKey(m.RevealMS, m.ID), []byte{1})
			ledger.Save(kv, matterKey(m.ID), m)
			continue
		}
		m.Phase = PhaseDone
		m.Proceed, m.Reason = m.outcome(ctx.Params.Governance)
		ledger.Save(kv, matterKey(m.ID), m)
		ctx.Emit(Concluded{Matter: m.ID, Proceed: m.Proceed, Reason: m.Reason, Evaluators: m.Revealed, Weight: m.Weight})
	}
}

// timed is a key whose last two parts are a time and a name.
type timed struct {
	raw  []byte
	name string
}

// due lists the keys under a prefix whose time has come, the earliest first, at most so many.
func due(kv ledger.KV, prefix []byte, nowMS int64, most int) []timed {
	until := fmt.Sprintf("%016x", max(nowMS, 0))
	var list []timed
	kv.Iterate(prefix, func(key, _ []byte) bool {
		at, name, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		if string(at) > until || len(list) == most {
			return false
		}
		list = append(list, timed{raw: bytes.Clone(key), name: string(name)})
		return true
	})
	return list
}

// outcome is what the evaluators find. An article is concerned when more than half of the weight says so, for or against; two
// thirds of what finds it concerned must support the matter on it. Every concerned article decides, so that no right is
// outweighed by another.
func (m *Matter) outcome(g ledger.GovernanceParams) (bool, string) {
	if m.Revealed < g.VerdictQuorum {
		return false, fmt.Sprintf("%d evaluators revealed a verdict; %d are needed", m.Revealed, g.VerdictQuorum)
	}
	half := ledger.Ratio{Num: 1, Den: 2}
	for _, t := range m.Tally {
		concerned := t.Support + t.Oppose
		if half.Exceeded(concerned, m.Weight) && !g.VerdictMajority.Reached(t.Support, concerned) {
			return false, fmt.Sprintf("evaluators with %s of %s support it on article %s: %s are needed", t.Support, concerned, t.Article, g.VerdictMajority)
		}
	}
	return true, ""
}
