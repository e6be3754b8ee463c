// Package leasetest gives tests a clock they turn themselves and leases that
// live by it. It promises that time moves only when the test says so. It must
// not be imported outside tests.
package leasetest
