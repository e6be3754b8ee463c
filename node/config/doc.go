// Package config is a node's configuration: one TOML file in its home, every key with a default, a line of
// documentation and a check. It knows values, not the parts that use them.
package config
