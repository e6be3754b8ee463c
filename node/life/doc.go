// Package life starts layers of services upwards and stops them downwards, each with a deadline whose error names the
// service that hung. A service is a function that blocks until its context ends; a constructor starts nothing.
//
// It knows nothing of what the services do.
package life
