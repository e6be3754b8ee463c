package yuma_test

import (
	"autonet/consensus/yuma"
	"autonet/internal/fixed"
)

func booleans(r yuma.Result, field string) ([]bool, bool) {
	switch field {
	case "new_validator_permits":
		return r.Permits, true
	case "active":
		return r.Active, true
	default:
		return nil, false
	}
}

func vectors(r yuma.Result, field string) ([]float64, bool) {
	switch field {
	case "consensus":
		return real(r.Consensus), true
	case "validator_trust":
		return real(r.Trust), true
	case "rank":
		return real(r.Rank), true
	case "incentive":
		return real(r.Incentive), true
	case "dividends":
		return real(r.Dividends), true
	case "stake":
		return real(r.Stake), true
	case "active_stake":
		return real(r.ActiveStake), true
	case "normalized_server_emission":
		return real(r.ServerShare), true
	case "normalized_validator_emission":
		return real(r.ValidatorShare), true
	case "normalized_combined_emission":
		return real(r.CombinedShare), true
	case "consensus_u16":
		return proportions(r.Consensus), true
	case "validator_trust_u16":
		return proportions(r.Trust), true
	case "incentive_u16":
		return proportions(r.Incentive), true
	case "dividends_u16":
		return proportions(r.Dividends), true
	case "stake_weight_u16":
		return proportions(r.Stake), true
	case "server_emission":
		return integers(r.ServerEmission), true
	case "validator_emission":
		return integers(r.ValidatorEmission), true
	case "emission":
		return integers(r.Emission), true
	default:
		return nil, false
	}
}

func matrices(r yuma.Result, field string) ([]map[uint32]float64, bool) {
	switch field {
	case "weights":
		return entries(r.Weights), true
	case "bonds_norm":
		return entries(r.BondsBefore), true
	case "bonds_delta":
		return entries(r.BondsDelta), true
	case "ema_bonds":
		return entries(r.Bonds), true
	case "ema_bonds_stored":
		return entries(r.BondsStored), true
	case "bonds_u16":
		rows := make([]map[uint32]float64, len(r.StoredBonds))
		for i, row := range r.StoredBonds {
			rows[i] = map[uint32]float64{}
			for _, cell := range row {
				rows[i][cell.Column] = float64(cell.Value)
			}
		}
		return rows, true
	default:
		return nil, false
	}
}

func real(v []fixed.I32F32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x) / (1 << 32)
	}
	return out
}

func proportions(v []fixed.I32F32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x.U16())
	}
	return out
}

func integers(v []uint64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}

func entries(m yuma.Matrix) []map[uint32]float64 {
	rows := make([]map[uint32]float64, len(m))
	for i, row := range m {
		rows[i] = map[uint32]float64{}
		for _, e := range row {
			rows[i][e.Column] = float64(e.Value) / (1 << 32)
		}
	}
	return rows
}
