package top

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/view"
)

// Service is one service. Figures that are not known are nil.
type Service struct {
	Experiment string   `json:"experiment"`
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`
	State      string   `json:"state"`
	Ready      int      `json:"ready"`
	Replicas   int      `json:"replicas"`
	Requests   *float64 `json:"requestsPerSecond"`
	Running    *float64 `json:"running"`
	Waiting    *float64 `json:"waiting"`
	Tokens     *float64 `json:"tokensPerSecond"`
	Cache      *float64 `json:"kvCache"`     // the fullest engine's, from 0 to 1
	CPU        *float64 `json:"cpu"`         // cores
	Memory     *float64 `json:"memoryBytes"` // resident, of its processes
}

// State is everything that is shown.
type State struct {
	Services []Service `json:"services"`
	GPUs     []GPU     `json:"gpus"`
	Nodes    []Node    `json:"nodes"`
	Queue    []Waiting `json:"queue"`
	Notes    []string  `json:"notes,omitempty"` // why something is not known
}

// Read makes a State of statuses and of what Prometheus answers; ask is nil, and why says so, where there is none.
func Read(ctx context.Context, all []v1alpha1.ExperimentStatus, ask Ask, why error, now time.Time) State {
	s := State{Services: []Service{}, GPUs: []GPU{}, Nodes: []Node{}, Queue: queue(all)}
	var of, gpus, nodes figures
	if ask != nil {
		if of, why = asked(ctx, ask, byService, serviceOf); why == nil {
			if gpus, why = asked(ctx, ask, byGPU, gpuOf); why == nil {
				nodes, why = asked(ctx, ask, byNode, func(labels map[string]string) string { return labels["node"] })
			}
		}
	}
	if why != nil {
		s.Notes = append(s.Notes, fmt.Sprintf("figures are not known (-): %v", why))
	}
	for _, e := range all {
		for _, v := range e.Services {
			s.Services = append(s.Services, service(e.Name, v, of))
		}
	}
	slices.SortStableFunc(s.Services, func(a, b Service) int { return cmp.Compare(b.load(), a.load()) })
	s.GPUs = gpusOf(gpus)
	s.Nodes = withPower(nodesOf(all, nodes), s.GPUs)
	s.Notes = append(s.Notes, s.missing(why == nil)...)
	return s
}

func serviceOf(labels map[string]string) string {
	return labels["experiment"] + "/" + labels["service"]
}

func service(experiment string, v v1alpha1.ServiceStatus, of figures) Service {
	at := experiment + "/" + v.Name
	return Service{Experiment: experiment, Name: v.Name, Kind: v.Kind, State: view.ServiceState(v), Ready: v.Ready, Replicas: v.Replicas,
		Requests: of.get(at, "requests"), Running: of.get(at, "running"), Waiting: of.get(at, "waiting"), Tokens: of.get(at, "tokens"),
		Cache: of.get(at, "cache"), CPU: of.get(at, "cpu"), Memory: of.get(at, "memory")}
}

// load orders services: those with the most requests come first.
func (s Service) load() (sum float64) {
	for _, v := range []*float64{s.Running, s.Waiting} {
		if v != nil {
			sum += *v
		}
	}
	return sum
}

// missing says why figures of some services are dashes although Prometheus answers.
func (s State) missing(answers bool) (notes []string) {
	if !answers {
		return nil
	}
	var silent []string
	for _, v := range s.Services {
		if v.Ready > 0 && v.Running == nil && v.Tokens == nil && v.CPU == nil {
			silent = append(silent, v.Experiment+"/"+v.Name)
		}
	}
	if len(silent) > 0 {
		notes = append(notes, fmt.Sprintf("no figures are scraped of %s: a service without metrics, or not scraped yet (assay describe service NAME: Scraped)", strings.Join(silent[:min(3, len(silent))], ", ")+more(len(silent)-3)))
	}
	if len(s.GPUs) == 0 {
		notes = append(notes, "no GPU is reported: the nodes of the jobs have none, or nvidia-smi does not answer there")
	}
	return notes
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}
