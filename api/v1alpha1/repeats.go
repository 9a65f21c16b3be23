package v1alpha1

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Repeats is how often a benchmark is measured at each point: a number, or runs for each of several deployments of the server.
type Repeats struct {
	Runs        int `json:"runs,omitempty" validate:"gte=0,lte=1000"`        // of each deployment; default 1
	Deployments int `json:"deployments,omitempty" validate:"gte=0,lte=1000"` // the server starts anew between them; default 1
	// Stop is Decided to end before all runs are done, as soon as every gate, or the comparison, is decided. The looks are paid
	// for: a decision is wrong in at most 5 % of cases.
	Stop string `json:"stop,omitempty" validate:"omitempty,oneof=Decided"`
}

// StopDecided is the value of Repeats.Stop.
const StopDecided = "Decided"

// Total is how many runs there are at most, at each point and for each target.
func (r Repeats) Total() int { return r.PerDeployment() * max(r.Deployments, 1) }

// PerDeployment is how many runs measure one deployment.
func (r Repeats) PerDeployment() int { return max(r.Runs, 1) }

// String is what a manifest says.
func (r Repeats) String() string {
	parts := []string{fmt.Sprintf("runs: %d", r.PerDeployment())}
	if r.Deployments > 1 {
		parts = append(parts, fmt.Sprintf("deployments: %d", r.Deployments))
	}
	if r.Stop != "" {
		parts = append(parts, "stop: "+r.Stop)
	}
	if len(parts) == 1 {
		return fmt.Sprint(r.PerDeployment())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// MarshalJSON writes a number where that is all.
func (r Repeats) MarshalJSON() ([]byte, error) {
	type plain Repeats
	if r.Deployments < 2 && r.Stop == "" {
		return json.Marshal(r.PerDeployment())
	}
	return json.Marshal(plain(r))
}

// UnmarshalJSON reads a number or a mapping.
func (r *Repeats) UnmarshalJSON(data []byte) error {
	type plain Repeats
	var p plain
	if len(data) > 0 && data[0] == '{' {
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&p); err != nil {
			return err
		}
		*r = Repeats(p)
		return nil
	}
	if err := json.Unmarshal(data, &p.Runs); err != nil {
		return errors.New(cut(string(data)) + " is no number of repeats: write 3, or {runs: 5, deployments: 3}")
	}
	if p.Runs < 1 {
		return fmt.Errorf("must be at least 1, found %d", p.Runs)
	}
	*r = Repeats(p)
	return nil
}

// repeats checks what a benchmark repeats.
func (c *checker) repeats(path string, b Benchmark, services []Service) {
	r := *b.Repeats
	path += ".repeats"
	if r.Total() > 1000 {
		c.bad(path, fmt.Sprintf("comes to %d runs; there can be at most 1000", r.Total()), "")
	}
	for _, name := range b.Targets() {
		target, _ := named(services, name)
		if r.Deployments > 1 && (target.External != nil || target.Lustre != nil) {
			c.bad(path+".deployments", fmt.Sprintf("assay cannot deploy %s again: it is %s", name, target.Type()), "write repeats: "+fmt.Sprint(r.Total()))
		}
	}
	if r.Stop != StopDecided {
		return
	}
	deciding := false
	for i, g := range b.Gates {
		if deciding = true; g.PromQL != "" || g.Baseline != "" {
			c.bad(path+".stop", fmt.Sprintf("cannot be decided by gates[%d], %s: only bounds (max, min) on metrics are looked at while runs go on", i, g), "remove stop, or declare that gate on another benchmark")
		}
	}
	switch {
	case b.Compare != nil && b.Compare.Metric == "":
		c.bad(path+".stop", "needs the metric that decides", "write compare: {…, metric: output_throughput}")
	case b.Compare == nil && !deciding:
		c.bad(path+".stop", "nothing decides: it needs gates with max or min, or compare with a metric", "")
	}
}
