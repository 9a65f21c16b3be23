// Package changes finds where a metric changed over the revisions of an experiment.
//
//	find.go    Find: the change points of a series
//	bisect.go  Bisect: the same for every point of an experiment's benchmarks, with the revision that each came with
//	last.go    LastOf: the newest change of each series
//
// A series has one value a revision, the median of its repeats: what differs between two deployments of a server is noise of the
// series, and repeats on one deployment do not hide it. Where to split is decided as by E-divisive means (Matteson and James 2014,
// used by Hunter and Apache Otava): where the energy distance between what is before and behind is largest. Whether a split counts
// is decided by Student's t-test of the two parts, times the number of places at which the series could have been split. So a
// series without a change shows one in at most 5 % of cases, however long it is. Both parts are searched on, at the same price.
//
// Positive values are compared as ratios.
package changes
