package ledger

import (
	"strconv"
	"strings"
)

// Natn is an amount in nano-ATN (10⁻⁹ ATN). Arithmetic on amounts is checked: see autonet/internal/fixed.
type Natn uint64

// ATN is one whole token.
const ATN Natn = 1_000_000_000

// DenomATN names the native token in balances; every other denomination is a project's ID.
const DenomATN = "ATN"

// String writes the amount in whole tokens without trailing zeros, such as "12.5 ATN".
func (n Natn) String() string {
	whole := strconv.FormatUint(uint64(n/ATN), 10)
	frac := uint64(n % ATN)
	if frac == 0 {
		return whole + " ATN"
	}
	digits := strconv.FormatUint(frac, 10)
	digits = strings.Repeat("0", 9-len(digits)) + digits
	return whole + "." + strings.TrimRight(digits, "0") + " ATN"
}
