package ledger

import "fmt"

// YumaParams are the numbers of the consensus that runs over every settled task at an epoch's end.
type YumaParams struct {
	Kappa         uint64 `json:"kappa"`          // majority that supports a weight; 65535 = 1.0
	BondsPenalty  uint64 `json:"bonds_penalty"`  // how much of what is clipped is lost to bonds too; 65535 = 1.0
	MovingAverage uint64 `json:"moving_average"` // part of a bond that lasts from one run to the next; 1000000 = 1.0
	MaxBonds      uint32 `json:"max_bonds"`      // kept for one coordinator in one project; the weakest give way
	RunsPerBlock  uint32 `json:"runs_per_block"` // tasks that one block closes; the rest follow in the next blocks
}

func defaultYumaParams() YumaParams {
	return YumaParams{Kappa: 32767, BondsPenalty: 65535, MovingAverage: 900_000, MaxBonds: 128, RunsPerBlock: 16}
}

func (p YumaParams) validate() error {
	for _, b := range []struct {
		name          string
		n, least, top uint64
	}{
		{"kappa", p.Kappa, 1, 65535},
		{"bonds_penalty", p.BondsPenalty, 0, 65535},
		{"moving_average", p.MovingAverage, 0, 999_999},
		{"max_bonds", uint64(p.MaxBonds), 33, 1024},
		{"runs_per_block", uint64(p.RunsPerBlock), 1, 1024},
	} {
		if b.n < b.least || b.n > b.top {
			return fmt.Errorf("%s is %d: it must be between %d and %d", b.name, b.n, b.least, b.top)
		}
	}
	return nil
}
