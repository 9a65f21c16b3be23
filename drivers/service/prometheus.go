package service

import (
	"path"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// prometheusProcess scrapes the targets that the controller lists in a file, which Prometheus watches. Each seat has a
// database folder of its own. The collector writes to it by remote write: not every build of version 3 accepts OTLP.
func prometheusProcess(site v1alpha1.Site, name string, m v1alpha1.Monitors) drivers.Process {
	scrape := object(drivers.ScrapeLimits())
	scrape["job_name"] = "assay"
	scrape["file_sd_configs"] = []object{{"files": []string{"$(CONF)/targets/*.json"}, "refresh_interval": "5s"}}
	program := command(m, prometheus, "prometheus")
	return drivers.Process{
		Argv: append(program, "--config.file=$(CONF)/prometheus.yml", "--storage.tsdb.path=$(DATA)/tsdb",
			"--storage.tsdb.retention.time="+retention(m.Retention), "--web.listen-address=$(HOST):$(PORT)", "--web.enable-lifecycle",
			"--web.enable-remote-write-receiver"),
		Files: []drivers.File{yamlFile("prometheus.yml", object{
			"global":         object{"scrape_interval": "5s", "scrape_timeout": "5s", "evaluation_interval": "5s"},
			"scrape_configs": []object{scrape},
		})},
		Targets: "targets/assay.json", Reload: "/-/reload", Textfile: path.Join(site.Spec.Paths.State, "metrics.prom"),
		Probes: []drivers.Probe{{Path: "/-/ready", Timeout: 5}}, Metrics: "/metrics", Grace: graceVLLM,
	}
}

// retention is a duration in Prometheus' syntax.
func retention(d v1alpha1.Duration) string { return strings.ReplaceAll(d.String(), " ", "") }
