// Package accept turns what a user declares into revisions of the store.
//
//	accept.go   Batch: the experiments of one manifest, accepted, previewed, or gone from a followed source
//	guard.go    the prune guard, asked before a revision is stored
//	undo.go     an older revision as the newest one
//
// An experiment has an owner: the command line, or the source that is followed. A source deletes only what it brought
// itself, so that experiments applied by hand are safe from it, and it from them.
package accept
