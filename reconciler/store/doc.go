// Package store keeps everything that has to outlive a process, as plain files on a shared file system.
//
//	id                                    identity of the state directory; the ownership mark of its jobs
//	lease/<epoch>.json                    who may act: create-once, so that one holder wins an epoch
//	revisions/<experiment>/<n>.json       accepted versions, create-once and numbered: the newest is the head
//	intents/<nonce>.json                  submissions, written before the scheduler is asked, until the seat is free again
//	jobs/<experiment>/<seat>/<nonce>/     desired.json, state.json, log/ of one job
//	runs/<experiment>/<run>/              run.json, request.json, claim.json, result.json, samples
//	status/<experiment>.json              what is said; rebuilt by the next pass when lost
//	secrets/<digest>                      values of secrets, named after a keyed hash; key: that key
//	folders/<experiment>.<service>.….json  directories that were asked for, until they are gone
//	metrics.prom                          the controller's own metrics, for any Prometheus to read
//	metrics/<experiment>-<n>.om.gz        what was scraped of an experiment that has ended, as OpenMetrics
//	targets/assay.json                    file_sd for a Prometheus of yours
//	events.jsonl                          what happened, one line each
//	bin/<sha256>/assay                    the binary that jobs run: an upgrade never changes a running job
//	archive/                              ended intents and forgotten experiments
//
// A file is written once (link(2) onto a name that must not exist) or replaced whole (rename), from a temporary file in
// the same folder, with fsync of the file and of the folder. A kill between any two system calls leaves the old
// state or the new one, and perhaps a temporary file, which is ignored, and swept when the lease of a dead holder is taken over. There are no locks that a dead holder would keep
// and no database. Folders are 0700 and files 0600.
//
// Reading needs no lease. Writing what the loop owns (attempts, runs, status, events, targets) goes through a Lease and
// fails with ErrLeaseLost once somebody holds a higher epoch. Revisions are accepted without a lease: their
// numbered, create-once files are the compare-and-swap.
package store
