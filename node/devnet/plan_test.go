package devnet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"autonet/ledger"
	"autonet/ledger/abci"
	"autonet/ledger/app"
	"autonet/node/config"
	"autonet/node/devnet"
	"autonet/node/devnet/report"
)

func options(nodes int) report.Options {
	o := report.DefaultOptions()
	o.Nodes = nodes
	return o
}

func seeded(nodes int, seed uint64) report.Options {
	o := options(nodes)
	o.Seed = &seed
	return o
}

func count(members []devnet.Member, is func(devnet.Member) bool) (n int) {
	for _, m := range members {
		if is(m) {
			n++
		}
	}
	return n
}

func role(name string) func(devnet.Member) bool {
	return func(m devnet.Member) bool { return m.Role == name }
}

func TestEverySizeOfSwarmHasAllRolesAndEnoughValidators(t *testing.T) {
	for nodes := report.MinNodes; nodes <= report.MaxNodes; nodes++ {
		members, err := devnet.Plan(options(nodes))
		require.NoError(t, err)
		require.Len(t, members, nodes)
		require.Equal(t, "proposer", members[0].Role, "the proposer leads the run")
		require.Equal(t, 1, count(members, role("proposer")))
		require.Equal(t, 1, count(members, role("aggregator")))
		solvers, coordinators := count(members, role("solver")), count(members, role("coordinator"))
		require.Positive(t, solvers)
		require.GreaterOrEqual(t, coordinators, 3, "a committee")
		require.LessOrEqual(t, solvers-coordinators, 1)
		require.Equal(t, devnet.Validators, count(members, func(m devnet.Member) bool { return m.Validator }))
		require.Zero(t, count(members, func(m devnet.Member) bool { return m.Validator && m.Role == "solver" }), "who is judged does not judge")
		require.Zero(t, count(members, func(m devnet.Member) bool { return m.Cheat != "" }))
		names := map[string]bool{}
		for _, m := range members {
			require.False(t, names[m.Name], "%s twice", m.Name)
			names[m.Name] = true
		}
	}
	members, err := devnet.Plan(options(8))
	require.NoError(t, err)
	require.Equal(t, 3, count(members, role("solver")))
	require.Equal(t, 3, count(members, role("coordinator")))
}

func cheats(members []devnet.Member) map[string]string {
	out := map[string]string{}
	for _, m := range members {
		if m.Cheat != "" {
			out[m.Name] = m.Cheat
		}
	}
	return out
}

func TestCheatsAreDealtInTurnToTheLastWhoCanCommitThem(t *testing.T) {
	o := options(12)
	o.Byzantine = 5
	members, err := devnet.Plan(o)
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"solver-5": config.CheatGarbageUpdate, "coordinator-5": config.CheatApproveAll, "solver-4": config.CheatSkippedSteps,
		"solver-3": config.CheatScaledUpdate, "solver-2": config.CheatCopiedCommitment,
	}, cheats(members))

	o.Byzantine, o.Cheats = 2, []string{config.CheatScaledUpdate}
	members, err = devnet.Plan(o)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"solver-5": config.CheatScaledUpdate, "solver-4": config.CheatScaledUpdate}, cheats(members))
}

func TestASwarmWithoutAnHonestSolverOrCoordinatorIsRefused(t *testing.T) {
	for _, c := range []struct {
		nodes, byzantine int
		cheat, says      string
	}{
		{6, 1, config.CheatGarbageUpdate, "every solver would cheat"},
		{8, 4, config.CheatGarbageUpdate, "no honest solver is left"},
		{8, 3, config.CheatApproveAll, "every coordinator would cheat"},
	} {
		o := options(c.nodes)
		o.Byzantine, o.Cheats = c.byzantine, []string{c.cheat}
		_, err := devnet.Plan(o)
		require.ErrorContains(t, err, c.says)
		require.ErrorContains(t, err, "--nodes")
	}
}

func TestOptionsThatCannotWorkAreRefusedBeforeAnythingStarts(t *testing.T) {
	require.NoError(t, devnet.Check(options(8)))
	for name, change := range map[string]func(*report.Options){
		"too few":       func(o *report.Options) { o.Nodes = 5 },
		"too many":      func(o *report.Options) { o.Nodes = 65 },
		"no round":      func(o *report.Options) { o.Rounds = 0 },
		"unknown model": func(o *report.Options) { o.Model = "gpt" },
		"no data":       func(o *report.Options) { o.Data = filepath.Join(t.TempDir(), "nowhere") },
		"unknown cheat": func(o *report.Options) { o.Byzantine, o.Cheats = 1, []string{"bribe"} },
	} {
		o := options(8)
		change(&o)
		require.Error(t, devnet.Check(o), name)
	}
}

func TestTheSwarmsFolderIsItsOwn(t *testing.T) {
	o := options(8)
	o.Home = t.TempDir()
	dir, temporary, err := devnet.Folder(o)
	require.NoError(t, err)
	require.Equal(t, o.Home, dir)
	require.False(t, temporary)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "diary"), nil, 0o600))
	_, _, err = devnet.Folder(o)
	require.ErrorContains(t, err, "not empty")

	t.Setenv("TMPDIR", t.TempDir())
	o.Home = ""
	dir, temporary, err = devnet.Folder(o)
	require.NoError(t, err)
	require.True(t, temporary)
	require.DirExists(t, dir)
}

func TestKillsSpareTheProposerCheatsAndAllValidatorsButOne(t *testing.T) {
	for seed := range uint64(20) {
		o := seeded(12, seed)
		o.Byzantine, o.Kill, o.Rounds = 2, 4, 3
		rounds, err := devnet.Victims(o)
		require.NoError(t, err)
		again, err := devnet.Victims(o)
		require.NoError(t, err)
		require.Equal(t, rounds, again, "a seed repeats")
		members, err := devnet.Plan(o)
		require.NoError(t, err)
		dead := map[string]bool{}
		for r, names := range rounds {
			require.NotEmpty(t, names)
			if r < 2 {
				require.Len(t, names, 1)
			}
			validators := 0
			for _, name := range names {
				require.False(t, dead[name], "%s dies twice", name)
				dead[name] = true
				m := members[slices.IndexFunc(members, func(m devnet.Member) bool { return m.Name == name })]
				require.NotEqual(t, "proposer", m.Role)
				require.Empty(t, m.Cheat)
				if m.Validator {
					validators++
				}
			}
			require.LessOrEqual(t, validators, 1)
		}
		require.Len(t, dead, o.Kill)
	}
}

// settled writes a swarm's homes.
func settled(t *testing.T, o report.Options) (string, []devnet.Member) {
	t.Helper()
	ports := make([]int, o.Nodes)
	for i := range ports {
		ports[i] = 20_000 + i
	}
	network, members, err := devnet.Settle(t.TempDir(), o, ports)
	require.NoError(t, err)
	return network, members
}

func TestASeedGivesTheSameNetworkAndKeysAndAnotherSeedOthers(t *testing.T) {
	accounts := func(o report.Options) (string, []string) {
		network, members := settled(t, o)
		var out []string
		for _, m := range members {
			out = append(out, m.Account)
		}
		return network, out
	}
	network, first := accounts(seeded(7, 1))
	again, same := accounts(seeded(7, 1))
	require.Equal(t, network, again)
	require.Equal(t, first, same)
	other, others := accounts(seeded(7, 2))
	require.NotEqual(t, network, other)
	require.NotContains(t, others, first[0])
	random, keys := accounts(options(7))
	require.NotEqual(t, network, random)
	require.NotContains(t, keys, first[0])

	one := uint64(1)
	o := report.Options{Seed: &one}
	round := devnet.TaskSeed(o, 1)
	require.Equal(t, round, devnet.TaskSeed(o, 1))
	require.NotEqual(t, round, devnet.TaskSeed(o, 2))
	round = devnet.TaskSeed(report.Options{}, 1)
	require.NotEqual(t, round, devnet.TaskSeed(report.Options{}, 1), "without a seed it is random")
}

func TestTheGenesisFundsEveryRoleAndAllHomesShareIt(t *testing.T) {
	o := seeded(8, 3)
	o.Byzantine = 1
	network, members := settled(t, o)
	want, err := abci.GenesisHash(members[0].Home.Genesis())
	require.NoError(t, err)
	g, _, err := abci.ReadGenesis(members[0].Home.Genesis())
	require.NoError(t, err)
	require.Equal(t, network, g.Network)
	require.NoError(t, g.Validate())
	accounts := map[string]app.GenAccount{}
	for _, a := range g.Accounts {
		accounts[string(a.Account)] = a
	}
	for i, m := range members {
		hash, err := abci.GenesisHash(m.Home.Genesis())
		require.NoError(t, err)
		require.Equal(t, want, hash, m.Name)
		cfg, err := config.Load(m.Home.Config())
		require.NoError(t, err)
		require.Equal(t, m.Name, cfg.Name)
		require.Equal(t, 20_000+i, cfg.Network.Port)
		require.True(t, cfg.Network.Loopback)
		require.True(t, cfg.Has(m.Role))
		require.Equal(t, m.Validator, cfg.Has("validator"))
		require.Equal(t, m.Cheat, cfg.Roles.Cheat)
		require.Equal(t, fmt.Sprintf("3 %s", m.Name), cfg.Roles.Seed)
		if i > 0 {
			require.Len(t, cfg.Network.Bootstrap, 1)
			require.Contains(t, cfg.Network.Bootstrap[0], members[0].Account)
		}
		a := accounts[m.Account]
		require.True(t, slices.ContainsFunc(a.Stakes, func(s app.GenStake) bool { return s.Role == ledger.Role(m.Role) }), m.Name)
		require.Equal(t, m.Validator, a.Governor)
	}
}
