// Package report writes an experiment's results for reading: one HTML file that opens without a network, Markdown, JSON or
// CSV.
//
//	report.go, revisions.go, dictionary.go     Build: runs, means over repeats, changes, what each metric is
//	plain.go                                   text of servers and manifests, made harmless for all forms
//	html.go, markdown.go, csv.go               the forms; JSON is the Report itself
//	headline.go, text.go                       numbers and sentences
//	figures.go, samples.go, storage.go         Figures: what is drawn
//	plot.go, bars.go                           how it is drawn
//
// Build collects every run as a row, the means over repeats with their intervals, the verdicts of the gates, and the origin
// of all of it. The renderers print that and decide nothing. Which metrics are shown, under which titles, and which way they
// improve is in the catalogue of reconciler/results. Figures draws, where the results have it:
//
//   - throughput against latency, over the points of a sweep
//   - the distributions of TTFT and E2EL over the requests, and TTFT over time, from the samples of serving runs
//   - throughput over nodes, where nodes were swept
//   - recall against queries per second, of vector runs
//   - the phases of storage runs, a figure for each engine
//   - a benchmark's main number over the revisions that measured it; for a sweep, next to that of the revision before, at
//     the points in common
//
// What matters most comes first: the verdict, what is simulated, what does not count, whether anything changed, the best
// numbers. Simulated results are marked there, in every row and under every figure. A point that is not valid is drawn in
// black, as a cross or a dashed line, and listed with its reasons; it is in no mean.
//
// Plots are made by gonum/plot, as SVG inside the page, so nothing runs in the reader's browser. Legends are HTML, which
// wraps. Colours are those of Okabe and Ito, which can be distinguished with any colour vision.
package report
