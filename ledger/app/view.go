package app

import (
	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/heartbeat"
	"autonet/ledger/project"
	"autonet/ledger/rewards"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// View is typed reading of one state. It is as consistent, and lives as long, as the KV it was made over.
type View struct {
	app *App
	kv  ledger.KV
}

// View returns the reads of a state.
func (a *App) View(kv ledger.KV) View { return View{app: a, kv: kv} }

// LastBlock is the newest block the state remembers, and the one a pulse should name.
type LastBlock = heartbeat.Block

// AccountInfo is an account and what it has.
type AccountInfo struct {
	Account   ledger.Account `json:"account"`
	Balance   ledger.Natn    `json:"balance"`
	Nonce     uint64         `json:"nonce"`
	Bonded    ledger.Natn    `json:"bonded"` // of all roles
	Unbonding ledger.Natn    `json:"unbonding"`
	Governor  bool           `json:"governor"`
	Stakes    []StakeInfo    `json:"stakes,omitempty"`
}

// StakeInfo is an account's stake in one role.
type StakeInfo struct {
	Role      ledger.Role `json:"role"`
	Bonded    ledger.Natn `json:"bonded"`
	Unbonding ledger.Natn `json:"unbonding"`
	Locked    ledger.Natn `json:"locked"`
	Active    bool        `json:"active"`
	MinStake  ledger.Natn `json:"min_stake"`
}

// ProviderInfo is a provider and whether its stake makes it active.
type ProviderInfo struct {
	shardreg.Provider
	Active bool `json:"active"`
}

// GovernorInfo is a governor with its power.
type GovernorInfo struct {
	Account  ledger.Account `json:"account"`
	Power    ledger.Natn    `json:"power"`
	Interval uint64         `json:"interval"` // of its last pulse
	Since    int64          `json:"since"`    // height
}

// ValidatorInfo is a member of the validator set.
type ValidatorInfo struct {
	Account ledger.Account `json:"account"`
	ConsKey []byte         `json:"cons_key"`
	Power   int64          `json:"power"`
	Bonded  ledger.Natn    `json:"bonded"`
}

// Params returns the numbers in force; the zero value before genesis.
func (v View) Params() ledger.Params {
	p, err := params(v.kv)
	if err != nil {
		return ledger.Params{}
	}
	return p
}

// Balance returns what an account can spend of a denomination: nano-ATN for "ATN", whole tokens for a project ID.
func (v View) Balance(account ledger.Account, denom string) uint64 {
	return v.app.bank.Balance(v.kv, account, denom)
}

// Nonce returns the nonce of an account's next transaction.
func (v View) Nonce(account ledger.Account) uint64 {
	record, _ := v.app.bank.Account(v.kv, account)
	return record.Nonce
}

// Account returns what an account has; the second result says whether the ledger knows it.
func (v View) Account(account ledger.Account) (AccountInfo, bool) {
	record, banked := v.app.bank.Account(v.kv, account)
	staked, bonded := v.app.staking.Record(v.kv, account)
	_, governor := v.app.heartbeat.Governor(v.kv, account)
	info := AccountInfo{
		Account: account, Balance: record.Balance, Nonce: record.Nonce, Bonded: staked.Power(), Governor: governor,
		Stakes: v.stakes(staked),
	}
	for _, s := range info.Stakes {
		info.Unbonding += s.Unbonding
	}
	return info, banked || bonded
}

// Accounts returns every account in ascending order. Every account with a stake has a record at the bank too: genesis and
// bonding both open one.
func (v View) Accounts() []AccountInfo {
	var accounts []AccountInfo
	v.app.bank.Accounts(v.kv, func(account ledger.Account, _ bank.Account) bool {
		info, _ := v.Account(account)
		accounts = append(accounts, info)
		return true
	})
	return accounts
}

// Stake returns an account's stakes, in the order of the roles, leaving out those without any.
func (v View) Stake(account ledger.Account) []StakeInfo {
	record, _ := v.app.staking.Record(v.kv, account)
	return v.stakes(record)
}

func (v View) stakes(record staking.Record) []StakeInfo {
	if record.Stakes == (staking.Record{}).Stakes {
		return nil
	}
	p := v.Params()
	var out []StakeInfo
	for _, role := range ledger.Roles() {
		s := record.Of(role)
		if s == (staking.Stake{}) {
			continue
		}
		out = append(out, StakeInfo{
			Role: role, Bonded: s.Bonded, Unbonding: s.Unbonding, Locked: s.Locked,
			Active: record.Active(p, role), MinStake: p.Role(role).MinStake,
		})
	}
	return out
}

// Unbonding returns an account's stake on its way out, oldest first.
func (v View) Unbonding(account ledger.Account) []staking.Entry {
	var entries []staking.Entry
	v.app.staking.Entries(v.kv, account, func(_ uint64, e staking.Entry) bool {
		entries = append(entries, e)
		return true
	})
	return entries
}

// Locks returns what tasks and disputes hold of an account's stake.
func (v View) Locks(account ledger.Account) []staking.Lock {
	var locks []staking.Lock
	v.app.staking.Locks(v.kv, account, func(l staking.Lock) bool {
		locks = append(locks, l)
		return true
	})
	return locks
}

// IsActive reports whether an account has a role's minimum stake bonded.
func (v View) IsActive(account ledger.Account, role ledger.Role) bool {
	record, _ := v.app.staking.Record(v.kv, account)
	return record.Active(v.Params(), role)
}

// SaltHead returns the head of an account's salt chain; zero when there is none.
func (v View) SaltHead(account ledger.Account) ledger.Hash {
	return v.app.staking.SaltHead(v.kv, account)
}

// Validators returns the validator set in ascending account order.
func (v View) Validators() []ValidatorInfo {
	var set []ValidatorInfo
	v.app.staking.Validators(v.kv, func(account ledger.Account, m staking.Member) bool {
		record, _ := v.app.staking.Record(v.kv, account)
		set = append(set, ValidatorInfo{
			Account: account, ConsKey: m.ConsKey, Power: m.Power, Bonded: record.Of(ledger.RoleValidator).Bonded,
		})
		return true
	})
	return set
}

// Project returns a project.
func (v View) Project(id string) (project.Project, bool) { return v.app.project.Project(v.kv, id) }

// Projects returns every project in ascending order of ID.
func (v View) Projects() []project.Project {
	var projects []project.Project
	v.app.project.Projects(v.kv, func(p project.Project) bool {
		projects = append(projects, p)
		return true
	})
	return projects
}

// Versions returns a project's model versions, oldest first.
func (v View) Versions(id string) []project.Version {
	var versions []project.Version
	v.app.project.Versions(v.kv, id, func(version project.Version) bool {
		versions = append(versions, version)
		return true
	})
	return versions
}

// Version returns one model version of a project.
func (v View) Version(id string, version uint64) (project.Version, bool) {
	return v.app.project.Version(v.kv, id, version)
}

// Token returns a project token's record.
func (v View) Token(denom string) (bank.Token, bool) { return v.app.bank.Token(v.kv, denom) }

// TokenHolders returns the holders of a project token in ascending account order.
func (v View) TokenHolders(denom string) []bank.Holding {
	var holders []bank.Holding
	v.app.bank.Holders(v.kv, denom, func(h bank.Holding) bool {
		holders = append(holders, h)
		return true
	})
	return holders
}

// Task returns a task with its revealed solutions.
func (v View) Task(id string) (task.Task, bool) { return v.app.task.Task(v.kv, id) }

// Tasks returns every task in ascending order of ID.
func (v View) Tasks() []task.Task { return v.app.task.Tasks(v.kv) }

// Opening returns the step hashes of an interval that a solver opened; nil if it did not.
func (v View) Opening(id string, solver ledger.Account, interval uint32) []ledger.Hash {
	return v.app.task.Opening(v.kv, id, solver, interval)
}

// Votes returns every member's part in a task in ascending account order.
func (v View) Votes(id string) []rewards.Record { return v.app.rewards.Votes(v.kv, id) }

// Provider returns a provider.
func (v View) Provider(account ledger.Account) (ProviderInfo, bool) {
	p, ok := v.app.shardreg.Provider(v.kv, account)
	return ProviderInfo{Provider: p, Active: v.IsActive(account, ledger.RoleProvider)}, ok
}

// Providers returns every provider in ascending account order.
func (v View) Providers() []ProviderInfo {
	var providers []ProviderInfo
	v.app.shardreg.Providers(v.kv, func(p shardreg.Provider) bool {
		providers = append(providers, ProviderInfo{Provider: p, Active: v.IsActive(p.Account, ledger.RoleProvider)})
		return true
	})
	return providers
}

// Heartbeat returns the last heartbeat; its Count is 0 when there was none yet.
func (v View) Heartbeat() heartbeat.Beat { return v.app.heartbeat.Beat(v.kv) }

// LeaseLive reports whether the ledger allows work at a ledger time.
func (v View) LeaseLive(timeMS int64) bool {
	return v.app.heartbeat.LeaseLive(v.Params(), v.kv, timeMS)
}

// WorkClock returns the work clock as last recorded.
func (v View) WorkClock() heartbeat.Clock { return v.app.heartbeat.Clock(v.kv) }

// LastBlock returns the newest block the state remembers; its Height is 0 before the first.
func (v View) LastBlock() LastBlock { return v.app.heartbeat.Last(v.kv) }

// Governor reports whether an account is in the register of governors.
func (v View) Governor(account ledger.Account) bool {
	_, ok := v.app.heartbeat.Governor(v.kv, account)
	return ok
}

// Governors returns the register of governors in ascending account order.
func (v View) Governors() []GovernorInfo {
	var governors []GovernorInfo
	v.app.heartbeat.Governors(v.kv, func(account ledger.Account, g heartbeat.Governor) bool {
		governors = append(governors, GovernorInfo{
			Account: account, Power: v.app.dao.Power(v.kv, account), Interval: g.Interval, Since: g.Since,
		})
		return true
	})
	return governors
}

// Supply counts every pot one by one and reports whether they add up.
func (v View) Supply() SupplyReport {
	t := v.app.bank.Totals(v.kv)
	report := SupplyReport{
		Total: t.Supply, Burned: t.Burned, Balances: t.Balances, Stakes: t.Stakes, Unbonding: t.Unbonding,
		Escrows: t.Escrows, Projects: t.Projects, Grants: t.Grants, Traps: t.Traps, Subsidies: t.Subsidies,
		Revenues: t.Revenues, Orders: t.Orders, Treasury: t.Treasury, Conserved: true,
	}
	if err := v.app.recount(v.kv); err != nil {
		report.Conserved, report.Breach = false, err.Error()
	}
	return report
}
