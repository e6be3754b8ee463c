package staking

import "autonet/ledger"

// Bounds of the module.
const (
	MaxUnbonding  = 16  // entries of one account on their way out at a time
	MaxValidators = 128 // the strongest make the set
	maxReleases   = 256 // entries that end in one block; later ones end in the next
)

// Stake is what an account has at risk in one role.
type Stake struct {
	_         struct{}    `cbor:",toarray"`
	Bonded    ledger.Natn `json:"bonded"`
	Unbonding ledger.Natn `json:"unbonding"` // on its way out, still slashable
	Locked    ledger.Natn `json:"locked"`    // held by tasks and disputes; at most the sum of the two
}

// roleCount is the number of roles; Record keeps a stake for each.
const roleCount = 6

// Record is everything the module keeps of one account besides its locks and its unbonding entries.
type Record struct {
	_       struct{}         `cbor:",toarray"`
	Stakes  [roleCount]Stake `json:"stakes"` // in the order of ledger.Roles
	ConsKey []byte           `json:"cons_key,omitempty"`
	Salts   ledger.Hash      `json:"salts"`   // head of the salt chain
	Next    uint64           `json:"next"`    // number of the next unbonding entry
	Leaving uint32           `json:"leaving"` // unbonding entries there are
	Barred  bool             `json:"barred"`  // from the validator set, until another consensus key is in force
}

// Active reports whether the account has a role's minimum bonded and is not barred from it.
func (r Record) Active(p ledger.Params, role Role) bool {
	least := p.Role(role).MinStake
	return least > 0 && r.Of(role).Bonded >= least && (role != Validator || !r.Barred)
}

// Of returns the stake for a role.
func (r Record) Of(role Role) Stake {
	for i, known := range ledger.Roles() {
		if known == role {
			return r.Stakes[i]
		}
	}
	return Stake{}
}

// indexed is the amount under which the account is listed among a role's holders.
func (r Record) indexed(role Role) ledger.Natn {
	if role == Validator && r.Barred {
		return 0
	}
	return r.Of(role).Bonded
}

// Power is the governance power of the account's own stake: the bonded sum of all roles.
func (r Record) Power() ledger.Natn {
	sum := ledger.Natn(0)
	for _, s := range r.Stakes {
		sum += s.Bonded
	}
	return sum
}

// stakeOf returns the place of the stake for a role; for an unknown role it is a place outside the record.
func stakeOf(r *Record, role Role) *Stake {
	for i, known := range ledger.Roles() {
		if known == role {
			return &r.Stakes[i]
		}
	}
	return &Stake{}
}

// Entry is stake on its way out.
type Entry struct {
	_      struct{}    `cbor:",toarray"`
	Role   Role        `json:"role"`
	Amount ledger.Natn `json:"amount"`
	EndMS  int64       `json:"end_ms"`  // ledger time
	Due    bool        `json:"waiting"` // its time has come, but a lock still needs it
}

// Lock is stake held for a purpose.
type Lock struct {
	Role    Role        `json:"role"`
	Purpose string      `json:"purpose"`
	Amount  ledger.Natn `json:"amount"`
}

// Member is one validator of the set as it was last reported to consensus.
type Member struct {
	_       struct{} `cbor:",toarray"`
	ConsKey []byte   `json:"cons_key"`
	Power   int64    `json:"power"` // whole ATN
}

// Update is a change of the validator set; power 0 removes.
type Update struct {
	Account ledger.Account
	ConsKey []byte
	Power   int64
}

// Penalty is one slash: who, how much, why, and on which evidence.
type Penalty struct {
	Account  ledger.Account
	Role     Role
	Amount   ledger.Natn
	Reporter ledger.Account // may be empty
	Ref      string         // the task, dispute or height it belongs to
	Cause    string
	Evidence string
}

// Bonded says that an account put stake at risk.
type Bonded struct {
	Account ledger.Account `json:"account"`
	Role    Role           `json:"role"`
	Amount  ledger.Natn    `json:"amount"`
	Total   ledger.Natn    `json:"total"` // bonded in the role now
	Active  bool           `json:"active"`
}

// Unbonding says that stake began its way out.
type Unbonding struct {
	Account ledger.Account `json:"account"`
	Role    Role           `json:"role"`
	Amount  ledger.Natn    `json:"amount"`
	Total   ledger.Natn    `json:"total"` // bonded in the role now
	Active  bool           `json:"active"`
	EndMS   int64          `json:"end_ms"`
}

// Released says that stake became spendable again.
type Released struct {
	Account ledger.Account `json:"account"`
	Role    Role           `json:"role"`
	Amount  ledger.Natn    `json:"amount"`
}

// Slashed says what an account lost and why. Amount is what was taken, which is less than what was due when the stake
// did not suffice.
type Slashed struct {
	Account  ledger.Account `json:"account"`
	Role     Role           `json:"role"`
	Due      ledger.Natn    `json:"due"`
	Amount   ledger.Natn    `json:"amount"`
	Cause    string         `json:"cause"`
	Evidence string         `json:"evidence,omitempty"`
	Ref      string         `json:"ref,omitempty"`
	Reporter ledger.Account `json:"reporter,omitempty"`
	Share    ledger.Natn    `json:"share,omitempty"` // of the reporter; the rest went to the treasury
	Total    ledger.Natn    `json:"total"`           // bonded in the role now
	Active   bool           `json:"active"`
}

// Locked says that stake is held for a purpose.
type Locked struct {
	Account ledger.Account `json:"account"`
	Role    Role           `json:"role"`
	Purpose string         `json:"purpose"`
	Amount  ledger.Natn    `json:"amount"`
}

// Unlocked says that a hold ended.
type Unlocked struct {
	Account ledger.Account `json:"account"`
	Role    Role           `json:"role"`
	Purpose string         `json:"purpose"`
	Amount  ledger.Natn    `json:"amount"`
}

// SaltsSet says that an account committed a new salt chain.
type SaltsSet struct {
	Account ledger.Account `json:"account"`
	Head    ledger.Hash    `json:"head"`
}

// ValidatorChanged says that the validator set changed; power 0 means removed.
type ValidatorChanged struct {
	Account ledger.Account `json:"account"`
	ConsKey []byte         `json:"cons_key"`
	Power   int64          `json:"power"`
}

// Barred says that a validator was caught by consensus and leaves the validator set.
type Barred struct {
	Account ledger.Account `json:"account"`
	Offence string         `json:"offence"`
	Height  int64          `json:"height"` // of the offence
}

// KeyRotated says from which epoch on another key signs for an account.
type KeyRotated struct {
	Account  ledger.Account `json:"account"`
	Key      ledger.Account `json:"key"` // peer ID of the new key
	Replaces ledger.Account `json:"replaces"`
	Epoch    uint64         `json:"epoch"`
}

// ConsensusKeyRotated says from which epoch on a validator signs blocks with another key.
type ConsensusKeyRotated struct {
	Account  ledger.Account `json:"account"`
	ConsKey  []byte         `json:"cons_key"`
	Replaces []byte         `json:"replaces"`
	Epoch    uint64         `json:"epoch"`
}

// EventKind implements ledger.EventData.
func (Barred) EventKind() string { return "staking/barred" }

// EventKind implements ledger.EventData.
func (KeyRotated) EventKind() string { return "staking/key-rotated" }

// EventKind implements ledger.EventData.
func (ConsensusKeyRotated) EventKind() string { return "staking/consensus-key-rotated" }

// EventKind implements ledger.EventData.
func (Bonded) EventKind() string { return "staking/bonded" }

// EventKind implements ledger.EventData.
func (Unbonding) EventKind() string { return "staking/unbonding" }

// EventKind implements ledger.EventData.
func (Released) EventKind() string { return "staking/released" }

// EventKind implements ledger.EventData.
func (Slashed) EventKind() string { return "staking/slashed" }

// EventKind implements ledger.EventData.
func (Locked) EventKind() string { return "staking/locked" }

// EventKind implements ledger.EventData.
func (Unlocked) EventKind() string { return "staking/unlocked" }

// EventKind implements ledger.EventData.
func (SaltsSet) EventKind() string { return "staking/salts-set" }

// EventKind implements ledger.EventData.
func (ValidatorChanged) EventKind() string { return "staking/validator-changed" }

// Events returns one zero event of every kind, for decoders.
func Events() []ledger.EventData {
	return []ledger.EventData{
		Bonded{},
		Unbonding{},
		Released{},
		Slashed{},
		Locked{},
		Unlocked{},
		SaltsSet{},
		ValidatorChanged{},
		Barred{},
		KeyRotated{},
		ConsensusKeyRotated{},
	}
}
