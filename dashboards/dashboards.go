// Package dashboards holds assay's Grafana dashboards: one JSON file each, embedded in the binary, so that the monitors
// service provisions them and a user can import them by hand.
//
//	assay-vllm        latency, throughput, cache and scheduler of vLLM servers, old (V0) and new (V1) metric names
//	assay-chroma      Chroma as its clients see it (OpenLIT) and as the server counts
//	assay-hardware    CPU, memory, network, disk and GPUs of every node
//	assay-storage     Lustre client counters, IO500 phases
//	assay-benchmarks  results by revision and point, simulated and invalid ones marked
//	assay-control     services, seats, runs, the controller, the monitoring itself
//
// A file's name is its dashboard's uid. The data source is a variable, so a dashboard works in any Grafana that has a
// Prometheus; experiment, service, node and model are variables that are filled from what was scraped.
//
// The files are generated: change the tables in dashboards/generate and run go generate. A test compares the files with the
// tables. Another runs every expression against a Prometheus that scrapes the simulator, this machine's hardware, and text
// files that emulate what a test machine lacks (testdata/*.prom). Names and units of benchmark results come from the
// catalogue in reconciler/results.
//
// What a dashboard expects of the scrape: every target has the labels experiment, service, job_id and node. The
// controller's own exporter (assay_*) brings experiment and service in its series, so its target must not have them:
// Prometheus would rename the series' own labels to exported_experiment and exported_service.
//
// Dependencies: github.com/grafana/grafana-foundation-sdk/go, for the generator and the tests only: it knows the
// dashboard schema, field by field, so that a misspelt option does not compile. The binary does not link it.
package dashboards

import (
	"embed"
	"io/fs"
	"strings"
)

//go:generate go run ./generate .

// FS holds one JSON file for each dashboard.
//
//go:embed *.json
var FS embed.FS

// Names lists the dashboards' uids, sorted; the file of each is its name with .json appended.
func Names() []string {
	files, err := fs.Glob(FS, "*.json")
	if err != nil {
		panic(err) // only a malformed pattern, and this one is a constant
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".json")
	}
	return files
}
