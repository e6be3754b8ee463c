package ledger

import "fmt"

// PricingParams are the numbers of alignment prices, standards, judges and capability multipliers. Shares are per mille.
type PricingParams struct {
	// What an order pays.
	PremiumPerMille     uint64 `json:"premium_per_mille"`      // k: premium per unit of alignment under one half, at most 2000
	MaxPricePerMille    uint64 `json:"max_price_per_mille"`    // most the user pays, of the base price
	SubsidyPerMille     uint64 `json:"subsidy_per_mille"`      // most of the price the pool pays, whatever maturity and pool
	PoolFull            Natn   `json:"pool_full"`              // the pool at which it limits the subsidy no more
	EpochPerMille       uint64 `json:"epoch_per_mille"`        // of the pool, most paid in one epoch
	ProjectPerMille     uint64 `json:"project_per_mille"`      // of the pool, most paid for one project in one epoch
	MedianProjects      uint32 `json:"median_projects"`        // that must have sold in an epoch before its median price counts
	MatureVersions      uint64 `json:"mature_versions"`        // verified model versions of a fully mature project
	MatureEpochs        uint64 `json:"mature_epochs"`          // age of a fully mature project, in lengths of an epoch
	ClosePerMille       uint64 `json:"close_per_mille"`        // closeness to the network that a community needs for subsidies
	JoinPerMille        uint64 `json:"join_per_mille"`         // closeness to a community that joining needs
	PublishBase         Natn   `json:"publish_base"`           // of a community's standards; 1 × to 3 ×, by closeness
	AskFee              Natn   `json:"ask_fee"`                // for a round of judges, to the subsidy pool
	JudgePower          Natn   `json:"judge_power"`            // governance power a judge needs
	JudgeCommitMS       int64  `json:"judge_commit_ms"`        // work clock
	JudgeRevealMS       int64  `json:"judge_reveal_ms"`        // work clock
	Judges              uint32 `json:"judges"`                 // least number whose scores count
	MaxJudges           uint32 `json:"max_judges"`             // most in one round
	MaxRounds           uint32 `json:"max_rounds"`             // open at one time
	JudgeQuorumPerMille uint64 `json:"judge_quorum_per_mille"` // of all governance power, that must have revealed
	MaxCapabilities     uint32 `json:"max_capabilities"`       // kept multipliers
	CapabilityShift     uint32 `json:"capability_shift"`       // an epoch's weight in the average is 2⁻ˢʰⁱᶠᵗ
	MinReward           uint64 `json:"min_reward_per_mille"`   // multiplier of a saturated capability
	MaxReward           uint64 `json:"max_reward_per_mille"`   // multiplier of a capability that nobody supplies
}

func defaultPricingParams() PricingParams {
	return PricingParams{
		PremiumPerMille:     1000,
		MaxPricePerMille:    2000,
		SubsidyPerMille:     900,
		PoolFull:            1_000_000 * ATN,
		EpochPerMille:       100,
		ProjectPerMille:     10,
		MedianProjects:      3,
		MatureVersions:      20,
		MatureEpochs:        120,
		ClosePerMille:       600,
		JoinPerMille:        300,
		PublishBase:         10 * ATN,
		AskFee:              ATN,
		JudgePower:          1000 * ATN,
		JudgeCommitMS:       hour,
		JudgeRevealMS:       hour,
		Judges:              3,
		MaxJudges:           64,
		MaxRounds:           256,
		JudgeQuorumPerMille: 200,
		MaxCapabilities:     256,
		CapabilityShift:     3,
		MinReward:           500,
		MaxReward:           3000,
	}
}

// devnet returns the numbers of a swarm on one machine.
func (p PricingParams) devnet() PricingParams {
	p.MedianProjects = 1
	p.MatureVersions = 3
	p.MatureEpochs = 3
	p.JudgeCommitMS = 20 * second
	p.JudgeRevealMS = 20 * second
	return p
}

func (p PricingParams) validate() error {
	for _, s := range []struct {
		name           string
		n, least, most uint64
	}{
		{"premium_per_mille", p.PremiumPerMille, 0, 2000},
		{"max_price_per_mille", p.MaxPricePerMille, 1000, 2000},
		{"subsidy_per_mille", p.SubsidyPerMille, 0, 900},
		{"pool_full", uint64(p.PoolFull), 1000, 1_000_000_000 * uint64(ATN)},
		{"epoch_per_mille", p.EpochPerMille, 0, 100},
		{"project_per_mille", p.ProjectPerMille, 0, 10},
		{"median_projects", uint64(p.MedianProjects), 1, 1024},
		{"mature_versions", p.MatureVersions, 1, 1_000_000},
		{"mature_epochs", p.MatureEpochs, 1, 1_000_000},
		{"close_per_mille", p.ClosePerMille, 500, 1000},
		{"join_per_mille", p.JoinPerMille, 0, 1000},
		{"publish_base", uint64(p.PublishBase), 1, 1_000_000 * uint64(ATN)},
		{"ask_fee", uint64(p.AskFee), 1, 1_000_000 * uint64(ATN)},
		{"judge_power", uint64(p.JudgePower), 1, 1_000_000_000 * uint64(ATN)},
		{"judges", uint64(p.Judges), 1, uint64(p.MaxJudges)},
		{"max_judges", uint64(p.MaxJudges), 1, 256},
		{"max_rounds", uint64(p.MaxRounds), 1, 4096},
		{"judge_quorum_per_mille", p.JudgeQuorumPerMille, 0, 1000},
		{"max_capabilities", uint64(p.MaxCapabilities), 1, 4096},
		{"capability_shift", uint64(p.CapabilityShift), 0, 8},
		{"min_reward_per_mille", p.MinReward, 500, 1000},
		{"max_reward_per_mille", p.MaxReward, 1000, 3000},
	} {
		if s.n < s.least || s.n > s.most {
			return fmt.Errorf("%s is %d: it must be between %d and %d", s.name, s.n, s.least, s.most)
		}
	}
	if err := checkSpan("judge_commit_ms", p.JudgeCommitMS, 100, 30*day); err != nil {
		return err
	}
	return checkSpan("judge_reveal_ms", p.JudgeRevealMS, 100, 30*day)
}
