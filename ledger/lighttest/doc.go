// Package lighttest makes chains of headers for tests: signed by validators that change as the chain goes on, without an
// engine, thousands of heights in no time.
//
// It promises the same chain for the same options, and signatures that verify. It must not be used outside tests.
package lighttest
