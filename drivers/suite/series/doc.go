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
// Simulated (coverage_test.go), the share of runs that get an interval of the median and of p99, and how many of those cover, in %:
//
//	                 1,000 values              10,000 values
//	independent      100: 95    96: 94-95      100: 94-95   100: 95
//	AR(1) 0.5        100: 95    3              100: 95      100: 94
//	AR(1) 0.9        0          0              100: 95      84: 93
//	M/G/1 at 0.8     0          0              88: 94       1
//	M/G/64 at 0.7    0          0              95: 95       95: 94
//	M/G/64 at 0.9    0          0              3            3
//
// Where few runs get one, these are the runs that looked better than they are, and the interval covers seldom. What stays wrong:
// the waves of a large server near its limit can be longer than a run shows. Of 30,000 requests to 64 servers at a load of 0.9, three
// runs in four get an interval of the median, and 85 % of these cover it.
//
// # Trend
//
// Rise is the test for a queue that grows, WarmUp (MSER-5) where the steady part begins. Both say how in their comments.
//
//	interval.go  95 % intervals
//	trend.go     a rise, and the end of the warm-up
//
// # Dependencies
//
// gonum has Student's t and the incomplete beta function, which the standard library lacks.
package series
