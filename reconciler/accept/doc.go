// Package accept turns what a user declares into revisions of the store.
//
//	accept.go   Batch: the experiments of one manifest, accepted, previewed, or gone from a followed source
//	owner.go    whose an experiment is, and who may change it
//	removal.go  what an edit would take away
//	guard.go    the prune guard, asked before a revision is stored
//	undo.go     an older revision as the newest one
//	pairs.go    the experiments of a pull request beside those of its base
//	temporary.go  an experiment under another name, for a pull request
//	edit.go     a revision that a person changed, if it is the newest still
//	change.go   the newest revision with one thing changed: suspended, resumed, scaled
//
// An experiment has an owner: the command line, or the source that is followed. A source changes and deletes
// only what it brought itself: experiments applied by hand are left to their user until the source is told to adopt them.
// A user who applies by hand can change any experiment, and then owns it.
package accept
