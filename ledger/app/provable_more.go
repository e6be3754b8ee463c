package app

import (
	"autonet/ledger"
	"autonet/ledger/bank"
	"autonet/ledger/constitution"
	"autonet/ledger/dao"
	"autonet/ledger/forcederror"
	"autonet/ledger/project"
	"autonet/ledger/rewards"
	"autonet/ledger/shardreg"
)

func provableGovernance() []provable {
	return []provable{
		{"proposal", "ID", 1, "a proposal and its count", keyed([]string{"dao", "o"}, validID), readAs[dao.Proposal]},
		{"standing", "ACCOUNT", 1, "an account's power in governance and its delegate", accountAt("dao", "p"), readAs[dao.Standing]},
		{"protocol", "", 0, "the protocol version in force", keyAt("dao", "y"), readAs[dao.Protocol]},
		{"amendment", "ID", 1, "an amendment of the constitution and its count", keyed([]string{"constitution", "a"}, validID), readAs[constitution.Amendment]},
	}
}

func provableServices() []provable {
	return []provable{
		{"grant", "KEY", 1, "what an invitation promises to whoever holds its key", keyed([]string{"bank", "g"}, validHex), readAs[bank.GrantRecord]},
		{"revenue", "PROJECT", 1, "what a project's token holders earned", keyed([]string{"project", "r"}, validID), readAs[project.Revenue]},
		{"order", "ID", 1, "an order of inference", keyed([]string{"project", "o"}, validID), readAs[project.OrderRecord]},
		{"repair", registrationArgs, 5, "a call to repair a manifest", registered("r"), readAs[shardreg.Repair]},
		{"seals", "TASK GOVERNOR", 2, "the traps a governor sealed in a task", keyed([]string{"forcederror", "s"}, validID, validAccount), readAs[forcederror.Set]},
		{"trap", "TASK SOLVER", 2, "an opened trap", keyed([]string{"forcederror", "trap"}, validID, validAccount), readAs[forcederror.Trap]},
		{"multiplier", "ACCOUNT", 1, "what an account's rewards are multiplied by", accountAt("rewards", "multiplier"), readAs[rewards.Multiplier]},
	}
}

// registrationArgs name one registration of a manifest.
const registrationArgs = "CID ROOT SIZE DATA PARITY"

// registered makes the key of a record of the register of shards.
func registered(part string) func([]string) ([]byte, error) {
	return func(args []string) ([]byte, error) {
		cid, err := validCID(args[0])
		if err != nil {
			return nil, err
		}
		var root ledger.Hash
		if err := root.UnmarshalText([]byte(args[1])); err != nil || root.String() != args[1] {
			return nil, ledger.Refuse(ledger.CodeInvalid, "%q is no root: 64 hexadecimal digits", ledger.Clip(args[1]))
		}
		size, err := decimal(args[2], shardreg.MaxSize)
		if err != nil {
			return nil, err
		}
		data, err := decimal(args[3], shardreg.MaxColumns-1)
		if err != nil {
			return nil, err
		}
		parity, err := decimal(args[4], shardreg.MaxColumns-1)
		return ledger.Key("shardreg", part, cid, shardreg.Ref(root, size, uint8(data), uint8(parity))), err
	}
}

func validHex(arg string) (string, error) {
	_, err := rawKey([]string{arg})
	return arg, err
}
