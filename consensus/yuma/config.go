package yuma

import (
	"errors"
	"fmt"

	"autonet/internal/fixed"
)

// ErrInput reports numbers that an epoch cannot be computed from.
var ErrInput = errors.New("not the input of an epoch")

// Version says how bonds are made.
type Version uint8

// The versions.
const (
	// Yuma3 keeps each row's own bond to each column, without stake; dividends are weighed by stake afterwards.
	Yuma3 Version = iota
	// Yuma2 shares each column's bonds out among the rows by stake.
	Yuma2
)

// NoOwner stands for a network without an owner.
const NoOwner = -1

// NoCommit stands for a row without an unrevealed commitment.
const NoCommit = ^uint64(0)

// maxNeurons bounds the width of a network.
const maxNeurons = 1 << 16

// Liquid is the option that lets every bond move at a speed of its own: the further a weight is from the consensus, the
// faster. It works with Yuma3.
type Liquid struct {
	On        bool
	Low, High uint16 // speeds, of 65535
	Steepness int16  // of the curve between them, in hundredths
	Dense     bool   // a bond whose column the new row leaves out decays; otherwise it is gone
}

// Config is how an epoch is computed. [DefaultConfig] is the network's.
type Config struct {
	Version       Version
	Kappa         uint16 // majority that supports a weight, of 65535
	Penalty       uint16 // how much of what is clipped is lost to bonds too, of 65535
	MovingAverage uint64 // part of a bond that lasts, of 1000000
	Liquid        Liquid
	Validators    int    // most permits
	Threshold     uint64 // stake below it counts as none
	Cutoff        uint64 // blocks after its last update in which a neuron is active
	Tempo         uint64 // blocks between epochs
	Owner         int    // neuron that is exempt from threshold, permits and the diagonal; NoOwner for none
}

// DefaultConfig is Yuma3 with a majority of one half, full penalty and a tenth of every bond renewed in an epoch.
func DefaultConfig() Config {
	return Config{
		Kappa: KappaHalf, Penalty: 65535, MovingAverage: 900_000, Validators: 256, Cutoff: 5000, Tempo: 360, Owner: NoOwner,
	}
}

// Input is a network at the end of an epoch. Every list has one element per neuron; an absent list (nil) stands for
// zeros, an absent Committed for no commitments.
type Input struct {
	Block      uint64
	LastStep   uint64   // block of the last epoch; 0 for none
	Stake      []uint64 // its length is the number of neurons
	LastUpdate []uint64 // block in which a row was set
	Registered []uint64 // block in which a neuron was registered
	Committed  []uint64 // block of a row's earliest unrevealed commitment, or NoCommit
	Permits    []bool   // stored by the last epoch
	Weights    [][]Cell // stored rows, each in ascending order of columns
	Bonds      [][]Cell // stored rows, each in ascending order of columns
	Emission   uint64   // to share out
}

func (c Config) check(n int) error {
	switch {
	case c.Version != Yuma3 && c.Version != Yuma2:
		return fmt.Errorf("version %d: %w", c.Version, ErrInput)
	case c.MovingAverage > million:
		return fmt.Errorf("a moving average of %d in a million: %w", c.MovingAverage, ErrInput)
	case c.Liquid.On && c.Liquid.High < c.Liquid.Low:
		return fmt.Errorf("speeds from %d to %d: %w", c.Liquid.Low, c.Liquid.High, ErrInput)
	case c.Validators < 0:
		return fmt.Errorf("%d permits: %w", c.Validators, ErrInput)
	case c.Owner != NoOwner && (c.Owner < 0 || c.Owner >= n):
		return fmt.Errorf("owner %d of %d neurons: %w", c.Owner, n, ErrInput)
	}
	return nil
}

func (in Input) check() error {
	n := len(in.Stake)
	if n > maxNeurons {
		return fmt.Errorf("%d neurons; at most %d: %w", n, maxNeurons, ErrInput)
	}
	for _, list := range []struct {
		name string
		size int
	}{
		{"last updates", len(in.LastUpdate)},
		{"registrations", len(in.Registered)},
		{"commitments", len(in.Committed)},
		{"permits", len(in.Permits)},
		{"rows of weights", len(in.Weights)},
		{"rows of bonds", len(in.Bonds)},
	} {
		if list.size != 0 && list.size != n {
			return fmt.Errorf("%d %s of %d neurons: %w", list.size, list.name, n, ErrInput)
		}
	}
	if err := checkRows("weights", in.Weights, n); err != nil {
		return err
	}
	return checkRows("bonds", in.Bonds, n)
}

func checkRows(what string, rows [][]Cell, n int) error {
	for i, row := range rows {
		for at, cell := range row {
			if int64(cell.Column) >= int64(n) || (at > 0 && cell.Column <= row[at-1].Column) {
				return fmt.Errorf("%s of row %d: column %d at place %d: %w", what, i, cell.Column, at, ErrInput)
			}
		}
	}
	return nil
}

const million = 1_000_000

// alpha is the part of a bond that an epoch renews.
func (c Config) alpha() fixed.I32F32 { return fixed.One.Sub(fixed.Ratio(c.MovingAverage, million)) }
