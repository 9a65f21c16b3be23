package resident

import (
	"encoding/json"
	"fmt"
	"time"

	"assay/api/v1alpha1"
)

// Name is that of the experiment, and of its service, that keeps a controller inside an allocation.
const Name = "controller"

// drain is how long the old job goes on once the next one stands by: it has nothing to finish for others.
const drain = 5 * time.Second

// Place is where a controller's job runs; what is empty is the site's default.
type Place struct {
	Partition, QOS string
	Time           v1alpha1.Duration // walltime of each job
}

// Manifest is an experiment that keeps one controller of a site inside an allocation: the next job stands by before the walltime
// of the last one ends. config is the folder where sites are remembered, when it is not the default.
func Manifest(site v1alpha1.Site, stateDir, config string, at Place) (string, error) {
	nodes := 1
	s := v1alpha1.Service{
		Name: Name, Nodes: &nodes,
		Process: &v1alpha1.Process{
			Command: []string{"$(ASSAY)", "--state", stateDir, "--site", site.Metadata.Name, What, "--standby", "--health", "$(HOST):$(PORT)"},
			Probe:   "/healthz",
		},
		Resources: v1alpha1.Resources{Partition: at.Partition, QOS: at.QOS, Time: at.Time},
		Renew:     v1alpha1.Renewal{Policy: v1alpha1.Overlap, Drain: v1alpha1.Duration(drain)},
	}
	if config != "" {
		s.Env = map[string]string{"XDG_CONFIG_HOME": config}
	}
	e := v1alpha1.Experiment{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindExperiment, Metadata: v1alpha1.Metadata{Name: Name},
		Spec: v1alpha1.ExperimentSpec{Site: site.Metadata.Name, Services: []v1alpha1.Service{s}}}
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing the controller's manifest: %w", err)
	}
	return string(b) + "\n", nil
}
