// Package report makes something to read of an experiment's results: one HTML file that opens without a network, or
// Markdown, JSON, CSV.
//
// Build collects: every run as a row, the means over repeats with their intervals, the verdicts of the gates, where it
// all came from. The renderers print that and decide nothing. Figures draws what there is to draw:
//
//   - throughput against latency, over the points of a sweep
//   - the distribution of TTFT over the requests, and TTFT over time, from the samples of serving runs
//   - throughput over nodes, where nodes were swept
//   - recall against queries per second, of vector runs
//   - the phases of storage runs, a figure for each engine
//   - a benchmark's main number over the revisions that measured it
//
// What is simulated says so in the head of the page, in every row and under every figure. A point that is not valid is
// drawn as a hollow grey mark and listed with its reasons; no mean counts it.
//
// Plots are gonum/plot's, as SVG inside the page: a library that knows about axes and ticks, and nothing that runs in the
// reader's browser. Colours are Okabe and Ito's, which people with any colour vision can tell apart.
package report
