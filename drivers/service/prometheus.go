package service

import (
	"path"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// prometheusProcess scrapes what the controller lists in a file that Prometheus watches. The folder of a seat's database
// is the seat's alone. Version 2 and 3 differ in flags only: 3 takes OTLP.
func prometheusProcess(site v1alpha1.Site, name string, m v1alpha1.Monitors) drivers.Process {
	program := command(m, prometheus, "prometheus")
	return drivers.Process{
		Argv: append(program, "--config.file=$(CONF)/prometheus.yml", "--storage.tsdb.path=$(DATA)/tsdb",
			"--storage.tsdb.retention.time="+retention(m.Retention), "--web.listen-address=$(HOST):$(PORT)", "--web.enable-lifecycle",
			"--web.enable-remote-write-receiver"),
		Versions: &drivers.Versions{Argv: append(command(m, prometheus, "prometheus"), "--version"), Args: map[string][]string{"3": {"--web.enable-otlp-receiver"}}},
		Files: []drivers.File{yamlFile("prometheus.yml", object{
			"global": object{"scrape_interval": "5s", "scrape_timeout": "5s", "evaluation_interval": "5s"},
			"scrape_configs": []object{{
				"job_name":        "assay",
				"file_sd_configs": []object{{"files": []string{"$(CONF)/targets/*.json"}, "refresh_interval": "5s"}},
			}},
		})},
		Targets: "targets/assay.json", Reload: "/-/reload", Textfile: path.Join(site.Spec.Paths.State, "metrics.prom"),
		Probes: []drivers.Probe{{Path: "/-/ready", Timeout: 5}}, Metrics: "/metrics", Grace: graceVLLM,
	}
}

// retention is a length in Prometheus' words.
func retention(d v1alpha1.Duration) string { return strings.ReplaceAll(d.String(), " ", "") }
