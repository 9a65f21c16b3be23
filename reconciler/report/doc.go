// Package report makes something to read of an experiment's results: one HTML file that opens without a network, or
// Markdown, JSON, CSV.
//
// Build collects: every run as a row, the means over repeats with their intervals, the verdicts of the gates, where it
// all came from. The renderers print that and decide nothing. Figures draws what there is to draw:
//
//   - throughput against latency, over the points of a sweep
//   - the distributions of TTFT and E2EL over the requests, and TTFT over time, from the samples of serving runs
//   - throughput over nodes, where nodes were swept
//   - recall against queries per second, of vector runs
//   - the phases of storage runs, a figure for each engine
//   - a benchmark's main number over the revisions that measured it; of a sweep beside that of the revision before, at the
//     points in common
//
// What matters most comes first: the verdict, what is simulated, what does not count, whether anything changed, the best
// numbers. What is simulated says so there, in every row and under every figure. A point that is not valid is drawn in
// black, as a cross or a dashed line, and listed with its reasons; no mean counts it.
//
// Plots are gonum/plot's, as SVG inside the page: a library that knows about axes and ticks, and nothing that runs in the
// reader's browser. Legends are the page's, which wraps them. Colours are Okabe and Ito's, which people with any colour
// vision can tell apart.
package report
