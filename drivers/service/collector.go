package service

import (
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// collectorProcess receives OTLP, from clients that have its certificate: the relays of the experiment's agents. It forwards
// metrics to the Prometheus of the same service, and writes traces and logs into files below its data directory. Its main
// port serves its own metrics, which know no password: on loopback, for the agent.
func collectorProcess(name string, m v1alpha1.Monitors) drivers.Process {
	traces := object{"path": "$(DATA)/traces/traces.jsonl", "rotation": object{"max_megabytes": 100, "max_backups": 20}, "create_directory": true}
	logs := object{"path": "$(DATA)/logs/logs.jsonl", "rotation": object{"max_megabytes": 100, "max_backups": 20}, "create_directory": true}
	exporters := object{"file/traces": traces, "file/logs": logs}
	steps := []string{"memory_limiter", "batch"}
	pipelines := object{
		"traces": object{"receivers": []string{"otlp"}, "processors": steps, "exporters": []string{"file/traces"}},
		"logs":   object{"receivers": []string{"otlp"}, "processors": steps, "exporters": []string{"file/logs"}},
	}
	if slices.Contains(m.Components, prometheus) {
		exporters["prometheusremotewrite"] = object{"endpoint": "http://127.0.0.1:$(PORT@" + component(name, prometheus) + ")/api/v1/write",
			"headers":         object{"Authorization": "Basic $(BASIC)"},
			"external_labels": object{"deployment_environment": "benchmark"}, "resource_to_telemetry_conversion": object{"enabled": true}}
		pipelines["metrics"] = object{"receivers": []string{"otlp"}, "processors": steps, "exporters": []string{"prometheusremotewrite"}}
	}
	const pair = "$(CONF)/collector.pem"
	mutual := object{"cert_file": pair, "key_file": pair, "client_ca_file": pair}
	config := object{
		"receivers": object{"otlp": object{"protocols": object{
			"grpc": object{"endpoint": "$(HOST):$(PORT:grpc)", "tls": mutual}, "http": object{"endpoint": "$(HOST):$(PORT:http)", "tls": mutual}}}},
		"processors": object{"memory_limiter": object{"check_interval": "1s", "limit_mib": 1024}, "batch": object{}},
		"exporters":  exporters,
		"service": object{"pipelines": pipelines, "telemetry": object{"metrics": object{"readers": []object{{"pull": object{"exporter": object{
			"prometheus": object{"host": "127.0.0.1", "port": number("$(PORT)")}}}}}}}},
	}
	return drivers.Process{
		Argv:      append(command(m, collector, "otelcol"), "--config=$(CONF)/collector.yaml"),
		Files:     []drivers.File{yamlFile("collector.yaml", config), {Path: "collector.pem", Content: "$(CERTIFICATE)"}},
		Protected: map[string]string{"": drivers.OnLoopback, "grpc": drivers.ByCertificate, "http": drivers.ByCertificate},
		Probes:    []drivers.Probe{{Local: true, Path: "/metrics", Timeout: 5}, {Port: "http", Timeout: 5}, {Port: "grpc", Timeout: 5}}, Metrics: "/metrics", Grace: graceDefault,
	}
}
