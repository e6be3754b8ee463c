package app_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/ledger/bank"
	"autonet/ledger/dao"
	"autonet/ledger/heartbeat"
	"autonet/ledger/ledgertest"
	"autonet/ledger/project"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// newRef is the model of a genesis.
func newRef(g app.Genesis) *ref {
	r := &ref{
		rules: g.Params, timeMS: start, clockMS: start, treasury: uint64(g.Treasury), recent: map[int64]pastBlock{},
		governors: map[who]int64{}, pulsed: map[uint64]map[who]bool{}, balance: map[who]uint64{}, nonce: map[who]uint64{},
		invited: map[string]invitation{}, bonded: map[place]uint64{}, leaving: map[who][]departure{}, numbers: map[who]uint64{},
		locks: map[place]map[string]uint64{}, consKey: map[who]string{}, keyOwner: map[string]who{}, next: map[who]nextKey{},
		barred: map[who]bool{}, punished: map[who]map[int64]bool{}, set: map[who]bool{}, delegate: map[who]who{},
		past: map[int64]map[who]uint64{}, proposals: map[string]*motion{}, projects: map[string]*venture{}, orders: map[string]*deal{},
		providers: map[who]*keeper{}, files: map[string]*kept{}, audits: map[string]question{}, jobs: map[string]*job{},
	}
	for _, a := range g.Accounts {
		r.balance[a.Account] = uint64(a.Balance)
		for _, s := range a.Stakes {
			r.bonded[place{a.Account, s.Role}] = uint64(s.Amount)
			if s.Role == ledger.RoleValidator {
				r.consKey[a.Account] = string(s.ConsKey)
				r.keyOwner[addressOf(s.ConsKey)] = a.Account
				r.set[a.Account] = true
			}
		}
		if a.Governor {
			r.governors[a.Account] = 0
		}
		if a.Capacity > 0 {
			r.providers[a.Account] = &keeper{capacity: a.Capacity, reputation: 500}
		}
	}
	return r
}

// addressOf is the address by which consensus knows a key.
func addressOf(key []byte) string {
	if len(key) == 0 {
		return ""
	}
	sum := sha256.Sum256(key)
	return string(sum[:20])
}

// drawn is what a block's hash chose, as the ledger's events tell.
type drawn struct {
	orders map[string]who
	audits []shardreg.AuditDrawn
}

// begin does what the beginning of a block does.
func (r *ref) begin(info app.BlockInfo, txs int, d drawn) (wrong string) {
	r.height, r.timeMS = info.Height, info.TimeMS
	r.remember(info.Hash, txs)
	r.decide()
	for _, e := range info.Equivocations {
		r.punish(string(e.Address), e.Height, e.TimeMS, string(info.Proposer))
	}
	r.applyKeys()
	r.releaseDue()
	for _, key := range keys(r.invited) {
		if g := r.invited[key]; g.endMS <= r.timeMS {
			r.balance[g.by] += g.amount
			delete(r.invited, key)
		}
	}
	if wrong := r.sell(d.orders); wrong != "" {
		return wrong
	}
	return r.audit(d.audits)
}

// end does what the end of a block does.
func (r *ref) end() {
	r.endTasks()
	total, left := uint64(0), r.fees
	for a := range r.set {
		total += r.bondedOf(a, ledger.RoleValidator)
	}
	for a := range r.set {
		if stake := r.bondedOf(a, ledger.RoleValidator); stake > 0 {
			share := part(r.fees, stake, total)
			r.balance[a] += share
			left -= share
		}
	}
	r.treasury += left
	r.fees = 0
	set := map[who]bool{}
	for i := range castSize {
		if r.active(acct(i), ledger.RoleValidator) {
			set[acct(i)] = true
		}
	}
	if len(set) > 0 {
		r.set = set
	}
	r.past[r.height] = r.powers()
}

func isWork(m ledger.Msg) bool {
	switch m.(type) {
	case task.Claim, task.Checkpoint, task.Commit, task.RevealTruth, project.Order, project.Deliver:
		return true
	default:
		return false
	}
}

// verdicts of the model on a transaction.
const (
	unpaid  = "unpaid"  // refused with neither fee nor nonce
	refused = "refused" // with both
	done    = "done"
)

// deliver runs one transaction.
func (r *ref) deliver(from who, nonce uint64, size int, m ledger.Msg) string {
	_, pulse := m.(heartbeat.Pulse)
	_, claim := m.(bank.Claim)
	fee := 1000 + uint64(size)
	if pulse || claim {
		fee = 0
	}
	if isWork(m) && !r.leased() || !pulse && (nonce != r.nonce[from] || r.balance[from] < fee) {
		return unpaid
	}
	if !pulse {
		r.nonce[from]++
		r.balance[from] -= fee
		r.fees += fee
	}
	if r.run(from, nonce, m) {
		return done
	}
	return refused
}

func (r *ref) run(from who, nonce uint64, msg ledger.Msg) bool {
	switch m := msg.(type) {
	case bank.Send:
		return r.send(from, m.To, m.Denom, m.Amount)
	case bank.Burn:
		return r.burn(from, m.Denom, m.Amount)
	case bank.Grant:
		return r.invite(from, hex.EncodeToString(m.Key), uint64(m.Amount), m.ExpiresMS)
	case bank.Claim:
		return r.claimGrant(from, hex.EncodeToString(m.Key), signerOf(m.Key, m.Sig, bank.SignClaim))
	case staking.Bond:
		return r.bond(from, m.Role, uint64(m.Amount), string(m.ConsKey), addressOf(m.ConsKey))
	case staking.Unbond:
		return r.unbond(from, m.Role, uint64(m.Amount))
	case staking.RotateConsensusKey:
		return r.rotate(from, string(m.Key), addressOf(m.Key), signerOf(m.Key, m.Proof, staking.ProveConsensusKey))
	case dao.Delegate:
		return r.giveTo(from, m.To)
	case dao.Propose:
		return r.propose(from, dao.ProposalID(network, from, nonce), m)
	case dao.Vote:
		return r.vote(from, m.Proposal, m.Choice)
	case heartbeat.Register:
		return r.register(from)
	case heartbeat.Leave:
		return r.leave(from)
	case heartbeat.Pulse:
		return r.pulse(from, m.Interval, m.BlockHeight, m.BlockHash)
	case shardreg.RegisterProvider:
		return r.provide(from, m.Capacity)
	case shardreg.Deregister:
		return r.deregister(from)
	case shardreg.Register:
		return r.enlist(from, m)
	case shardreg.Unregister:
		return r.delist(from, m.Manifest)
	case shardreg.Announce:
		return r.announce(from, m)
	case shardreg.Withdraw:
		return r.unannounce(from, m.Manifest)
	case shardreg.AnswerAudit:
		return r.answerAudit(from, m.Audit, len(m.Chunk) > 1)
	default:
		return r.runWork(from, nonce, msg)
	}
}

func (r *ref) runWork(from who, nonce uint64, msg ledger.Msg) bool {
	switch m := msg.(type) {
	case project.Create:
		return r.create(from, ledger.ProjectID(network, from, nonce), m)
	case project.Fund:
		return r.fund(from, m.Project, uint64(m.Amount))
	case project.Refund:
		return r.refund(from, m.Project)
	case project.PublishModel:
		return r.publish(from, m.Project, m.Manifest)
	case project.Mature:
		return r.mature(from, m.Project)
	case project.Deploy:
		return r.deploy(from, m.Project, m.Version)
	case project.Pause:
		return r.pause(from, m.Project)
	case project.Resume:
		return r.resume(from, m.Project)
	case project.SetPrice:
		return r.setPrice(from, m.Project, uint64(m.Price), m.Tiers)
	case project.Order:
		return r.order(from, project.OrderID(network, from, nonce), m)
	case project.Deliver:
		return r.output(from, m.Order)
	case project.Reject:
		return r.reject(from, m.Order)
	case project.Withdraw:
		return r.withdraw(from, m.Project)
	case task.Propose:
		return r.proposeTask(from, ledger.TaskID(network, from, nonce), m)
	case task.Open:
		return r.openTask(from, m.Task)
	case task.Claim:
		return r.claim(from, m.Task, m.Slot)
	case task.Checkpoint:
		return r.checkpoint(from, m.Task, uint64(m.Step))
	case task.Commit:
		return r.commitTo(from, m.Task)
	case task.RevealTruth:
		return r.lie(from, m.Task)
	default:
		panic(fmt.Sprintf("the model does not know %s", msg.Kind()))
	}
}

// signerOf finds for which of the cast a one-use key signed.
func signerOf(key, sig []byte, sign func(priv ed25519.PrivateKey, network string, account who) []byte) who {
	for n := range modelKeys {
		if priv := ledgertest.Key(800 + n); string(priv[32:]) == string(key) {
			for i := range castSize {
				if string(sign(priv, network, acct(i))) == string(sig) {
					return acct(i)
				}
			}
		}
	}
	return ""
}
