package devnet

import (
	"autonet/node/api/types"
	"autonet/node/devnet/report"
	"autonet/node/home"
)

// Member is one planned node, as tests see it.
type Member struct {
	Name, Role, Cheat string
	Index             int
	Validator         bool
	Account           string
	Home              home.Home
}

// Plan deals out roles, validators and cheats.
func Plan(o report.Options) ([]Member, error) {
	members, err := plan(o)
	return shown(members), err
}

// Settle plans a swarm and writes its homes.
func Settle(root string, o report.Options, ports []int) (network string, out []Member, err error) {
	members, err := plan(o)
	if err != nil {
		return "", nil, err
	}
	network, err = settle(root, members, o, ports)
	return network, shown(members), err
}

func shown(members []*member) (out []Member) {
	for _, m := range members {
		out = append(out, Member{
			Name: m.name, Role: m.role, Cheat: m.cheat, Index: m.index, Validator: m.validator, Account: string(m.identity.Account), Home: m.home,
		})
	}
	return out
}

// Validators is how many nodes validate where there are enough.
const Validators = validators

// Check refuses what would fail only after the swarm has started.
func Check(o report.Options) error {
	_, err := check(o)
	return err
}

// Folder returns the swarm's folder and whether it is temporary.
func Folder(o report.Options) (string, bool, error) { return folder(o) }

// Victims plans the kills of one round after another and says who dies in each.
func Victims(o report.Options) (rounds [][]string, err error) {
	members, err := plan(o)
	if err != nil {
		return nil, err
	}
	s := &swarm{opts: o}
	for _, m := range members {
		s.procs = append(s.procs, &process{m: m})
	}
	for r := range o.Rounds {
		var names []string
		for _, p := range s.planKill(r+1, types.ProposeTaskRequest{}).victims {
			names = append(names, p.m.name)
			s.killed = append(s.killed, report.Killed{Name: p.m.name})
		}
		rounds = append(rounds, names)
	}
	return rounds, nil
}

// TaskSeed is the seed of a round's task.
func TaskSeed(o report.Options, r int) string { return (&swarm{opts: o}).taskSeed(r) }

// Verdict fails a seeded run whose model depends on who was late. slots names the solver of every slot.
func Verdict(o report.Options, t types.Task) error {
	members, err := plan(o)
	if err != nil {
		return err
	}
	s := &swarm{opts: o}
	for _, m := range members {
		m.identity.Account = ""
		s.procs = append(s.procs, &process{m: m})
	}
	return s.verdict(t)
}

// Doing says what a node is at.
func Doing(st types.Status) string { return doing(st) }

// Slashes lists why and how much an account lost in a task.
func Slashes(all []types.Reward, account, id string) ([]string, uint64) {
	return slashes(all, account, id)
}

// Recorder writes events into a file.
type Recorder struct{ r *recorder }

// NewRecorder opens the file; an empty path records nothing.
func NewRecorder(path string) (Recorder, error) {
	r, err := newRecorder(path)
	return Recorder{r}, err
}

// Write records an event of a node.
func (r Recorder) Write(node string, e types.Event) error { return r.r.write(node, e) }

// Close ends the recording.
func (r Recorder) Close() error { return r.r.close() }
