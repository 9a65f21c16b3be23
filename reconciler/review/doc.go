// Package review judges a pull request by what was measured of it, beside what was measured of its base.
//
//	review.go    Judge: every check of every experiment that the pull request changes, and the verdict
//	judge.go     the checks: it runs, what the base measures is measured, and no metric is worse than is allowed
//	markdown.go  the comment for people
//	junit.go     the same for machines
//
// Verdicts are those of package gate: GO, NO-GO, INCONCLUSIVE. A metric is compared by the interval of its change: NO-GO when the
// whole interval is beyond what is allowed, GO when the whole interval is within, INCONCLUSIVE between. So too few repeats never
// pass, and noise alone does not fail. The metrics are those that the gates of the benchmark name, in the base or in the pull
// request: taking a gate away does not take away the look at its metric. Without a gate they are the headlines of the catalogue.
//
// What a pull request no longer measures, or measures under another load, is INCONCLUSIVE. What is new has nothing to be compared
// with, and its own gates decide.
package review
