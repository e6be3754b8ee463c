package cli

import (
	"time"

	"github.com/spf13/cobra"

	"autonet/node/devnet/report"
)

// Root is the command tree, for tests.
func Root() *cobra.Command {
	a := &app{streams: System()}
	return a.root()
}

// ParseATN reads an amount, for tests.
func ParseATN(text string) (uint64, error) { return parseATN("--goal", text) }

// BarText is a progress bar's line, for tests.
func BarText(done, total int64, took time.Duration) string { return barText("pin", done, total, took) }

// ReadImages reads images to classify, for tests.
func ReadImages(path string) ([][]byte, error) { return readImages(path) }

// Observed is what a run without a terminal prints, for tests.
func Observed(w interface{ Write([]byte) (int, error) }) report.Observer { return &lines{w: w} }
