// Package report writes an experiment's results for reading: one HTML file that opens without a network, Markdown, JSON or
// CSV.
//
//	report.go, revisions.go                    Build: runs, means over repeats, changes against the revision before
//	history.go                                 metrics over all revisions, and where they changed
//	dictionary.go                              what each metric is, and what each column of the CSV is
//	plain.go                                   text of servers and manifests, made harmless for all forms
//	html.go, markdown.go, csv.go               the forms; JSON is the Report itself
//	headline.go, best.go, text.go              numbers and sentences; which point is the best, and when that is not known
//	figures.go, curves.go                      Figures: what is drawn, and which points belong to one curve
//	frontier.go, pareto.go, storage.go         figures of means
//	samples.go, requests.go                    figures of single requests
//
// Build collects every run as a row, the means over repeats with their intervals, the verdicts of the gates, and the origin
// of all of it. The renderers print that and decide nothing. Which metrics are shown, under which titles, and which way they
// improve is in the catalogue of reconciler/results. Figures draws, where the results have it:
//
//   - throughput against latency, a curve for each configuration along the load
//   - tokens per second for one user against tokens per second of one GPU, with the Pareto front, where GPUs are counted
//   - the distributions of TTFT and E2EL over the requests of every point, and TTFT over time, from the samples of serving runs
//   - throughput over nodes, where nodes were swept
//   - recall against queries per second, of vector runs
//   - the phases of storage runs, a figure for each engine
//   - for a sweep, the main number next to that of the revision before, at the points in common
//   - each headline over the revisions that measured it, with a line where it changed
//
// What matters most comes first: the verdict, what is simulated, what does not count, whether anything changed, the best
// numbers. A point is called the best only where it is told apart from every other one; else those are listed. Simulated results
// are marked there, in every row and under every figure. A point that is not valid is drawn in the colour of the text, as a cross or
// a dashed line, and listed with its reasons; it is in no mean. Points that differ in two parameters are in no common curve.
//
// Charts are those of package chart, tables and colours those of package pages, which the live page shares. The page's policy allows
// its own style sheet and script, by their digests, and nothing else: text that became markup would still run nothing.
package report
