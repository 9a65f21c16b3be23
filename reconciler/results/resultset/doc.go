// Package resultset decides which results count: for a revision, for a reference that a user types, and for a gate.
//
//	measurements.go  the revisions of an experiment, and the results that count for each
//	reference.go     EXPERIMENT, EXPERIMENT@REVISION, EXPERIMENT@COMMIT, label:KEY=VALUE, file:PATH
//	verdicts.go      every gate of a revision, at every point that it declares
//	complete.go      the points of a revision, and whether all of them are measured
//	changed.go       since when the metrics of gates are as they are
//	turns.go         targets that were measured in turn; baselines that are not there
//	promql.go        the values of PromQL gates: means over the windows of the runs
//
// A run counts for the revision that it was made for, and for every other revision that measures the same thing: the same
// benchmark at the same point with the same configuration. So a changed gate keeps its results, and a changed model has
// none yet. Of a repeat that was done several times the newest counts.
//
// The package is apart from results, which is pure: rows and statistics without a store. Here the store and the compiler,
// which says what a revision measures, are handed in, and gates are evaluated, which import results themselves.
package resultset
