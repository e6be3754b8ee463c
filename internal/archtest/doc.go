// Package archtest holds the architecture as tests: which package may import which, which library stays in whose
// custody, and what replicated state must never contain. docs/architecture.md gives the reasons.
package archtest
