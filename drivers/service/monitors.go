package service

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// The components of monitors.
const (
	prometheus = "prometheus"
	grafana    = "grafana"
	collector  = "otel-collector"
)

// monitors are the declared components as processes of one job, each with a port, a folder and a readiness of its own.
func monitors(site v1alpha1.Site, e v1alpha1.Experiment, svc v1alpha1.Service) (drivers.Compiled, error) {
	m := *svc.Monitors
	c := drivers.Compiled{Kind: "monitors"}
	// Each service has a password of its own for Prometheus, and a certificate for its collector.
	password := drivers.PasswordFile(site.Spec.Paths.State, e.Metadata.Name, svc.Name)
	certificate := drivers.CertificateFile(site.Spec.Paths.State, e.Metadata.Name, svc.Name)
	for _, name := range []string{prometheus, grafana, collector} { // Prometheus first: it is the service's endpoint
		if !slices.Contains(m.Components, name) {
			continue
		}
		var p drivers.Process
		switch name {
		case prometheus:
			p = prometheusProcess(site, svc.Name, m)
		case grafana:
			p = grafanaProcess(svc.Name, m)
		case collector:
			p = collectorProcess(svc.Name, m)
			p.Certificate, c.Certificate = certificate, certificate
			c.Telemetry = map[string]drivers.Telemetry{relayGRPC: {Process: component(svc.Name, name), Port: "grpc"}, relayHTTP: {Process: component(svc.Name, name), Port: "http"}}
		}
		p.Name, p.Password, p.Private = component(svc.Name, name), password, true
		c.Processes = append(c.Processes, p)
	}
	if len(c.Processes) == 0 {
		return c, fmt.Errorf("monitors.components lists none of %s, %s, %s", prometheus, grafana, collector)
	}
	return c, nil
}

func component(service, name string) string { return service + "." + name }

// command is the declared command of a component, or the default.
func command(m v1alpha1.Monitors, name string, otherwise ...string) []string {
	if c := m.Commands[name]; len(c) > 0 {
		return slices.Clone(c)
	}
	return otherwise
}

// object is a mapping of a configuration file.
type object map[string]any

// number is a word that the agent replaces by a number: it is written without quotes.
type number string

func (n number) MarshalJSON() ([]byte, error) { return []byte(`"` + numberMark + string(n) + `"`), nil }

const numberMark = "number "

// yamlFile is a configuration file. Its keys are sorted, so that equal configurations are equal files.
func yamlFile(path string, content object) drivers.File {
	b, err := yaml.Marshal(content)
	if err != nil {
		panic(fmt.Sprintf("plain data that does not encode: %v", err))
	}
	text := string(b)
	for {
		i := strings.Index(text, numberMark)
		if i < 0 {
			return drivers.File{Path: path, Content: text}
		}
		text = strings.TrimSuffix(text[:i], "'") + strings.TrimPrefix(text[i+len(numberMark):], "'")
	}
}
