package abci

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrTorn reports stores that have lost more than a crash can explain: the blocks, the state and the events end at
// heights from which none can be made again. The data folder must be removed, and the node joins anew.
var ErrTorn = errors.New("the stores do not belong together")

// repair takes the state back to the last height that the blocks and the event log reach too. In a crash of the process
// nothing is behind: a block is on disk before it is executed, and its events before its state. What a failing disk tore
// off the end of a journal is made again from the blocks.
func (s *stores) repair() error {
	version := s.state.version()
	if version == 0 {
		return nil
	}
	last, err := s.states.Load()
	if err != nil {
		return fmt.Errorf("load the state of consensus: %w", err)
	}
	logged, known, err := s.log.height()
	if err != nil {
		return err
	}
	to := version
	if known {
		to = min(to, logged)
	}
	blocks := s.blocks.Height()
	to = min(to, max(blocks, last.LastBlockHeight))
	if blocks == version && last.LastBlockHeight == version-1 { // CometBFT will want to hear what this block led to
		if _, err := s.states.LoadLastFinalizeBlockResponse(version); err != nil {
			to = min(to, version-1)
		}
	}
	if to == version {
		return nil
	}
	if to > 0 && s.state.tree.VersionExists(to) {
		return s.state.rollback(to)
	}
	if s.blocks.Base() > 1 || blocks < last.LastBlockHeight { // the first blocks are not there to be executed again
		return fmt.Errorf("the state is at height %d, the blocks at %d from %d on, the events at %d: %w",
			version, blocks, s.blocks.Base(), logged, ErrTorn)
	}
	return s.state.clear()
}

// rollback forgets the states after a height.
func (s *stateTree) rollback(to int64) error {
	if err := s.tree.LoadVersionForOverwriting(to); err != nil {
		return fmt.Errorf("take the state back to height %d: %w", to, err)
	}
	if err := s.close(); err != nil { // the trees of readers must not remember what they saw
		return err
	}
	return s.open()
}

// height is the last one that was written; not known for a log that never said so.
func (l *eventLog) height() (height int64, known bool, err error) {
	raw, err := l.db.Get([]byte{keyHeight})
	if err != nil {
		return 0, false, fmt.Errorf("read the event log: %w", err)
	}
	if len(raw) != 8 {
		return 0, false, nil
	}
	return int64(binary.BigEndian.Uint64(raw)), true, nil
}

func encodeHeight(height int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(height)) }
