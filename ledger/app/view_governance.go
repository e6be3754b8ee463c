package app

import (
	"slices"

	"autonet/ledger"
	"autonet/ledger/constitution"
	"autonet/ledger/dao"
)

// PowerInfo is an account's part in governance.
type PowerInfo struct {
	Account ledger.Account `json:"account"`
	Power   ledger.Natn    `json:"power"` // what it decides with
	dao.Standing
}

// ProposalBallot is one account's vote on a proposal.
type ProposalBallot struct {
	Account ledger.Account `json:"account"`
	dao.Ballot
}

// AmendmentSignature is one account's signature under an amendment.
type AmendmentSignature struct {
	Account ledger.Account `json:"account"`
	constitution.Signature
}

// NoticeInfo is a notice and to whom it was given.
type NoticeInfo struct {
	Account ledger.Account `json:"account"`
	constitution.Given
}

// EvaluatorInfo is one evaluator's part in a matter.
type EvaluatorInfo struct {
	Account ledger.Account        `json:"account"`
	Weight  ledger.Natn           `json:"weight"`
	Verdict *constitution.Verdict `json:"verdict,omitempty"` // once revealed
}

// ProtocolInfo is the version of the rules in force and who is ready for the next.
type ProtocolInfo struct {
	dao.Protocol
	Known    uint64           `json:"known"` // newest version that this software knows
	Ready    uint64           `json:"ready"` // power of the validators that signalled for the next
	Power    uint64           `json:"power"` // of all validators
	Signals  []ledger.Account `json:"signals,omitempty"`
	Versions []dao.Protocol   `json:"versions"`
}

// Power returns an account's part in governance; the second result says whether governance knows it.
func (v View) Power(account ledger.Account) (PowerInfo, bool) {
	s, ok := v.app.dao.Standing(v.kv, account)
	return PowerInfo{Account: account, Power: v.app.dao.Power(v.kv, account), Standing: s}, ok
}

// PowerAt returns an account's governance power at the end of a height of the last 200 days.
func (v View) PowerAt(account ledger.Account, height int64) ledger.Natn {
	return v.app.dao.PowerAt(v.kv, account, height)
}

// TotalPower returns all governance power.
func (v View) TotalPower() ledger.Natn { return v.app.dao.Total(v.kv) }

// TotalPowerAt returns all governance power at the end of a height of the last 200 days.
func (v View) TotalPowerAt(height int64) ledger.Natn { return v.app.dao.TotalAt(v.kv, height) }

// Powers returns the part of every account that governance knows, in ascending account order: delegations are those with a
// delegate.
func (v View) Powers() []PowerInfo {
	var list []PowerInfo
	v.app.dao.Standings(v.kv, func(account ledger.Account, s dao.Standing) bool {
		list = append(list, PowerInfo{Account: account, Power: s.Power(), Standing: s})
		return true
	})
	return list
}

// Proposal returns a proposal.
func (v View) Proposal(id string) (dao.Proposal, bool) { return v.app.dao.Proposal(v.kv, id) }

// Proposals returns every proposal there ever was, oldest first.
func (v View) Proposals() []dao.Proposal {
	var list []dao.Proposal
	v.app.dao.Proposals(v.kv, func(p dao.Proposal) bool {
		list = append(list, p)
		return true
	})
	slices.SortStableFunc(list, func(a, b dao.Proposal) int { return int(a.Height - b.Height) })
	return list
}

// Ballots returns the votes on a proposal in ascending account order.
func (v View) Ballots(id string) []ProposalBallot {
	var list []ProposalBallot
	v.app.dao.Ballots(v.kv, id, func(account ledger.Account, b dao.Ballot) bool {
		list = append(list, ProposalBallot{Account: account, Ballot: b})
		return true
	})
	return list
}

// ParamsVersion is the version of the numbers in force.
func (v View) ParamsVersion() uint64 { return v.app.dao.Latest(v.kv) }

// ParamsHistory returns every version of the numbers, oldest first.
func (v View) ParamsHistory() []dao.ParamsVersion {
	var list []dao.ParamsVersion
	v.app.dao.History(v.kv, func(version dao.ParamsVersion) bool {
		list = append(list, version)
		return true
	})
	return list
}

// Protocol returns the version of the rules in force and who is ready for the next.
func (v View) Protocol() ProtocolInfo {
	info := ProtocolInfo{Protocol: v.app.dao.Protocol(v.kv), Known: ProtocolVersion}
	info.Ready, info.Power = v.app.dao.Ready(v.kv)
	v.app.dao.Signals(v.kv, func(account ledger.Account) bool {
		info.Signals = append(info.Signals, account)
		return true
	})
	v.app.dao.Protocols(v.kv, func(p dao.Protocol) bool {
		info.Versions = append(info.Versions, p)
		return true
	})
	return info
}

// Amendment returns an amendment.
func (v View) Amendment(id string) (constitution.Amendment, bool) {
	return v.app.constitution.Amendment(v.kv, id)
}

// Amendments returns every amendment there ever was, oldest first.
func (v View) Amendments() []constitution.Amendment {
	var list []constitution.Amendment
	v.app.constitution.Amendments(v.kv, func(a constitution.Amendment) bool {
		list = append(list, a)
		return true
	})
	slices.SortStableFunc(list, func(a, b constitution.Amendment) int { return int(a.Height - b.Height) })
	return list
}

// Signatures returns who signed an amendment in ascending account order.
func (v View) Signatures(id string) []AmendmentSignature {
	var list []AmendmentSignature
	v.app.constitution.Signatures(v.kv, id, func(account ledger.Account, s constitution.Signature) bool {
		list = append(list, AmendmentSignature{Account: account, Signature: s})
		return true
	})
	return list
}

// Principles returns the seven principles in order.
func (View) Principles() []constitution.Principle { return constitution.Principles() }

// Jurisdictions returns every jurisdiction in ascending order.
func (v View) Jurisdictions() []constitution.Jurisdiction {
	var list []constitution.Jurisdiction
	v.app.constitution.Jurisdictions(v.kv, func(j constitution.Jurisdiction) bool {
		list = append(list, j)
		return true
	})
	return list
}

// Standards returns the standards of a jurisdiction in ascending order of number.
func (v View) Standards(jurisdiction string) []constitution.Standard {
	var list []constitution.Standard
	v.app.constitution.Standards(v.kv, jurisdiction, func(s constitution.Standard) bool {
		list = append(list, s)
		return true
	})
	return list
}

// StandardsHistory returns every version of every standard a jurisdiction ever had, by number and then by version.
func (v View) StandardsHistory(jurisdiction string) []constitution.Standard {
	var list []constitution.Standard
	v.app.constitution.Past(v.kv, jurisdiction, func(s constitution.Standard) bool {
		list = append(list, s)
		return true
	})
	return list
}

// Notices returns the accounts that were given notice and have not signed since, in ascending account order.
func (v View) Notices() []NoticeInfo {
	var list []NoticeInfo
	v.app.constitution.Notices(v.kv, func(account ledger.Account, g constitution.Given) bool {
		list = append(list, NoticeInfo{Account: account, Given: g})
		return true
	})
	return list
}

// Matter returns the evaluation of a proposal or an amendment; false when it is not judged by evaluators.
func (v View) Matter(id string) (constitution.Matter, bool) {
	return v.app.constitution.Matter(v.kv, id)
}

// Evaluators returns the evaluators of a proposal or an amendment in ascending account order.
func (v View) Evaluators(id string) []EvaluatorInfo {
	var list []EvaluatorInfo
	v.app.constitution.Evaluations(v.kv, id, func(account ledger.Account, e constitution.Evaluation) bool {
		info := EvaluatorInfo{Account: account, Weight: e.Weight}
		if verdict, err := constitution.DecodeVerdict(e.Doc); err == nil {
			info.Verdict = &verdict
		}
		list = append(list, info)
		return true
	})
	return list
}
