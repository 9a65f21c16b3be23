// Package export writes the results of a revision as files that other tools read: assay export. Nothing is sent anywhere.
//
//	export.go       Write, and the formats that there are
//	folder.go       the folder that is written
//	samples.go      the requests of a run, read one at a time
//	parquet.go      runs.parquet and samples.parquet
//	mlflow.go       mlruns/, as MLflow's FileStore has it
//	wandb.go        wandb/offline-run-…, as W&B's client leaves one behind
//	wandblog.go     the log of such a run, which wandb sync sends
//	openmetrics.go  results.om, with the time at which each run ended
//	vllm.go         the result files of vllm bench serve
//
// # What is exported
//
// The runs that count for the revision, as report and compare take them. A run that is not valid is exported with valid: false,
// where a format can say so: vLLM's files cannot, so they are of valid runs alone. Simulated runs say that they are. What a search
// found is no run and is in none of the files.
//
// Names of metrics are those of result.json; the manual says what they mean, and openmetrics has units too.
//
// # The formats
//
// Parquet: runs.parquet has a row for each run and a column for each metric, each parameter of the sweep (point.NAME) and each version
// (version.NAME), sorted by name; what a run lacks is null. samples.parquet has a row for each request of serving runs. Times are UTC. It is
// written a row group at a time, so memory does not grow with the requests.
//
// MLflow: an experiment and its runs with metrics, params, tags and artifacts; look with mlflow ui --backend-store-uri DIR/mlruns. A repeat
// is a run; its id is made of the run's name, so exporting again replaces it.
//
// W&B: each run is a folder as an offline run leaves it, with config.yaml, the summary, and the log that wandb sync reads. The log
// has the run, its configuration, a history of one step and the summary. wandb sync asks for an account; assay does not.
//
// OpenMetrics: gauges with timestamps, with the names and labels that the controller's own metrics have, so that queries and dashboards
// work: promtool tsdb create-blocks-from openmetrics takes it.
//
// vLLM: what vllm bench serve --save-result writes, field for field; benchmarks other than serving have none.
//
// Dependencies: github.com/parquet-go/parquet-go, for Parquet, whose encodings and metadata are not a thing to write oneself; it
// makes the binary about 4 MB larger. google.golang.org/protobuf/encoding/protowire, for W&B's log.
package export
