package v1alpha1

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Replicas is how many servers a service has: a number, or as many between two numbers as a metric asks for. The number is
// found as Kubernetes' HPA finds it: the present number times the metric over its target, held by a tolerance and two windows.
type Replicas struct {
	Number int `json:"-"` // of a service that no metric scales; 0 to 1000

	Min    int     `json:"min,omitempty"`    // at least 1
	Max    int     `json:"max,omitempty"`    // more than min
	Metric string  `json:"metric,omitempty"` // PromQL with one value, which falls as replicas are added
	Target float64 `json:"target,omitempty"` // of the metric, in its unit; more than 0
	// Tolerance is how far from its target the metric may be, as a share, before the number changes; default 0.1. A smaller number
	// is also left alone that would have the metric so close below its target.
	Tolerance *float64 `json:"tolerance,omitempty"`
	Cooldown  Duration `json:"cooldown,omitempty"` // from one change to the next; default none
	Up        Window   `json:"up,omitzero"`        // default 2m
	Down      Window   `json:"down,omitzero"`      // default 5m
}

// Window is how long the metric has to ask for a change: the smallest number that it asked for counts upwards, and the
// largest downwards.
type Window struct {
	Window *Duration `json:"window,omitempty"`
}

const (
	mostReplicas = 1000
	mostWindow   = 24 * hour
	mostMetric   = 4096 // bytes of PromQL
)

// Scaled reports whether a metric decides.
func (r Replicas) Scaled() bool {
	r.Number = 0
	return r != Replicas{}
}

// Least is the smallest number of replicas.
func (r Replicas) Least() int {
	if r.Scaled() {
		return r.Min
	}
	return r.Number
}

// Most is the largest number of replicas.
func (r Replicas) Most() int {
	if r.Scaled() {
		return max(r.Min, r.Max)
	}
	return r.Number
}

// String is what a manifest says.
func (r Replicas) String() string {
	if r.Scaled() {
		return fmt.Sprintf("%d to %d", r.Min, r.Max)
	}
	return fmt.Sprint(r.Number)
}

// MarshalJSON writes a number where that is all.
func (r Replicas) MarshalJSON() ([]byte, error) {
	type plain Replicas
	if r.Scaled() {
		return json.Marshal(plain(r))
	}
	return json.Marshal(r.Number)
}

// UnmarshalJSON reads a number or a mapping.
func (r *Replicas) UnmarshalJSON(data []byte) error {
	type plain Replicas
	var p plain
	if len(data) > 2 && data[0] == '{' {
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil {
			return err
		}
		*r = Replicas(p)
		return nil
	}
	if err := json.Unmarshal(data, &p.Number); err != nil {
		return errors.New(cut(string(data)) + " is not a number of replicas: write 2, or {min: 1, max: 4, metric: …, target: …}")
	}
	switch {
	case p.Number < 0:
		return fmt.Errorf("must be at least 0, found %d", p.Number)
	case p.Number > mostReplicas:
		return fmt.Errorf("must be at most %d, found %d", mostReplicas, p.Number)
	}
	*r = Replicas(p)
	return nil
}

// defaultReplicas fills in what a scaled service leaves out.
func defaultReplicas(r *Replicas) *Replicas {
	if r == nil {
		return &Replicas{Number: 1}
	}
	if !r.Scaled() {
		return r
	}
	out := *r
	out.Tolerance = orPointer(out.Tolerance, 0.1)
	out.Up.Window = orPointer(out.Up.Window, 2*minute)
	out.Down.Window = orPointer(out.Down.Window, 5*minute)
	return &out
}

// scaling checks what scales a service, and refuses it where more replicas are not more of the same.
func (c *checker) scaling(path string, s Service) {
	r := *s.Replicas
	if !r.Scaled() {
		return
	}
	at := path + ".replicas"
	c.scale(at, r)
	if strings.Contains(r.Metric, "num_requests_waiting") && !strings.Contains(r.Metric, "num_requests_running") {
		c.warn(at+".metric", "is 0 as soon as there are enough replicas, so that the number would go up and down", "add vllm:num_requests_running")
	}
	switch {
	case s.Monitors != nil:
		c.bad(at, "a monitors service holds what it measured, so a metric cannot scale it", "write a number")
	case s.Chroma != nil || s.usesData():
		c.bad(at, "each replica has a data folder of its own, so one that a metric adds would know nothing", "write a number")
	case s.Gateway != nil:
		c.bad(at, "a gateway is the one address of what is scaled behind it", "scale the services that it names as targets")
	case s.Renew.Policy == Never:
		c.bad(path+".renew.policy", "nothing follows a replica whose walltime ends, and a metric that scales it needs its server", "write Overlap or Recreate")
	}
}

func (c *checker) scale(at string, r Replicas) {
	if r.Number != 0 {
		c.bad(at, fmt.Sprintf("is the number %d and has fields as well, at this point", r.Number), "sweep the whole mapping")
	}
	if r.Metric == "" {
		c.lacks(at, at+".metric", "is required", "write PromQL with one value, such as avg(vllm:num_requests_running{service=\"llm\"})")
	}
	if len(r.Metric) > mostMetric {
		c.bad(at+".metric", fmt.Sprintf("has %d bytes, which can be at most %d", len(r.Metric), mostMetric), "")
	}
	switch {
	case r.Min < 1:
		c.lacks(at, at+".min", fmt.Sprintf("must be at least 1, found %d", r.Min), "a service without servers has no metric")
	case r.Max <= r.Min:
		c.lacks(at, at+".max", fmt.Sprintf("must be more than min, %d, found %d", r.Min, r.Max), "write replicas: N for a fixed number")
	case r.Max > mostReplicas:
		c.bad(at+".max", fmt.Sprintf("must be at most %d, found %d", mostReplicas, r.Max), "")
	}
	if !(r.Target > 0) {
		c.lacks(at, at+".target", fmt.Sprintf("must be more than 0, found %v", r.Target), "write what the metric should be with enough replicas")
	}
	if t := r.Tolerance; t != nil && (*t < 0 || *t >= 1) {
		c.bad(at+".tolerance", fmt.Sprintf("must be a share from 0 to less than 1, found %v", *t), "")
	}
	for name, w := range map[string]*Duration{".up.window": r.Up.Window, ".down.window": r.Down.Window, ".cooldown": &r.Cooldown} {
		if w != nil && *w > mostWindow {
			c.bad(at+name, fmt.Sprintf("must be at most %s, found %s", mostWindow, *w), "")
		}
	}
}

// Every is how often the metric is asked: every 15s, as Kubernetes does, and at least four times in the shorter window.
func (r Replicas) Every() time.Duration {
	every := 15 * time.Second
	for _, w := range []*Duration{r.Up.Window, r.Down.Window} {
		if w != nil && *w > 0 {
			every = min(every, w.Std()/4)
		}
	}
	return max(every, time.Second)
}
