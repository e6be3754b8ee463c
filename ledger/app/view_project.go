package app

import (
	"autonet/ledger"
	"autonet/ledger/project"
)

// Order returns an order for inference.
func (v View) Order(id string) (project.OrderRecord, bool) { return v.app.project.Order(v.kv, id) }

// Orders returns every order of a project, in ascending order of ID; of all projects for an empty one.
func (v View) Orders(id string) []project.OrderRecord {
	var orders []project.OrderRecord
	v.app.project.Orders(v.kv, func(o project.OrderRecord) bool {
		if id == "" || o.Project == id {
			orders = append(orders, o)
		}
		return true
	})
	return orders
}

// Quote returns what an order would cost an account now: what is shown here is what is charged, as long as the project,
// the account's tokens and the subsidy pool stay as they are.
func (v View) Quote(payer ledger.Account, id string, units uint64, text string) (project.Price, error) {
	_, price, _, err := v.app.project.Quote(v.context(payer), v.kv, id, units, text)
	return price, err
}

// Serving returns the model version that a project sells inference from.
func (v View) Serving(id string) (project.Version, bool) { return v.app.project.Serving(v.kv, id) }

// Revenue returns the book of a project's shared revenue.
func (v View) Revenue(id string) project.Revenue { return v.app.project.Revenue(v.kv, id) }

// RevenueDue returns what a holder can withdraw of a project's revenue now.
func (v View) RevenueDue(id string, holder ledger.Account) ledger.Natn {
	return v.app.project.Due(v.kv, id, holder)
}
