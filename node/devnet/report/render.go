package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"autonet/node/api/types"
)

// Text writes the report for people: what happened, then one table per subject.
func (r Report) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Network %s: %s in %.1f s, %d nodes\n", r.Network, count(len(r.Rounds), "round"), r.Seconds, len(r.Nodes))
	r.rounds(&b)
	r.model(&b)
	r.ledger(&b)
	r.people(&b)
	r.cheats(&b)
	for _, p := range r.Problems() {
		fmt.Fprintf(&b, "\nPROBLEM: %s\n", p)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// JSON writes the report as one JSON object on several lines; lists are never null.
func (r Report) JSON(w io.Writer) error {
	r.Nodes, r.Rounds, r.Rewards = filled(r.Nodes), filled(r.Rounds), filled(r.Rewards)
	r.Cheats, r.Killed = filled(r.Cheats), filled(r.Killed)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// Problems lists what a run promises and this one did not keep; a run that has any has failed.
func (r Report) Problems() []string {
	var out []string
	if !r.Ledger.Conserved {
		out = append(out, "money is not conserved on every node")
	}
	if !r.Ledger.AppHashAgrees {
		out = append(out, "the nodes do not agree on the ledger's state")
	}
	for _, c := range r.Cheats {
		if !c.Caught {
			out = append(out, fmt.Sprintf("%s by %s was not caught", c.Kind, types.Short(c.Account)))
		}
	}
	for _, k := range r.Killed {
		if !k.Recovered {
			out = append(out, k.Name+" did not recover from its kill")
		}
	}
	return out
}

func (r Report) rounds(b *bytes.Buffer) {
	t := table(b, "round", "solutions", "accepted", "rejected", "replayed", "mismatch", "accuracy", "shards", "gossip", "seconds")
	for _, x := range r.Rounds {
		t.row(x.Round, x.Solutions, x.Accepted, x.Rejected, x.ReplayChecked, x.ReplayMismatch,
			fmt.Sprintf("%.4f → %.4f", x.AccuracyBefore, x.AccuracyAfter), types.Bytes(x.ShardBytes), types.Bytes(x.GossipBytes),
			fmt.Sprintf("%.1f", x.Seconds))
	}
	t.end()
}

func (r Report) model(b *bytes.Buffer) {
	m := r.Model
	t := table(b)
	t.row("model", m.CID)
	t.row("merkle root", m.MerkleRoot)
	t.row("size", fmt.Sprintf("%d parameters, %s as %d + %d shards on %s", m.Parameters, types.Bytes(m.Bytes), m.DataShards, m.ParityShards, count(m.Providers, "provider")))
	if r.Inference.Requests > 0 {
		t.row("inference", fmt.Sprintf("%d of %d correct", r.Inference.Correct, r.Inference.Requests))
	}
	t.end()
}

func (r Report) ledger(b *bytes.Buffer) {
	l := r.Ledger
	t := table(b)
	t.row("ledger", fmt.Sprintf("height %d, %s, %s", l.Height, count(l.Validators, "validator"), count(int(l.Heartbeats), "heartbeat")))
	t.row("supply", types.ATN(l.SupplyNatn))
	t.row("conserved", yes(l.Conserved))
	t.row("state agrees", yes(l.AppHashAgrees))
	t.end()
}

// people joins nodes, rewards and kills, one line per node.
func (r Report) people(b *bytes.Buffer) {
	earned, slashed := map[string]uint64{}, map[string]uint64{}
	for _, x := range r.Rewards {
		earned[x.Account] += x.EarnedNatn
		slashed[x.Account] += x.SlashedNatn
	}
	marks := map[string]string{}
	for _, k := range r.Killed {
		marks[k.Name] = "killed, recovered: " + yes(k.Recovered)
	}
	t := table(b, "node", "role", "account", "memory", "earned", "slashed", "")
	for _, n := range r.Nodes {
		mark := marks[n.Name]
		if n.Byzantine {
			mark = strings.TrimSuffix("byzantine; "+mark, "; ")
		}
		t.row(n.Name, n.Role, types.Short(n.PeerID), fmt.Sprintf("%d MiB", n.RSSMiB), types.ATN(earned[n.PeerID]), types.ATN(slashed[n.PeerID]), mark)
	}
	t.end()
}

func (r Report) cheats(b *bytes.Buffer) {
	if len(r.Cheats) == 0 {
		return
	}
	t := table(b, "cheat", "account", "caught", "how")
	for _, c := range r.Cheats {
		t.row(c.Kind, types.Short(c.Account), yes(c.Caught), c.How)
	}
	t.end()
}

// grid is aligned text; tabwriter pads, end cuts what it leaves at line ends.
type grid struct {
	out *bytes.Buffer
	buf *bytes.Buffer
	tw  *tabwriter.Writer
}

// table begins a grid after an empty line.
func table(out *bytes.Buffer, head ...any) *grid {
	out.WriteString("\n")
	buf := &bytes.Buffer{}
	g := &grid{out: out, buf: buf, tw: tabwriter.NewWriter(buf, 0, 0, 2, ' ', 0)}
	if len(head) > 0 {
		g.row(head...)
	}
	return g
}

func (g *grid) row(cells ...any) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = fmt.Sprint(c)
	}
	_, _ = io.WriteString(g.tw, strings.Join(texts, "\t")+"\n") // into memory: it cannot fail
}

func (g *grid) end() {
	_ = g.tw.Flush() // into memory: it cannot fail
	for line := range strings.Lines(g.buf.String()) {
		g.out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "NO"
}
