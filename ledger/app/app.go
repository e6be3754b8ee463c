package app

import (
	"fmt"

	"autonet/ledger"
	"autonet/ledger/alignment"
	"autonet/ledger/bank"
	"autonet/ledger/constitution"
	"autonet/ledger/dao"
	"autonet/ledger/dispute"
	"autonet/ledger/forcederror"
	"autonet/ledger/heartbeat"
	"autonet/ledger/project"
	"autonet/ledger/rewards"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// App is the state machine: the modules joined to each other. It holds no state and may be used on several stores.
type App struct {
	bank         bank.Keeper
	staking      staking.Keeper
	project      project.Keeper
	shardreg     shardreg.Keeper
	heartbeat    heartbeat.Keeper
	dao          dao.Keeper
	constitution constitution.Keeper
	alignment    alignment.Keeper
	task         task.Keeper
	rewards      rewards.Keeper
	forcederror  forcederror.Keeper
	dispute      dispute.Keeper
	routes       map[string]route
}

// New joins the modules.
func New() *App {
	a := &App{}
	stakes := stakePort{a}
	a.bank = bank.New().WithHolders(holdersPort{a})
	a.staking = staking.New(bankPort{a}, powerPort{a})
	a.project = a.newProject()
	a.shardreg = shardreg.New(stakes)
	a.constitution = a.newConstitution()
	a.dao = a.newDAO()
	a.alignment = a.newAlignment()
	a.heartbeat = heartbeat.New(a.dao)
	a.task = task.New(task.Ports{
		Budget: budgetPort{a}, Bank: creditPort{a}, Stakes: taskStakes{stakes},
		Votes: votesPort{a}, Disputes: disputesPort{a}, Providers: providersPort{a},
	})
	a.rewards = rewards.New(rewards.Ports{
		Tasks: rewardsTasks{a}, Disputes: disputesPort{a}, Stakes: rewardsStakes{stakes}, Traps: trapsPort{a},
	})
	a.forcederror = a.newForcedError()
	a.dispute = dispute.New(dispute.Ports{
		Tasks: disputeTasks{a}, Stakes: disputeStakes{stakes}, Bank: disputeBank{a}, Governance: disputeGovernance{a},
	})
	a.routes = a.table()
	return a
}

func paramsKey() []byte { return dao.ParamsKey() }

// params reads the numbers in force.
func params(kv ledger.KV) (ledger.Params, error) {
	p, ok := ledger.Load[ledger.Params](kv, paramsKey())
	if !ok {
		return p, fmt.Errorf("the state has no parameters: it was never initialised from a genesis")
	}
	return p, nil
}

// InitGenesis writes the first state and returns the first validator set. timeMS is the chain's starting time.
func (a *App) InitGenesis(kv ledger.KV, g Genesis, timeMS int64) ([]ValidatorUpdate, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	if a.dao.Latest(kv) > 0 {
		return nil, fmt.Errorf("genesis: the state has one already; a ledger begins once")
	}
	state := ledger.NewOverlay(kv)
	a.heartbeat.Genesis(state, timeMS)
	if err := a.bank.Allocate(state, bank.Treasury(), g.Treasury); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	ctx := &ledger.Context{Network: g.Network, TimeMS: timeMS, Params: g.Params}
	a.dao.Genesis(ctx, state)
	a.constitution.Genesis(ctx, state)
	if err := a.alignment.Genesis(state); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	for _, account := range g.Accounts {
		if err := a.genesisAccount(ctx, state, account); err != nil {
			return nil, fmt.Errorf("genesis: account %s: %w", account.Account, err)
		}
	}
	updates := a.staking.EndBlock(ctx, state)
	if err := a.recount(state); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	state.Flush()
	return validatorUpdates(updates), nil
}

func (a *App) genesisAccount(ctx *ledger.Context, kv ledger.KV, g GenAccount) error {
	if err := a.bank.Allocate(kv, bank.Balance(g.Account), g.Balance); err != nil {
		return err
	}
	for _, s := range g.Stakes {
		if err := a.bank.Allocate(kv, bank.Stakes(), s.Amount); err != nil {
			return err
		}
		bond := staking.Bond{Role: s.Role, Amount: s.Amount, ConsKey: s.ConsKey}
		if err := a.staking.Genesis(ctx, kv, g.Account, bond); err != nil {
			return err
		}
	}
	if !g.Salts.IsZero() {
		a.staking.MoveSaltHead(kv, g.Account, g.Salts)
	}
	if g.Governor {
		a.heartbeat.GenesisGovernor(kv, g.Account)
	}
	if g.Capacity > 0 {
		return a.shardreg.GenesisProvider(kv, g.Account, g.Capacity)
	}
	return nil
}

func validatorUpdates(updates []staking.Update) []ValidatorUpdate {
	out := make([]ValidatorUpdate, 0, len(updates))
	for _, u := range updates {
		out = append(out, ValidatorUpdate{ConsKey: u.ConsKey, Power: u.Power})
	}
	return out
}
