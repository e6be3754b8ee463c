package ledger

import "fmt"

// ShardParams are the numbers of audits, availability and repair of stored models. Times are ledger time: audits and
// repair are never halted.
type ShardParams struct {
	RoundMS        int64  `json:"round_ms"`         // between the rounds in which audits are drawn and models are looked over
	AuditsPerRound uint32 `json:"audits_per_round"` // drawn at most
	AnswerMS       int64  `json:"answer_ms"`        // to answer an audit
	AnswerBlocks   uint32 `json:"answer_blocks"`    // least number of blocks to answer in, so that a chain that slept is no miss
	Passed         uint16 `json:"passed"`           // reputation for an audit passed
	Failed         uint16 `json:"failed"`           // reputation lost by an audit failed

	SweepPerRound   uint32 `json:"sweep_per_round"`   // models looked over in one round
	RepairsPerRound uint32 `json:"repairs_per_round"` // repairs called in one round
	RepairMS        int64  `json:"repair_ms"`         // for the elected repairer, then another is elected

	// A model of k data and m parity columns is called for repair at k + m × RepairPerMille / 1000 live columns or fewer, and
	// urgently at k + m × UrgentPerMille / 1000: 12 and 11 for 10 + 4.
	RepairPerMille uint64 `json:"repair_per_mille"`
	UrgentPerMille uint64 `json:"urgent_per_mille"`
}

func defaultShardParams() ShardParams {
	return ShardParams{
		RoundMS:         minute,
		AuditsPerRound:  16,
		AnswerMS:        10 * minute,
		AnswerBlocks:    8,
		Passed:          10,
		Failed:          50,
		SweepPerRound:   64,
		RepairsPerRound: 16,
		RepairMS:        hour,
		RepairPerMille:  500,
		UrgentPerMille:  250,
	}
}

// devnet returns the numbers of a swarm on one machine.
func (p ShardParams) devnet() ShardParams {
	p.RoundMS = 5 * second
	p.AuditsPerRound = 4
	p.AnswerMS = 30 * second
	p.RepairMS = 30 * second
	return p
}

func (p ShardParams) validate() error {
	for _, w := range []struct {
		name string
		ms   int64
	}{
		{"round_ms", p.RoundMS},
		{"answer_ms", p.AnswerMS},
		{"repair_ms", p.RepairMS},
	} {
		if err := checkSpan(w.name, w.ms, 100, 30*day); err != nil {
			return err
		}
	}
	for _, b := range []struct {
		name          string
		n, least, top uint32
	}{
		{"audits_per_round", p.AuditsPerRound, 0, 1024},
		{"answer_blocks", p.AnswerBlocks, 1, 10_000},
		{"passed", uint32(p.Passed), 0, 1000},
		{"failed", uint32(p.Failed), 0, 1000},
		{"sweep_per_round", p.SweepPerRound, 1, 1024},
		{"repairs_per_round", p.RepairsPerRound, 1, 1024},
	} {
		if b.n < b.least || b.n > b.top {
			return fmt.Errorf("%s is %d: it must be between %d and %d", b.name, b.n, b.least, b.top)
		}
	}
	if p.RepairPerMille > 1000 || p.UrgentPerMille > p.RepairPerMille {
		return fmt.Errorf("urgent_per_mille is %d and repair_per_mille %d: they must ascend and be at most 1000", p.UrgentPerMille, p.RepairPerMille)
	}
	return nil
}
