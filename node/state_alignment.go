package node

import (
	"fmt"
	"strconv"

	"autonet/ledger"
	"autonet/ledger/app"
	"autonet/node/api/types"
)

// priceOf reads what an order would cost an account now, with every reason: who, which project, how many units, and the text
// that is disclosed, if any.
func priceOf() reader {
	return reader{least: 3, most: 4, usage: "ACCOUNT PROJECT UNITS [TEXT]", read: func(v app.View, args []string) (any, error) {
		account, err := ledger.ParseAccount(args[0])
		if err != nil {
			return nil, types.NewError(types.CodeUsage, ledger.Clip(args[0])+" is no account", err.Error(), "an account is a peer ID such as 12D3Koo…")
		}
		units, err := strconv.ParseUint(args[2], 10, 64)
		if err != nil {
			return nil, types.NewError(types.CodeUsage, "the units", fmt.Sprintf("%q is no number of units", ledger.Clip(args[2])), "write it like 100")
		}
		text := ""
		if len(args) > 3 {
			text = args[3]
		}
		price, err := v.PriceReasons(account, args[1], units, text)
		if err != nil {
			return nil, ledgerError("the price of an order", err)
		}
		return price, nil
	}}
}

// standardsPrice reads what publishing a text as standards costs now.
func standardsPrice() reader {
	return reader{least: 1, most: 1, usage: "TEXT", read: func(v app.View, args []string) (any, error) {
		price, closeness, err := v.StandardsPrice(args[0])
		if err != nil {
			return nil, ledgerError("the price of these standards", err)
		}
		return struct {
			Price     ledger.Natn `json:"price"`
			Closeness uint16      `json:"closeness"` // to the network; 65535 = 1
		}{price, closeness}, nil
	}}
}
