package types

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ATN writes nano-ATN for people, exactly: "12.5 ATN".
func ATN(natn uint64) string {
	const unit = 1_000_000_000
	whole, rest := natn/unit, natn%unit
	text := strconv.FormatUint(whole, 10)
	if rest > 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%09d", rest), "0")
	}
	return text + " ATN"
}

// Bytes writes a number of bytes for people in binary units: "1.5 MiB".
func Bytes[N int | int64 | uint64](n N) string {
	const step = 1024
	if n < step {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), 0
	for value >= step && unit < 6 {
		value /= step
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTPE"[unit-1])
}

// Span writes milliseconds for people, coarsely: "3m20s".
func Span(ms int64) string {
	d := time.Duration(ms) * time.Millisecond
	switch {
	case d < time.Second:
		return d.String()
	case d >= time.Hour:
		return strings.TrimSuffix(d.Truncate(time.Minute).String(), "0s")
	case d >= 10*time.Second:
		return d.Truncate(time.Second).String()
	default:
		return d.Truncate(100 * time.Millisecond).String()
	}
}

// Short cuts a peer ID, CID or hash to what people compare: "…7Hc4Kd9Q".
func Short(id string) string {
	const keep = 8
	if len(id) <= keep+1 {
		return id
	}
	return "…" + id[len(id)-keep:]
}
