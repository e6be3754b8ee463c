package ledger

import "fmt"

// ServiceParams are the numbers of what projects sell: inference and the sharing of its revenue. Times run on the work
// clock, but for MatureMS, which is ledger time.
type ServiceParams struct {
	// Revenue of a delivered order; the treasury receives what these leave.
	ProviderPerMille uint64 `json:"provider_per_mille"`
	HoldersPerMille  uint64 `json:"holders_per_mille"` // shared by the holders of the project's token

	MaxDiscountPerMille uint64 `json:"max_discount_per_mille"` // of a tier
	MaxUnits            uint64 `json:"max_units"`              // of one order

	MatureMS  int64 `json:"mature_ms"`  // a project rests before its first deployment
	DeliverMS int64 `json:"deliver_ms"` // for the drawn provider
	ReviewMS  int64 `json:"review_ms"`  // for the buyer, from the delivery
}

func defaultServiceParams() ServiceParams {
	return ServiceParams{
		ProviderPerMille:    600,
		HoldersPerMille:     250,
		MaxDiscountPerMille: 500,
		MaxUnits:            1 << 40,
		MatureMS:            day,
		DeliverMS:           10 * minute,
		ReviewMS:            hour,
	}
}

// devnet returns the numbers of a swarm on one machine.
func (p ServiceParams) devnet() ServiceParams {
	p.MatureMS = 5 * second
	p.DeliverMS = 20 * second
	p.ReviewMS = 5 * second
	return p
}

func (p ServiceParams) validate() error {
	switch {
	case p.ProviderPerMille > 1000 || p.HoldersPerMille > 1000 || p.ProviderPerMille+p.HoldersPerMille > 1000:
		return fmt.Errorf("provider_per_mille is %d and holders_per_mille %d: together they must be at most 1000", p.ProviderPerMille, p.HoldersPerMille)
	case p.MaxDiscountPerMille >= 1000:
		return fmt.Errorf("max_discount_per_mille is %d: it must be below 1000", p.MaxDiscountPerMille)
	case p.MaxUnits == 0 || p.MaxUnits > 1<<50:
		return fmt.Errorf("max_units is %d: it must be between 1 and 2⁵⁰", p.MaxUnits)
	}
	for _, w := range []struct {
		name string
		ms   int64
	}{
		{"mature_ms", p.MatureMS},
		{"deliver_ms", p.DeliverMS},
		{"review_ms", p.ReviewMS},
	} {
		if err := checkSpan(w.name, w.ms, 100, 30*day); err != nil {
			return err
		}
	}
	return nil
}
