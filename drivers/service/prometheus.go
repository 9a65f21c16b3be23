package service

import (
	"path"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// prometheusProcess scrapes the targets that the controller lists in a file, which Prometheus watches: agents with their
// token, which no other target is told. Each seat has a database folder of its own. The collector writes to it by remote
// write: not every build of version 3 accepts OTLP. Who asks, writes or has it reload needs the password.
func prometheusProcess(site v1alpha1.Site, name string, m v1alpha1.Monitors) drivers.Process {
	program := command(m, prometheus, "prometheus")
	return drivers.Process{
		Argv: append(program, "--config.file=$(CONF)/prometheus.yml", "--storage.tsdb.path=$(DATA)/tsdb",
			"--storage.tsdb.retention.time="+retention(m.Retention), "--web.listen-address=$(HOST):$(PORT)", "--web.enable-lifecycle",
			"--web.enable-remote-write-receiver", "--web.config.file=$(CONF)/web.yml"),
		Files: []drivers.File{
			yamlFile("prometheus.yml", object{
				"global":         object{"scrape_interval": "5s", "scrape_timeout": "5s", "evaluation_interval": "5s"},
				"scrape_configs": []object{scrapes("assay", "drop", nil), scrapes("assay-agents", "keep", object{"credentials": "$(SCRAPE)"})},
			}),
			yamlFile("web.yml", object{"basic_auth_users": object{drivers.PasswordUser: "$(BCRYPT)"}}),
		},
		Protected: map[string]string{"": drivers.ByPassword},
		Targets:   "targets/assay.json", Reload: "/-/reload", Textfile: path.Join(site.Spec.Paths.State, "metrics.prom"),
		Probes: []drivers.Probe{{User: drivers.PasswordUser, Path: "/-/ready", Timeout: 5}}, Metrics: "/metrics", Grace: graceVLLM,
	}
}

// scrapes asks the listed targets that are agents (keep), or all others (drop). Their samples have the same job.
func scrapes(job, agents string, authorization object) object {
	o := object(drivers.ScrapeLimits())
	o["job_name"] = job
	o["file_sd_configs"] = []object{{"files": []string{"$(CONF)/targets/*.json"}, "refresh_interval": "5s"}}
	o["relabel_configs"] = []object{{"source_labels": []string{drivers.AgentLabel}, "regex": "true", "action": agents},
		{"target_label": "job", "replacement": "assay"}}
	if authorization != nil {
		o["authorization"] = authorization
	}
	return o
}

// retention is a duration in Prometheus' syntax.
func retention(d v1alpha1.Duration) string { return strings.ReplaceAll(d.String(), " ", "") }
