package devnet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"autonet/ledger"
	"autonet/node/api/types"
	"autonet/node/devnet/report"
	"autonet/work/dataset"
	"autonet/work/dataset/mnist"
)

// inferences is how many held-out images the final model is asked about.
const inferences = 100

// report asks every node and writes down the answers.
func (s *swarm) report(ctx context.Context) (report.Report, error) {
	rep := report.Report{Network: s.network, Rounds: s.rounds, Killed: s.killed}
	var err error
	if rep.Model, err = s.modelReport(ctx); err != nil {
		return rep, err
	}
	if rep.Inference, err = s.infer(ctx); err != nil {
		return rep, err
	}
	if err := s.awaitPay(ctx); err != nil {
		return rep, err
	}
	if rep.Ledger, err = s.ledgerReport(ctx); err != nil {
		return rep, err
	}
	if rep.Rewards, rep.Cheats, err = s.moneyReport(ctx); err != nil {
		return rep, err
	}
	for _, p := range s.procs {
		st, err := s.look(ctx, p)
		if err != nil {
			return rep, err
		}
		rep.Nodes = append(rep.Nodes, report.Node{
			Name: p.m.name, Role: p.m.role, PeerID: st.PeerID, PID: st.PID, Byzantine: p.m.cheat != "", RSSMiB: p.sawRSS(st.RSSMiB),
		})
	}
	rep.Seconds = time.Since(s.started).Seconds()
	return rep, nil
}

// modelReport looks the final model up on a node that had no part in making it.
func (s *swarm) modelReport(ctx context.Context) (report.Model, error) {
	v := s.lastTask.Result
	if v == nil {
		return report.Model{}, fmt.Errorf("task %s has no result", s.lastTask.ID)
	}
	sh, holders, err := s.holders(ctx, v.CID)
	if err != nil {
		return report.Model{}, err
	}
	return report.Model{
		CID: v.CID, MerkleRoot: v.Root, Parameters: v.Parameters, Bytes: v.SizeBytes,
		DataShards: sh.Data, ParityShards: sh.Parity, Providers: len(holders),
	}, nil
}

// holders asks the proposer's node who holds the file, until every column is accounted for or some time has passed.
func (s *swarm) holders(ctx context.Context, cid string) (sh types.Shard, holders map[string]bool, err error) {
	for range 25 {
		if sh, err = s.proposer().api().Shard(ctx, cid); err != nil {
			return sh, nil, fmt.Errorf("look up the final model: %w", err)
		}
		holders = map[string]bool{}
		found := 0
		for _, c := range sh.Columns {
			if c.Holder != "" && c.Confirmed {
				holders[c.Holder] = true
				found++
			}
		}
		if found == sh.Data+sh.Parity {
			break
		}
		select {
		case <-ctx.Done():
			return sh, nil, context.Cause(ctx)
		case <-time.After(pollEvery):
		}
	}
	return sh, holders, nil
}

// infer asks a solver's node, which fetches the model from the network, about held-out images.
func (s *swarm) infer(ctx context.Context) (report.Inference, error) {
	set, err := s.heldOut()
	if err != nil {
		return report.Inference{}, err
	}
	set = set.Head(inferences)
	req := types.InferRequest{Model: s.lastTask.Result.CID}
	size := set.Rows * set.Cols
	for i := range set.N {
		req.Images = append(req.Images, set.Images[i*size:(i+1)*size])
	}
	res, err := s.procs[1].api().Infer(ctx, req)
	if err != nil {
		return report.Inference{}, fmt.Errorf("infer with the final model: %w", err)
	}
	out := report.Inference{Requests: set.N}
	for i, c := range res.Classes {
		if i < set.N && c == int(set.Labels[i]) {
			out.Correct++
		}
	}
	return out, nil
}

func (s *swarm) heldOut() (dataset.Set, error) {
	if s.opts.Data == "" {
		return mnist.HeldOut()
	}
	_, set, err := dataset.Open(s.opts.Data)
	return set, err
}

// awaitPay waits until the last model can no longer be challenged: what aggregator and providers earn is paid then.
func (s *swarm) awaitPay(ctx context.Context) error {
	return s.until(ctx, func() (bool, error) {
		t, err := s.proposer().api().Task(ctx, s.lastTask.ID)
		if err != nil {
			return false, fmt.Errorf("ask for task %s: %w", s.lastTask.ID, err)
		}
		return t.Phase == "", nil
	})
}

// ledgerReport asks all nodes whether money is conserved and whether they agree on the state at one height.
func (s *swarm) ledgerReport(ctx context.Context) (report.Ledger, error) {
	out := report.Ledger{Conserved: true}
	low := int64(0)
	for i, p := range s.procs {
		l, err := p.api().Ledger(ctx)
		if err != nil {
			return out, fmt.Errorf("ask %s for its ledger: %w", p.m.name, err)
		}
		out.Conserved = out.Conserved && l.Supply.Conserved
		if i == 0 {
			out.Validators, out.Heartbeats, out.SupplyNatn = l.Status.Validators, l.Heartbeat.Count, l.Supply.TotalNatn
			low = l.Status.Height
		}
		low = min(low, l.Status.Height)
	}
	out.Height = low
	var err error
	out.AppHashAgrees, err = s.sameState(ctx, low, s.procs)
	return out, err
}

// sameState reports whether the nodes have the same block and state hash at a height.
func (s *swarm) sameState(ctx context.Context, height int64, procs []*process) (bool, error) {
	var first types.Block
	for i, p := range procs {
		b, err := p.api().Block(ctx, height)
		if err != nil {
			return false, fmt.Errorf("ask %s for block %d: %w", p.m.name, height, err)
		}
		if i == 0 {
			first = b
		}
		if b.Hash != first.Hash || b.AppHash != first.AppHash || b.AppHash == "" {
			return false, nil
		}
	}
	return true, nil
}

// moneyReport adds up every account's credits and slashes and explains what became of the cheats.
func (s *swarm) moneyReport(ctx context.Context) ([]report.Reward, []report.Cheat, error) {
	all, err := s.proposer().api().Rewards(ctx, "")
	if err != nil {
		return nil, nil, fmt.Errorf("ask for the rewards: %w", err)
	}
	var rewards []report.Reward
	var cheats []report.Cheat
	for _, p := range s.procs {
		sum := report.Reward{Account: string(p.m.identity.Account), Role: p.m.role}
		for _, r := range all {
			if r.Account == sum.Account {
				sum.EarnedNatn += r.Earned
				sum.SlashedNatn += r.Slashed
			}
		}
		rewards = append(rewards, sum)
		if p.m.cheat != "" {
			cheats = append(cheats, s.explain(ctx, p, all))
		}
	}
	slices.SortFunc(rewards, func(a, b report.Reward) int { return strings.Compare(a.Account, b.Account) })
	return rewards, cheats, nil
}

// explain finds the ledger's own words for how a cheat was caught, round by round.
func (s *swarm) explain(ctx context.Context, p *process, all []types.Reward) report.Cheat {
	out := report.Cheat{Account: string(p.m.identity.Account), Kind: p.m.cheat}
	var how []string
	for i, id := range s.taskIDs {
		causes, lost := slashes(all, out.Account, id)
		if len(causes) == 0 {
			causes = s.rejection(ctx, out.Account, id)
		}
		if len(causes) == 0 {
			continue
		}
		line := fmt.Sprintf("round %d: %s", i+1, strings.Join(causes, "; "))
		if lost > 0 {
			line += ", which cost " + ledger.Natn(lost).String()
		}
		how = append(how, line)
	}
	out.Caught = len(how) > 0
	out.How = strings.Join(how, ". ")
	return out
}

// slashes lists the distinct causes for which an account lost stake in a task, and how much it was.
func slashes(all []types.Reward, account, id string) (causes []string, lost uint64) {
	for _, r := range all {
		if r.Account != account || r.Task != id || r.Slashed == 0 {
			continue
		}
		lost += r.Slashed
		if !slices.Contains(causes, r.Detail) {
			causes = append(causes, r.Detail)
		}
	}
	return causes, lost
}

// rejection is why an account's solution did not count, if it did not.
func (s *swarm) rejection(ctx context.Context, account, id string) []string {
	t, err := s.proposer().api().Task(ctx, id)
	if err != nil {
		return nil
	}
	for _, sol := range t.Solutions {
		if sol.Account == account && sol.State != stateAccepted {
			return []string{sol.State + ": " + sol.Reason}
		}
	}
	return nil
}
