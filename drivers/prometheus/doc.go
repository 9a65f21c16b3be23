// Package prometheus is the state that Prometheus holds, as the controller needs it: which targets to scrape, and how
// each of them is.
//
// Two implementations of drivers.Metrics:
//
//   - Embedded (embedded.go, api.go) runs scraping, a TSDB and PromQL inside the controller and serves the standard
//     query API (query, query_range, series, labels, label values, targets) on loopback, to those who know its token and
//     call it by its address; what a query may cost is bounded. A site that names no Prometheus gets this one. Targets are
//     handed over directly, so a service that stops leaves the list at once. Its user can do without it: Keep (keep.go)
//     starts it when that is possible, and again when it is lost. Its database lies on a local disk of the host, in a
//     folder that two holders never share (folder.go).
//   - Client (client.go) asks a Prometheus that already runs. That server finds the targets in the file_sd file that
//     the controller keeps in the state directory (targets/assay.json).
//
// Both answer Health with the same two PromQL expressions (health.go) over the label assay_target, Value (value.go) with one
// number and its age, Average (average.go) with the mean of one series over a time window, and Range (range.go) with series over a
// time. Export (export.go) writes the samples of an experiment as
// OpenMetrics text.
//
// A target can send what drivers.ScrapeLimits allows; a scrape that exceeds it counts as failed and Health says which limit
// it was, and the rest of it is not read (dial.go). Series that are new all the time count too (churn.go). Answers of a Prometheus that already runs are bounded, and
// are not followed to another origin.
//
// Dependencies: github.com/prometheus/prometheus is the server itself as a library; its v0.x Go API makes no promise,
// so only this package imports it. Its configuration links 28 modules of cloud providers, 1 MB, which nothing here calls. A
// scraper of our own would not take them away, because the TSDB imports the configuration too: of 44.3 MB and 121 modules it
// would save 2.7 MB and 2 modules, neither of them a cloud's. github.com/prometheus/client_golang/api is the maintained
// client of the query API.
package prometheus
