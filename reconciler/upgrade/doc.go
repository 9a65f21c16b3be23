// Package upgrade says what an upgrade of assay would meet, and changes nothing: assay upgrade --check.
//
//	running.go   Running: the assays that are at work here, the controller's and those of jobs, by version
//	releases.go  Newest: the newest release in a folder as `make release` writes it, or at an address
//
// Jobs run a copy of the assay that submitted them, from the state directory, and go on with it through an upgrade. So a new
// binary may be put in the place of the old one at any time; a controller has the new one once it is started again.
package upgrade
