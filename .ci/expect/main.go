// Command expect compares a report of `autonet up --json` with what was promised of it.
//
//	expect REPORT [accuracy=0.93] [rising] [seconds=120] [memory=2560] [conserved] [honest] [caught=N] [recovered=N] [same=OTHER] [near=OTHER]
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

type report struct {
	Seconds float64
	Nodes   []struct {
		PeerID    string `json:"peer_id"`
		Byzantine bool
		RSSMiB    int64 `json:"rss_mib"`
	}
	Rounds []struct {
		AccuracyBefore float64 `json:"accuracy_before"`
		AccuracyAfter  float64 `json:"accuracy_after"`
	}
	Model  struct{ CID string }
	Ledger struct {
		Conserved     bool
		AppHashAgrees bool `json:"app_hash_agrees"`
	}
	Rewards []struct {
		Account     string
		SlashedNatn uint64 `json:"slashed_natn"`
	}
	Cheats []struct {
		Kind, How string
		Caught    bool
	}
	Killed    []struct{ Recovered bool }
	Inference struct{ Requests, Correct int }
}

func main() {
	if len(os.Args) < 2 {
		fail("usage: expect REPORT CHECK…")
	}
	r := load(os.Args[1])
	for _, arg := range os.Args[2:] {
		name, value, _ := strings.Cut(arg, "=")
		if complaint := check(r, name, value); complaint != "" {
			fail(os.Args[1] + ": " + complaint)
		}
	}
	fmt.Printf("   %.1f s, accuracy %.4f, %d MiB, model %s\n", r.Seconds, last(r), memory(r), r.Model.CID)
}

func check(r report, name, value string) string {
	number, _ := strconv.ParseFloat(value, 64)
	switch name {
	case "accuracy":
		if last(r) < number {
			return fmt.Sprintf("accuracy %.4f is below %s", last(r), value)
		}
	case "rising":
		for i, x := range r.Rounds {
			if x.AccuracyAfter <= x.AccuracyBefore {
				return fmt.Sprintf("round %d is not better than before: %.4f, %.4f", i+1, x.AccuracyBefore, x.AccuracyAfter)
			}
		}
	case "seconds":
		if r.Seconds > number {
			return fmt.Sprintf("it took %.1f s, more than %s", r.Seconds, value)
		}
	case "memory":
		if float64(memory(r)) > number {
			return fmt.Sprintf("%d MiB, more than %s", memory(r), value)
		}
	case "conserved":
		if !r.Ledger.Conserved || !r.Ledger.AppHashAgrees {
			return "money is not conserved, or the nodes do not agree on the state"
		}
		if r.Inference.Requests == 0 || r.Inference.Correct*10 < r.Inference.Requests*8 {
			return fmt.Sprintf("inference: %d of %d correct", r.Inference.Correct, r.Inference.Requests)
		}
	case "honest":
		return honest(r)
	case "caught":
		n := 0.0
		for _, c := range r.Cheats {
			if c.Caught && c.How != "" {
				n++
			}
		}
		if n != number || float64(len(r.Cheats)) != number {
			return fmt.Sprintf("%v of %d cheats caught, %s promised", n, len(r.Cheats), value)
		}
	case "recovered":
		n := 0.0
		for _, k := range r.Killed {
			if k.Recovered {
				n++
			}
		}
		if n != number {
			return fmt.Sprintf("%v recovered, %s promised", n, value)
		}
	case "same":
		if other := load(value); other.Model.CID != r.Model.CID || r.Model.CID == "" {
			return fmt.Sprintf("another model: %s, %s", r.Model.CID, other.Model.CID)
		}
	case "near":
		if other := load(value); math.Abs(last(other)-last(r)) > 0.01 {
			return fmt.Sprintf("accuracy %.4f is not within 0.01 of %.4f", last(r), last(other))
		}
	default:
		return "unknown check " + name
	}
	return ""
}

// honest says which account lost money without being a cheat.
func honest(r report) string {
	for _, n := range r.Nodes {
		for _, w := range r.Rewards {
			if !n.Byzantine && w.Account == n.PeerID && w.SlashedNatn > 0 {
				return fmt.Sprintf("honest account %s lost %d nATN", w.Account, w.SlashedNatn)
			}
		}
	}
	return ""
}

func last(r report) float64 {
	if len(r.Rounds) == 0 {
		return 0
	}
	return r.Rounds[len(r.Rounds)-1].AccuracyAfter
}

func memory(r report) (sum int64) {
	for _, n := range r.Nodes {
		sum += n.RSSMiB
	}
	return sum
}

func load(path string) report {
	raw, err := os.ReadFile(path)
	if err != nil {
		fail(err.Error())
	}
	var r report
	if err := json.Unmarshal(raw, &r); err != nil {
		fail(path + ": " + err.Error())
	}
	return r
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
