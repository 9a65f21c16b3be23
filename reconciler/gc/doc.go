// Package gc finds and removes what ended jobs and deleted experiments left behind: assay clean. Nothing of it goes by itself:
// what a deleted experiment measured stays readable until somebody names it, all of it with assay purge.
//
//	find.go       Collector, the kinds, and Find, which lists what can go
//	remove.go     Remove, which checks again and then deletes
//	snapshot.go   what decides: declared experiments, attempts, and the jobs that the scheduler lists
//	jobs.go       directories of ended jobs
//	archive.go    archived records of attempts and of deleted experiments
//	temporary.go  files of writers that were killed, and what an interrupted removal left
//	data.go       data directories below paths.work
//	runs.go       results of deleted experiments
//	purge.go      everything that was measured of one deleted experiment
//	images.go     container images in the state directory
//	sent.go       files that travelled from where a verb was typed
//	paths.go      names and sizes of what lies in the state directory
//
// Find works on one snapshot of the store and of the scheduler. Without the scheduler's answer nothing counts as ended,
// so a failed listing is an error and nothing is removed. Something can go only when all of these hold:
//
//   - no job that may be live owns it: an attempt without an end, or a listed job with its nonce
//   - no declared experiment uses it
//   - it belongs to this state directory: it lies inside of it, or carries a marker with the store's id
//   - it is not a link, and is not reached through one
//   - it is not being made: what has no record is at least an hour old
//
// Unknown jobs, which the scheduler lists under the store's id although their experiment or attempt is not recorded, are
// reported in Found and never cancelled.
//
// Remove lists again, because minutes can pass while the user decides, and leaves what is in use by then. It first
// renames each leftover to a name that begins with ".tmp-clean-" and the store's id, so that no reader finds it half
// deleted, and then deletes. What an interruption leaves under such names is found by the next Find.
package gc
