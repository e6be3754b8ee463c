package app

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/dispute"
	"autonet/ledger/heartbeat"
	"autonet/ledger/project"
	"autonet/ledger/rewards"
	"autonet/ledger/shardreg"
	"autonet/ledger/staking"
	"autonet/ledger/task"
)

// Bounds of what names a record.
const (
	maxProvableWord = 256 // bytes
)

// Provable is one record of the state in words, where it lies, and how its bytes are read.
type Provable struct {
	Words []string // what was asked for, in canonical spelling
	Key   []byte
	// EventHeight and EventIndex place an event. Its record is the root of its block's events.
	EventHeight int64
	EventIndex  uint32

	event  bool
	decode func(raw []byte) (any, error)
}

// IsEvent reports whether an event is meant, which lies under the record and is none itself.
func (p Provable) IsEvent() bool { return p.event }

// Decode reads a record's bytes as the typed record they are.
func (p Provable) Decode(raw []byte) (any, error) { return p.decode(raw) }

// provable says how a kind of record is named.
type provable struct {
	what  string
	args  string // for people
	words int    // arguments
	about string
	make  func(args []string) (key []byte, err error)
	read  func(raw []byte) (any, error)
}

// ProvableWords lists what can be proven, one line each: the words and their meaning.
func ProvableWords() []string {
	var lines []string
	for _, p := range provables() {
		lines = append(lines, strings.TrimSpace(p.what+" "+p.args)+": "+p.about)
	}
	return lines
}

// ProvableKey finds the record that the words name: "balance ACCOUNT", "task ID", "event HEIGHT INDEX" and so on, as
// [ProvableWords] lists them.
func ProvableKey(what string, args ...string) (Provable, error) {
	for _, word := range append([]string{what}, args...) {
		if len(word) > maxProvableWord {
			return Provable{}, ledger.Refuse(ledger.CodeInvalid, "%q is too long", ledger.Clip(word))
		}
	}
	for _, p := range provables() {
		if p.what != what {
			continue
		}
		if len(args) != p.words {
			return Provable{}, ledger.Refuse(ledger.CodeInvalid, "name it as: %s", strings.TrimSpace(p.what+" "+p.args))
		}
		key, err := p.make(args)
		if err != nil {
			return Provable{}, err
		}
		out := Provable{Words: append([]string{what}, args...), Key: key, decode: p.read}
		if what == provableEvent {
			out.event = true
			out.EventHeight, out.EventIndex, err = eventPlace(args)
		}
		return out, err
	}
	return Provable{}, ledger.Refuse(ledger.CodeInvalid, "nothing called %q can be proven; one of: %s", ledger.Clip(what), strings.Join(provableNames(), ", "))
}

const provableEvent = "event"

func provableNames() []string {
	var names []string
	for _, p := range provables() {
		names = append(names, p.what)
	}
	return names
}

// provables lists every kind of record that can be named. Each stands at the key its module writes it to.
func provables() []provable {
	return slices.Concat(provableMoney(), provableWork(), provableGovernance(), provableServices(), provableRest())
}

func provableMoney() []provable {
	return []provable{
		{"balance", "ACCOUNT", 1, "an account's ATN and its next nonce", accountAt("bank", "a"), readAs[bank.Account]},
		{"token", "PROJECT ACCOUNT", 2, "an account's tokens of a project", keyed([]string{"bank", "h"}, validID, validAccount), readAs[uint64]},
		{"tokens", "PROJECT", 1, "the tokens of a project altogether", keyed([]string{"bank", "d"}, validID), readAs[bank.Token]},
		{"supply", "", 0, "all ATN by where they rest", keyAt("bank", "t"), readAs[bank.Totals]},
		{"stake", "ACCOUNT", 1, "an account's stake in every role", accountAt("staking", "s"), stakeRecord},
		{"validator", "ACCOUNT", 1, "a validator's consensus key and power", accountAt("staking", "v"), readAs[staking.Member]},
	}
}

func provableWork() []provable {
	return []provable{
		{"project", "ID", 1, "a project and its budget", keyed([]string{"project", "p"}, validID), readAs[project.Project]},
		{"version", "PROJECT NUMBER", 2, "a version of a project's model", keyed([]string{"project", "v"}, validID, hex16), readAs[project.Version]},
		{"task", "ID", 1, "a task: its slots, verdicts, escrow and result", keyed([]string{"task", "t"}, validID), readAs[task.Task]},
		{"solution", "TASK SLOT", 2, "a revealed solution", keyed([]string{"task", "solution"}, validID, slotArg), readAs[task.Solution]},
		{"vote", "TASK ACCOUNT", 2, "a committee member's vote and what came of it", keyed([]string{"rewards", "vote"}, validID, validAccount), readAs[rewards.Record]},
		{"dispute", "TASK SOLVER CHALLENGER", 3, "a dispute about a solution", keyed([]string{"dispute", "d"}, validID, validAccount, validAccount), readAs[dispute.Dispute]},
		{"aggregate-dispute", "TASK CHALLENGER", 2, "a dispute about a task's published model", keyed([]string{"dispute", "g"}, validID, validAccount), readAs[dispute.AggregateDispute]},
		{"appeal", "TASK SOLVER APPELLANT", 3, "an appeal of a solution's score", keyed([]string{"dispute", "a"}, validID, validAccount, validAccount), readAs[dispute.Appeal]},
	}
}

func provableRest() []provable {
	return []provable{
		{"heartbeat", "", 0, "the last governance heartbeat", keyAt("heartbeat", "h"), readAs[heartbeat.Beat]},
		{"clock", "", 0, "the work clock", keyAt("heartbeat", "c"), readAs[heartbeat.Clock]},
		{"governor", "ACCOUNT", 1, "a place in the register of governors", accountAt("heartbeat", "g"), readAs[heartbeat.Governor]},
		{"manifest", registrationArgs, 5, "a registered manifest", registered("m"), readAs[shardreg.Manifest]},
		{"provider", "ACCOUNT", 1, "a provider's capacity and reputation", accountAt("shardreg", "p"), readAs[shardreg.Provider]},
		{"announcement", "CID ACCOUNT", 2, "the columns a provider announced", keyed([]string{"shardreg", "h"}, validCID, validAccount), readAs[shardreg.Held]},
		{"params", "", 0, "the numbers in force", func([]string) ([]byte, error) { return paramsKey(), nil }, readAs[ledger.Params]},
		{"events", "HEIGHT", 1, "the root of a block's events", keyed([]string{"app", "e"}, hex16), readAs[EventsRoot]},
		{provableEvent, "HEIGHT INDEX", 2, "one event of a block", func(args []string) ([]byte, error) {
			height, _, err := eventPlace(args)
			return eventsKey(height), err
		}, readAs[EventsRoot]},
		{"key", "HEX", 1, "whatever lies at a key of the state", rawKey, func(raw []byte) (any, error) { return hex.EncodeToString(raw), nil }},
	}
}

func readAs[T any](raw []byte) (any, error) {
	var v T
	if err := ledger.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return v, nil
}

// StakeRecord is an account's stake as a proof tells it.
type StakeRecord struct {
	Stakes  []RoleStake `json:"stakes"` // those there are, in the order of the roles
	ConsKey []byte      `json:"cons_key,omitempty"`
	Salts   ledger.Hash `json:"salts"`
}

// RoleStake is the stake in one role.
type RoleStake struct {
	Role ledger.Role `json:"role"`
	staking.Stake
}

// stakeRecord names the roles, which the record holds by their order.
func stakeRecord(raw []byte) (any, error) {
	var r staking.Record
	if err := ledger.Unmarshal(raw, &r); err != nil {
		return nil, err
	}
	out := StakeRecord{Stakes: []RoleStake{}, ConsKey: r.ConsKey, Salts: r.Salts}
	for _, role := range ledger.Roles() {
		if s := r.Of(role); s != (staking.Stake{}) {
			out.Stakes = append(out.Stakes, RoleStake{role, s})
		}
	}
	return out, nil
}

func keyAt(parts ...string) func([]string) ([]byte, error) {
	return func([]string) ([]byte, error) { return ledger.Key(parts...), nil }
}

func accountAt(parts ...string) func([]string) ([]byte, error) { return keyed(parts, validAccount) }

// keyed makes a key of fixed parts and of arguments, each checked and brought into the form that keys have.
func keyed(parts []string, forms ...func(arg string) (string, error)) func([]string) ([]byte, error) {
	return func(args []string) ([]byte, error) {
		all := slices.Clone(parts)
		for i, form := range forms {
			part, err := form(args[i])
			if err != nil {
				return nil, err
			}
			all = append(all, part)
		}
		return ledger.Key(all...), nil
	}
}

func validAccount(arg string) (string, error) {
	if err := ledger.Account(arg).Validate(); err != nil {
		return "", ledger.Refuse(ledger.CodeInvalid, "%v", err)
	}
	return arg, nil
}

func validID(arg string) (string, error) {
	if !ledger.ValidID(arg) {
		return "", ledger.Refuse(ledger.CodeInvalid, "%q is no ID of a task or a project: 32 hexadecimal digits", ledger.Clip(arg))
	}
	return arg, nil
}

func validCID(arg string) (string, error) {
	for i := range len(arg) {
		c := arg[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return "", ledger.Refuse(ledger.CodeInvalid, "%q is no CID", ledger.Clip(arg))
		}
	}
	if arg == "" {
		return "", ledger.Refuse(ledger.CodeInvalid, "an empty CID")
	}
	return arg, nil
}

// decimal reads a decimal number in its one spelling.
func decimal(arg string, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(arg, 10, 64)
	if err != nil || n > most || strconv.FormatUint(n, 10) != arg {
		return 0, ledger.Refuse(ledger.CodeInvalid, "%q is no number up to %d", ledger.Clip(arg), most)
	}
	return n, nil
}

func hex16(arg string) (string, error) {
	n, err := decimal(arg, 1<<63-1)
	return fmt.Sprintf("%016x", n), err
}

func slotArg(arg string) (string, error) {
	n, err := decimal(arg, 99)
	return fmt.Sprintf("%02d", n), err
}

func rawKey(args []string) ([]byte, error) {
	key, err := hex.DecodeString(args[0])
	if err != nil || len(key) == 0 || hex.EncodeToString(key) != args[0] {
		return nil, ledger.Refuse(ledger.CodeInvalid, "%q is no key in lower-case hexadecimal", ledger.Clip(args[0]))
	}
	return key, nil
}

func eventPlace(args []string) (height int64, index uint32, err error) {
	h, err := decimal(args[0], 1<<63-1)
	if err != nil {
		return 0, 0, err
	}
	i, err := decimal(args[1], 1<<31-1)
	return int64(h), uint32(i), err
}
