// Package results is what benchmarks have measured, as rows: one for each run, which reports print, and which gates and
// comparisons group by benchmark and point.
//
// Only ended runs that are whole make a row; one that is not valid makes a row that says so and is counted by nobody. Of
// a repeat that was done several times, because the target or the manifest changed, the newest row stands for it.
//
// Statistics over repeats are of two kinds. A Summary is the mean with its t interval: repeats are means of many requests
// themselves, so near enough to normal, and an interval over three of them is finite. A comparison of two groups makes no
// such assumption: golang.org/x/perf/benchmath, which is what benchstat uses, gives medians with their order-statistic
// intervals and the Mann-Whitney test; three repeats on each side can never reach p < 0.05 there, and it says so.
// Quantiles of Student's t come from gonum.
package results
