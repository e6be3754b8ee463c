package dao

import (
	"bytes"
	"fmt"

	"autonet/ledger"
)

// Ports are what the module needs of others.
type Ports struct {
	Treasury   Treasury
	Validators Validators
	Evaluators Evaluators
}

// Keeper is the module's rules. It holds its ports and no state.
type Keeper struct {
	ports Ports
}

// New returns the keeper over its ports.
func New(ports Ports) Keeper { return Keeper{ports: ports} }

func proposalKey(id string) []byte { return ledger.Key("dao", "o", id) }

// openKey indexes the proposals that are not over and wait for no height.
func openKey(id string) []byte { return ledger.Key("dao", "live", id) }

func scheduledKey(height int64, id string) []byte {
	return ledger.Key("dao", "u", fmt.Sprintf("%016x", height), id)
}

func ballotKey(id string, account ledger.Account) []byte {
	return ledger.Key("dao", "v", id, string(account))
}

// Genesis puts the first numbers and the first protocol version in force.
func (k Keeper) Genesis(ctx *ledger.Context, kv ledger.KV) {
	k.adopt(ctx, kv, ctx.Params, "")
	first := Protocol{Version: 1}
	ledger.Save(kv, protocolKey(), first)
	ledger.Save(kv, raisedKey(1), first)
}

// Proposal returns a proposal.
func (Keeper) Proposal(kv ledger.KV, id string) (Proposal, bool) {
	return ledger.Load[Proposal](kv, proposalKey(id))
}

// Proposals visits every proposal there ever was in ascending order of ID until fn returns false.
func (Keeper) Proposals(kv ledger.KV, fn func(Proposal) bool) {
	kv.Iterate(proposalKey(""), func(key, value []byte) bool {
		var p Proposal
		ledger.DecodeRecord(key, value, &p)
		return fn(p)
	})
}

// Ballots visits the votes on a proposal in ascending account order until fn returns false.
func (Keeper) Ballots(kv ledger.KV, id string, fn func(account ledger.Account, b Ballot) bool) {
	prefix := ballotKey(id, "")
	kv.Iterate(prefix, func(key, value []byte) bool {
		var b Ballot
		ledger.DecodeRecord(key, value, &b)
		return fn(ledger.Account(key[len(prefix):]), b)
	})
}

// open loads the proposals that are on their way, in ascending order of ID. There are at most MaxOpen.
func (k Keeper) open(kv ledger.KV) []Proposal {
	prefix := openKey("")
	var list []Proposal
	kv.Iterate(prefix, func(key, _ []byte) bool {
		p, ok := k.Proposal(kv, string(key[len(prefix):]))
		if !ok {
			panic(fmt.Sprintf("dao: the index names a proposal %q that does not exist", key))
		}
		list = append(list, p)
		return true
	})
	return list
}

// Propose executes the message.
func (k Keeper) Propose(ctx *ledger.Context, kv ledger.KV, m Propose) error {
	all, own := k.open(kv), 0
	for _, p := range all {
		if p.Proposer == ctx.Sender {
			own++
		}
	}
	if own >= MaxOwn {
		return ledger.Refuse(ledger.CodeRefused, "propose: the sender has %d proposals on their way; wait for one to end", own)
	}
	needed := ctx.Params.Governance.ProposePower * ledger.Natn(own+1)
	if power := k.Power(kv, ctx.Sender); power < needed {
		return ledger.Refuse(ledger.CodeFunds, "propose: the sender's governance power is %s; %s are needed for proposal number %d on its way", power, needed, own+1)
	}
	if err := k.sensible(ctx, kv, m); err != nil {
		return err
	}
	if len(all) >= MaxOpen {
		if err := k.displace(ctx, kv, all); err != nil {
			return err
		}
	}
	p := Proposal{
		ID: ProposalID(ctx.Network, ctx.Sender, ctx.Nonce), Proposer: ctx.Sender,
		Title: m.Title, Text: m.Text, Values: m.Values, Changes: m.Changes, Grant: m.Grant, Upgrade: m.Upgrade,
		State: StateDelay, Height: ctx.Height, MadeMS: ctx.TimeMS, OpensMS: ctx.TimeMS + ctx.Params.Governance.DelayMS,
	}
	if m.Values {
		p.State = StateEvaluation
		k.ports.Evaluators.Judge(ctx, kv, p.ID, p.Text)
	}
	ledger.Save(kv, proposalKey(p.ID), p)
	kv.Set(openKey(p.ID), []byte{1})
	ctx.Emit(Proposed{Proposal: p.ID, Proposer: p.Proposer, Title: p.Title, Text: p.Text, Values: p.Values})
	return nil
}

// displace ends the proposal with the least power behind it, its proposer's or that of its voters, if the sender has more: a
// full table must not keep out whom many trust.
func (k Keeper) displace(ctx *ledger.Context, kv ledger.KV, all []Proposal) error {
	var victim Proposal
	least := k.Power(kv, ctx.Sender)
	for _, p := range all {
		behind := max(k.Power(kv, p.Proposer), p.Yes+p.No+p.Abstain)
		if p.State != StateTimelock && behind < least {
			victim, least = p, behind
		}
	}
	if victim.ID == "" {
		return ledger.Refuse(ledger.CodeRefused, "propose: %d proposals are on their way, each with as much power behind it; wait for one to end", len(all))
	}
	victim.State, victim.Reason, victim.EndHeight = StateLapsed, "displaced by a proposal with more power behind it", ctx.Height
	kv.Delete(openKey(victim.ID))
	ledger.Save(kv, proposalKey(victim.ID), victim)
	ctx.Emit(moved(victim))
	return nil
}

// sensible refuses early what could not be executed as things stand.
func (k Keeper) sensible(ctx *ledger.Context, kv ledger.KV, m Propose) error {
	if len(m.Changes) > 0 {
		if _, err := ctx.Params.With(m.Changes); err != nil {
			return fmt.Errorf("propose: %w", err)
		}
	}
	if held := k.ports.Treasury.Balance(kv); m.Grant.Amount > held {
		return ledger.Refuse(ledger.CodeFunds, "propose: the treasury holds %s, %s are asked", held, m.Grant.Amount)
	}
	if m.Upgrade == (Upgrade{}) {
		return nil
	}
	if next := k.Protocol(kv).Version + 1; m.Upgrade.Version != next {
		return ledger.Refuse(ledger.CodeRefused, "propose: the next protocol version is %d, not %d", next, m.Upgrade.Version)
	}
	if m.Upgrade.Height <= ctx.Height || m.Upgrade.Height > ctx.Height+MaxAhead {
		return ledger.Refuse(ledger.CodeRefused, "propose: height %d must lie between 1 and %d ahead of this one, %d", m.Upgrade.Height, MaxAhead, ctx.Height)
	}
	return nil
}

// Vote executes the message.
func (k Keeper) Vote(ctx *ledger.Context, kv ledger.KV, m Vote) error {
	p, ok := k.Proposal(kv, m.Proposal)
	switch {
	case !ok:
		return ledger.Refuse(ledger.CodeNotFound, "vote: there is no proposal %s", m.Proposal)
	case p.State == StateEvaluation || p.State == StateDelay:
		return ledger.Refuse(ledger.CodeEarly, "vote: the vote has not opened; the proposal is in its %s", p.State)
	case p.State != StateVoting || ctx.TimeMS >= p.ClosesMS:
		return ledger.Refuse(ledger.CodeLate, "vote: the vote is closed")
	}
	key := ballotKey(p.ID, ctx.Sender)
	if kv.Get(key) != nil {
		return ledger.Refuse(ledger.CodeRefused, "vote: the sender has voted")
	}
	power := k.PowerAt(kv, ctx.Sender, p.Snapshot)
	if power == 0 {
		return ledger.Refuse(ledger.CodeRefused, "vote: the sender had no governance power of its own when the vote opened, at height %d", p.Snapshot)
	}
	switch m.Choice {
	case Yes:
		p.Yes += power // at most the power of all
	case No:
		p.No += power
	case Abstain:
		p.Abstain += power
	}
	p.Voters++
	ledger.Save(kv, key, Ballot{Choice: m.Choice, Power: power, Height: ctx.Height})
	ledger.Save(kv, proposalKey(p.ID), p)
	ctx.Emit(Voted{Proposal: p.ID, Account: ctx.Sender, Choice: m.Choice, Power: power})
	return nil
}

// Begin moves every proposal as far as it goes. It runs at the beginning of a block, before anything reads the numbers: what
// it decides is in force for the whole block, and the power a vote counts is that of the block before.
func (k Keeper) Begin(ctx *ledger.Context, kv ledger.KV) error {
	if err := k.raise(ctx, kv); err != nil {
		return err
	}
	held := map[ledger.Account]ledger.Natn{}
	for _, p := range k.open(kv) {
		before := p.State
		if err := k.step(ctx, kv, &p, held); err != nil {
			return fmt.Errorf("proposal %s: %w", p.ID, err)
		}
		if p.State == before {
			continue
		}
		if p.State.Over() {
			p.EndHeight = ctx.Height
		}
		if p.State.Over() || p.State == StateScheduled {
			kv.Delete(openKey(p.ID))
		}
		ledger.Save(kv, proposalKey(p.ID), p)
		if p.State != StateVoting {
			ctx.Emit(moved(p))
		}
	}
	return nil
}

func moved(p Proposal) Moved {
	return Moved{
		Proposal: p.ID, State: p.State, Reason: p.Reason, Yes: p.Yes, No: p.No, Abstain: p.Abstain, Power: p.Power,
	}
}

// step moves one proposal by one state at most. held is the power that a proposer's other proposals need.
func (k Keeper) step(ctx *ledger.Context, kv ledger.KV, p *Proposal, held map[ledger.Account]ledger.Natn) error {
	if p.State != StateTimelock {
		held[p.Proposer] += ctx.Params.Governance.ProposePower
		if power := k.Power(kv, p.Proposer); power < held[p.Proposer] {
			held[p.Proposer] -= ctx.Params.Governance.ProposePower
			p.State, p.Reason = StateLapsed, fmt.Sprintf("the proposer's power fell to %s before the vote closed", power)
			return nil
		}
	}
	switch p.State {
	case StateEvaluation:
		k.judged(ctx, kv, p)
	case StateDelay:
		if ctx.TimeMS >= p.OpensMS {
			k.openVote(ctx, kv, p)
		}
	case StateVoting:
		if ctx.TimeMS >= p.ClosesMS {
			k.tally(ctx, p)
		}
	case StateTimelock:
		if ctx.TimeMS >= p.ExecuteMS {
			return k.execute(ctx, kv, p)
		}
	case StateScheduled, StateExecuted, StateRejected, StateLapsed, StateFailed: // none of them is open
	}
	return nil
}

func (k Keeper) judged(ctx *ledger.Context, kv ledger.KV, p *Proposal) {
	done, proceed, reason := k.ports.Evaluators.Judged(kv, p.ID)
	switch {
	case !done:
	case proceed:
		p.State, p.OpensMS = StateDelay, max(p.OpensMS, ctx.TimeMS)
	default:
		p.State, p.Reason = StateRejected, reason
	}
}

func (k Keeper) openVote(ctx *ledger.Context, kv ledger.KV, p *Proposal) {
	p.State, p.Snapshot = StateVoting, ctx.Height-1
	p.ClosesMS = ctx.TimeMS + ctx.Params.Governance.VoteMS
	p.Power = k.TotalAt(kv, p.Snapshot)
	ctx.Emit(Opened{Proposal: p.ID, Snapshot: p.Snapshot, Power: p.Power, ClosesMS: p.ClosesMS})
}

// tally closes a vote. Abstentions count for the quorum alone.
func (Keeper) tally(ctx *ledger.Context, p *Proposal) {
	g := ctx.Params.Governance
	voted, decided := p.Yes+p.No+p.Abstain, p.Yes+p.No
	switch {
	case !g.Quorum.Reached(voted, p.Power):
		p.State, p.Reason = StateRejected, fmt.Sprintf("%s of %s voted: the quorum is %s", voted, p.Power, g.Quorum)
	case !g.Majority.Exceeded(p.Yes, decided):
		p.State, p.Reason = StateRejected, fmt.Sprintf("%s for it of %s: more than %s is needed", p.Yes, decided, g.Majority)
	default:
		p.State, p.ExecuteMS = StateTimelock, ctx.TimeMS+g.TimelockMS
	}
}

// scheduledBy is the key of the first upgrade whose height has come; nil if there is none.
func scheduledBy(kv ledger.KV, height int64) (id string) {
	prefix := ledger.Key("dao", "u", "")
	until := fmt.Sprintf("%016x", height)
	kv.Iterate(prefix, func(key, _ []byte) bool {
		at, name, _ := bytes.Cut(key[len(prefix):], []byte("/"))
		if string(at) <= until {
			id = string(name)
		}
		return false
	})
	return id
}
