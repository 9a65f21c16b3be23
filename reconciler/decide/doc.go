// Package decide says what repeated measurements tell, and how sure that is. It is pure: numbers in, numbers out.
//
//	run.go     Run, and what counts as one observation: a run, or a deployment of the server
//	apart.go   the middle, and runs that lie far apart from the others
//	typical.go the interval of the typical run, and a bound against it
//	change.go  the interval of a change
//	test.go    whether two sides differ in any of their metrics
//	rotate.go  what chance would do to many metrics together
//	looks.go   looking at results before all of them are there
//	power.go   how often a true difference would be found, and how often chance would be taken for one
//
// # What is one observation
//
// Runs against one server share its luck: placement, memory layout, compilation, warm caches. So where every side has two
// deployments or more, a deployment is one observation: the median of its runs. With 2 % between deployments and 2 % within,
// a test over runs of one deployment calls a difference in 30 % of comparisons of equal things at 5 runs and in 52 % at 10;
// over deployments it is 5 % at most. With one deployment on a side there is nothing else than runs to count: the
// result says what holds for these deployments, and Covers says in words what it does not cover.
//
// # The scale
//
// Times and rates vary by shares, so positive values are compared as logarithms; others as they are.
//
// # Outliers
//
// What is decided is the typical run. A deployment counts by the median of its runs. Where runs are the observations, one
// that lies far apart from the others (so many times their median deviation, more for few runs: see apart.go) is set
// aside and counted: it is named, and no bound passes while such a run lies beyond it.
//
// # Many metrics
//
// The metrics of a run hang together, so those of one benchmark at one point are tested as one family: the differences are
// compared with what the same numbers show when the two sides are mixed by chance, all metrics alike (a rotation test,
// Langsrud 2005, with the step-down of Westfall and Young). A family calls any difference of equal things in at most 5 % of
// cases, whatever the metrics share; the more metrics, the farther a run must lie apart before it is pulled in (apart.go), since
// of many one always seems to. Metrics that some runs lack take their part of the 5 %. Unlike a test of ranks with a correction it
// has no least p-value: four runs a side are enough to call one bad metric among many.
//
// # Pairs
//
// Runs with the same seed send the same requests. Where both sides have deployments with the same seeds, what a seed does to
// all of them is taken out first. Where the sides are single deployments with the same seeds, five or more, or were measured
// in turn, the differences of the pairs are what is tested.
//
// # Looking early
//
// Who looks after every run and stops at the first good answer is wrong more often than 5 %. So each look has a share of
// the 5 %: the last one half of it, the earlier ones the other half in equal parts. However the looks hang together, the sum
// is a bound.
//
// gonum has Student's t.
package decide
