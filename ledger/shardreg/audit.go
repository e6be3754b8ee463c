package shardreg

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"autonet/ledger"
	"autonet/shards/merkle"
)

// maxExpired bounds the audits that end unanswered in one block; later ones end in the next.
const maxExpired = 256

func auditKey(id string) []byte { return ledger.Key("shardreg", "a", id) }

func dueKey(deadline int64, id string) []byte {
	return ledger.Key("shardreg", "q", fmt.Sprintf("%016x", deadline), id)
}

// Audit returns an open audit.
func (Keeper) Audit(kv ledger.KV, id string) (Audit, bool) {
	if id == "" {
		return Audit{}, false
	}
	return ledger.Load[Audit](kv, auditKey(id))
}

// Audits visits every open audit in ascending order of ID until fn returns false.
func (Keeper) Audits(kv ledger.KV, fn func(Audit) bool) {
	kv.Iterate(auditKey(""), func(key, value []byte) bool {
		var a Audit
		ledger.DecodeRecord(key, value, &a)
		return fn(a)
	})
}

// draw opens audits. Every provider that announced anything and has no open audit is as likely to be drawn, whatever its
// size and reputation; one in quarantine too, since an audit is its way out. Nobody else can ask for an audit.
func (k Keeper) draw(ctx *ledger.Context, kv ledger.KV) {
	var open []ledger.Account
	k.Providers(kv, func(p Provider) bool {
		if p.Manifests > 0 && p.Audit == "" && !p.Left && k.staking.Provider(ctx, kv, p.Account) {
			open = append(open, p.Account)
		}
		return true
	})
	for n := uint32(0); n < ctx.Params.Shards.AuditsPerRound && len(open) > 0; n++ {
		var count [4]byte
		binary.BigEndian.PutUint32(count[:], n)
		nonce := ledger.HashParts([]byte("autonet/audit/v1"), ctx.Hash[:], count[:])
		i := number(nonce, 0) % uint64(len(open))
		k.ask(ctx, kv, open[i], nonce)
		open[i] = open[len(open)-1]
		open = open[:len(open)-1]
	}
}

// number is one of the four numbers in a hash.
func number(h ledger.Hash, n int) uint64 { return binary.BigEndian.Uint64(h[8*n:]) }

// ask draws the chunk: a holding by its bytes, one of its columns, and a byte of that column.
func (k Keeper) ask(ctx *ledger.Context, kv ledger.KV, account ledger.Account, nonce ledger.Hash) {
	at, ok := holdingAt(kv, account, number(nonce, 1)%max(1, total(kv, account)))
	manifest, known := load(kv, at)
	if !ok || !known {
		ctx.Fault(fmt.Errorf("audit of %s: its holdings do not add up", account))
		return
	}
	h, _ := ledger.Load[Held](kv, holdingKey(at.Manifest, account))
	var columns []uint16 // columns of a short file may be empty
	for _, c := range h.Columns {
		if manifest.ColumnLen(c) > 0 {
			columns = append(columns, c)
		}
	}
	if len(columns) == 0 {
		return
	}
	column := columns[number(nonce, 2)%uint64(len(columns))]
	offset := number(nonce, 3) % manifest.ColumnLen(column)
	block := manifest.BlockBytes()
	a := Audit{
		ID: hex.EncodeToString(nonce[:16]), Provider: account, Manifest: at.Manifest, Ref: at.Ref, Column: column,
		Stripe: uint32(offset / block), Chunk: uint32(offset % block / chunkSize), Nonce: nonce,
		Deadline: ctx.TimeMS + ctx.Params.Shards.AnswerMS, Height: ctx.Height,
	}
	p, _ := k.Provider(kv, account)
	p.Audit = a.ID
	save(kv, p)
	ledger.Save(kv, auditKey(a.ID), a)
	kv.Set(dueKey(a.Deadline, a.ID), []byte{1})
	ctx.Emit(AuditDrawn{
		Audit: a.ID, Provider: account, Manifest: at.Manifest, Root: manifest.Root, Column: column, Stripe: a.Stripe, Chunk: a.Chunk, Deadline: a.Deadline,
	})
}

// expire closes audits whose time is over. A chain that slept gives everybody the blocks to answer that its time skipped.
func (k Keeper) expire(ctx *ledger.Context, kv ledger.KV) error {
	var due []string
	prefix := ledger.Key("shardreg", "q", "")
	kv.Iterate(prefix, func(key, _ []byte) bool {
		at, id, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		deadline, err := strconv.ParseInt(string(at), 16, 64)
		if err != nil {
			panic(fmt.Sprintf("shardreg: the queue has a key %q", key))
		}
		if deadline > ctx.TimeMS || len(due) >= maxExpired {
			return false
		}
		due = append(due, string(id))
		return true
	})
	for _, id := range due {
		a, ok := k.Audit(kv, id)
		if !ok {
			return fmt.Errorf("audit %s is due and is not open", id)
		}
		if ctx.Height < a.Height+int64(ctx.Params.Shards.AnswerBlocks) {
			continue
		}
		k.close(ctx, kv, a, FindingSilent, "no answer in time")
	}
	return nil
}

// AnswerAudit executes the message. A wrong answer is an outcome, not a refusal: it is accepted and costs.
func (k Keeper) AnswerAudit(ctx *ledger.Context, kv ledger.KV, m AnswerAudit) error {
	a, ok := k.Audit(kv, m.Audit)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "answer-audit: audit %s is not open", m.Audit)
	case a.Provider != ctx.Sender:
		return ledger.Refuse(ledger.CodeRefused, "answer-audit: audit %s is another provider's", m.Audit)
	}
	manifest, known := load(kv, place{Manifest: a.Manifest, Ref: a.Ref})
	if !known {
		return fmt.Errorf("answer-audit: audit %s asks for manifest %s, which is not registered", a.ID, a.Manifest)
	}
	if why := check(manifest, a, m); why != "" {
		k.close(ctx, kv, a, FindingCorrupt, why)
	} else {
		k.close(ctx, kv, a, "", "")
	}
	return nil
}

// check follows the answer from the chunk to the registered root and says where it leads astray; empty for a right one.
func check(manifest Manifest, a Audit, m AnswerAudit) string {
	stripe := uint64(a.Stripe)
	digest, ok := merkle.ChunkRoot(m.Chunk, int(a.Chunk), int(manifest.BlockLen(stripe, a.Column)), raw(m.Tree))
	if !ok {
		return "the chunk or its path in the block has the wrong length"
	}
	root, ok := merkle.Climb(digest, int(a.Stripe), int(manifest.Stripes()), raw(m.Block))
	if !ok {
		return "the path from the block to the column has the wrong length"
	}
	if !merkle.Verify(manifest.Root, root, int(a.Column), manifest.Columns(), raw(m.Column)) {
		return "the chunk does not lead to the registered root"
	}
	return ""
}

func raw(hashes []ledger.Hash) [][32]byte {
	out := make([][32]byte, len(hashes))
	for i, h := range hashes {
		out[i] = h
	}
	return out
}

// close ends an audit. Only here does a reputation move. Silence is a warning first: the provider goes into quarantine and
// is told why; it costs when a provider in quarantine stays silent. A wrong answer costs at once.
func (k Keeper) close(ctx *ledger.Context, kv ledger.KV, a Audit, finding Finding, why string) {
	kv.Delete(auditKey(a.ID))
	kv.Delete(dueKey(a.Deadline, a.ID))
	p, _ := k.Provider(kv, a.Provider)
	p.Audit = ""
	rules := ctx.Params.Shards
	manifest, _ := load(kv, place{Manifest: a.Manifest, Ref: a.Ref})
	closed := AuditClosed{
		Audit: a.ID, Provider: a.Provider, Manifest: a.Manifest, Root: manifest.Root, Passed: finding == "", Finding: finding, Why: why, Before: p.Reputation,
	}
	warned := p.Quarantine != ""
	switch finding {
	case FindingCorrupt:
		p.Failed++
		p.Reputation -= min(p.Reputation, rules.Failed)
	case FindingSilent:
		p.Missed++
		if warned {
			p.Reputation -= min(p.Reputation, rules.Failed)
		}
	default:
		p.Passed++
		p.Reputation = min(ReputationMax, p.Reputation+rules.Passed)
	}
	closed.Reputation = p.Reputation
	ctx.Emit(closed)
	switch {
	case finding == "" && warned:
		p.Quarantine, p.QuarantinedMS = "", 0
		ctx.Emit(Released{Provider: p.Account, Audit: a.ID})
	case finding != "" && (!warned || finding == FindingCorrupt && p.Quarantine != finding):
		p.Quarantine = finding
		if !warned {
			p.QuarantinedMS = ctx.TimeMS
		}
		ctx.Emit(Quarantined{Provider: p.Account, Finding: finding, Audit: a.ID, Warning: warning(rules, finding, why)})
	}
	save(kv, p)
}

// giveUp closes the audit of a column that its provider no longer offers: as if it had stayed silent, so that nobody dodges
// an audit, and nobody who lost a column is held to it.
func (k Keeper) giveUp(ctx *ledger.Context, kv ledger.KV, a Audit) {
	k.close(ctx, kv, a, FindingSilent, "the audited column was withdrawn")
}

func warning(rules ledger.ShardParams, finding Finding, why string) string {
	if finding == FindingSilent {
		return fmt.Sprintf("%s: its columns do not count until it passes an audit; the next one missed costs %d of its reputation", why, rules.Failed)
	}
	return why + ": its columns do not count until it passes an audit"
}
