// Package series is statistics of one quantity in the order of time: how sure a percentile or a mean is, whether there is a
// trend, and where the warm-up ends. It does no I/O and knows no clock.
//
// # Intervals
//
// Latencies of one run are not independent: a queue that one request meets, the next one meets too. As if they were, the 95 %
// interval of a median covers it in 30 to 43 % of runs (an M/G/1 queue at a load of 0.8, an AR(1) series with 0.9). So the
// spread is found from batch means: the series is cut into ten batches, each longer than the dependence. For a percentile the
// values are turned into being below it or not, and how much the shares of the batches differ says how many independent
// samples the series is worth. The ends are those values below which a share lies that so many samples allow (Student's t for
// the spread; Jeffreys' posterior for the share). Nothing is assumed of the distribution, and any monotone scale gives the
// same values. The interval of a mean is that of the batch means.
//
// Batches do not tell all. A run that met few crowds of a queue finds the percentile too low and its spread too small, both at
// once: nearly every interval that misses lies too low. So the upper end goes further (unmet.go), the less a run has shown
// beyond what is needed; independent values, of which none depends on a crowd, have nothing of it.
//
// There is none, and an error says so, when
//
//   - there are fewer than 200 values, or fewer than Samples of the percentile: no dependence shows in so few
//   - there are fewer values than 30 times those in flight: a batch must outlast what was in the server when it began
//   - they are worth fewer than 200 independent ones, or than Samples of the percentile, as fifty shorter batches say: of the
//     percentile itself, or of the median, whose dependence is known better
//   - the number in flight changed so slowly that fewer than 120 independent states of the server were met: waves of a queue
//     that are as long as a batch hardly show in latencies that differ much by themselves
//   - for a mean, which hangs on few large values: they are worth fewer than 600 independent ones, or one of them makes up more
//     than a twentieth of the squared deviations
//
// Simulated (coverage_test.go -long, 500 to 2,000 runs each), the share of runs that get an interval of the median and of p99, and
// how many of those cover, in %:
//
//	                 1,000 values          10,000                30,000                100,000
//	independent      100: 95     96: 95    100: 95     100: 94   100: 95     100: 96   100: 95     100: 95
//	AR(1) 0.5        100: 95     3         100: 95     100: 94   100: 95     100: 96   100: 95     100: 96
//	AR(1) 0.9        0           0         100: 95      84: 97   100: 95     100: 96   100: 96     100: 94
//	M/G/1 at 0.8     0           0          88: 96     1         100: 96      39: 93   100: 95      96: 95
//	M/G/64 at 0.7    0           0          95: 96      95: 95   100: 94     100: 96   100: 94     100: 96
//	M/G/64 at 0.9    0           0         4           4          73: 97      73: 94    99: 94      99: 95
//
// Where one run in twenty gets an interval or fewer, it is one that looked better than it is, and it covers seldom: 1 to 2 % of
// all runs have a wrong one. Wherever a fifth of the runs get an interval, those of M/G/1 at 0.6, M/G/2 at 0.8, M/G/8 at 0.85 and M/G/16
// at 0.95 cover in 90 to 99 % (1,000 to 100,000 values), and those of queues that the rule had never met, M/G/1 at 0.9, M/G/4 at 0.9
// and M/G/32 at 0.8, in 94 to 97 %. Without unmet.go p99 of M/G/8 at 0.85 covers in 68 to 87 %, and the median of M/G/64 at 0.9 in 73
// to 92 %.
//
// # Trend
//
// Rise is the test for a queue that grows, WarmUp (MSER-5) where the steady part begins. Both say how in their comments.
//
//	interval.go  95 % intervals
//	batches.go   what they are found from: values that are read once, and kept nowhere
//	unmet.go     how much further they go for what a run did not meet
//	trend.go     a rise, and the end of the warm-up
//
// # Dependencies
//
// gonum has Student's t and the incomplete beta function, which the standard library lacks.
package series
