package app

import (
	"autonet/ledger/bank"
	"autonet/ledger/constitution"
	"autonet/ledger/dao"
	"autonet/ledger/dispute"
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
		{"repair", "CID", 1, "a call to repair a manifest", keyed([]string{"shardreg", "r"}, validCID), readAs[shardreg.Repair]},
		{"seals", "TASK GOVERNOR", 2, "the traps a governor sealed in a task", keyed([]string{"forcederror", "s"}, validID, validAccount), readAs[forcederror.Set]},
		{"trap", "TASK SOLVER", 2, "an opened trap", keyed([]string{"forcederror", "trap"}, validID, validAccount), readAs[forcederror.Trap]},
		{"appeal", "TASK SOLVER APPELLANT", 3, "an appeal against a judgement", keyed([]string{"dispute", "a"}, validID, validAccount, validAccount), readAs[dispute.Appeal]},
		{"multiplier", "ACCOUNT", 1, "what an account's rewards are multiplied by", accountAt("rewards", "multiplier"), readAs[rewards.Multiplier]},
	}
}

func validHex(arg string) (string, error) {
	_, err := rawKey([]string{arg})
	return arg, err
}
