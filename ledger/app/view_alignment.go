package app

import (
	"autonet/ledger"
	"autonet/ledger/alignment"
)

// CapabilityInfo is a capability with its reward multiplier.
type CapabilityInfo struct {
	alignment.Capability
	Multiplier uint64 `json:"multiplier"` // per mille
}

// Communities returns every community with published standards in ascending order of name.
func (v View) Communities() []alignment.Community {
	var communities []alignment.Community
	v.app.alignment.Communities(v.kv, func(c alignment.Community) bool {
		communities = append(communities, c)
		return true
	})
	return communities
}

// Community returns a community.
func (v View) Community(name string) (alignment.Community, bool) {
	return v.app.alignment.Community(v.kv, name)
}

// CommunityStandards returns one version of a community's standards; version 0 is the newest.
func (v View) CommunityStandards(name string, version uint64) (alignment.Standards, bool) {
	if version == 0 {
		c, _ := v.app.alignment.Community(v.kv, name)
		version = c.Versions
	}
	return v.app.alignment.Standards(v.kv, name, version)
}

// Membership returns the community an account joined; empty: the default jurisdiction applies.
func (v View) Membership(account ledger.Account) string {
	return v.app.alignment.Membership(v.kv, account)
}

// Values returns what an account said it stands for.
func (v View) Values(account ledger.Account) (alignment.Values, bool) {
	return v.app.alignment.Values(v.kv, account)
}

// AlignmentQuote prices an order with every reason. The base price is the caller's: see [View.Quote] for a project's own.
func (v View) AlignmentQuote(query alignment.Query) (alignment.Quote, error) {
	return v.app.alignment.Quote(v.context(query.User), v.kv, query)
}

// PriceReasons is [View.Quote] with every reason.
func (v View) PriceReasons(payer ledger.Account, id string, units uint64, text string) (alignment.Quote, error) {
	price, err := v.Quote(payer, id, units, text)
	if err != nil {
		return alignment.Quote{}, err
	}
	return v.AlignmentQuote(alignment.Query{User: payer, Project: id, Base: price.Base, Units: units, Text: text})
}

// StandardsPrice returns what publishing a text as standards costs now, and its closeness to the network; 65535 = 1.
func (v View) StandardsPrice(text string) (price ledger.Natn, closeness uint16, err error) {
	return v.app.alignment.StandardsPrice(v.Params(), v.kv, text)
}

// SubsidyPool returns the subsidy pool.
func (v View) SubsidyPool() alignment.Pool { return v.app.alignment.Pool(v.kv) }

// Capabilities returns every capability the network prices, in ascending order of name.
func (v View) Capabilities() []CapabilityInfo {
	var all []CapabilityInfo
	p := v.Params()
	v.app.alignment.Capabilities(v.kv, func(c alignment.Capability) bool {
		all = append(all, CapabilityInfo{Capability: c, Multiplier: v.app.alignment.Multiplier(p, v.kv, c.Name)})
		return true
	})
	return all
}

// JudgeRounds returns the rounds of judges that have not ended, in ascending order of ID.
func (v View) JudgeRounds() []alignment.Round {
	var rounds []alignment.Round
	v.app.alignment.Rounds(v.kv, func(r alignment.Round) bool {
		rounds = append(rounds, r)
		return true
	})
	return rounds
}

// TextVerdict returns the judges' verdict on a text under a version of standards; version 0 is a jurisdiction.
func (v View) TextVerdict(text, community string, version uint64) (alignment.Verdict, bool) {
	return v.app.alignment.Verdict(v.kv, alignment.TextHash(text), community, version)
}
