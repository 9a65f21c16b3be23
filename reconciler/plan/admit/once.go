package admit

import (
	"fmt"

	"assay/api/v1alpha1"
)

// together adds up what the jobs of an experiment ask for at once, under one limit.
type together struct {
	bound
	services int            // of jobs that stay up
	again    int            // of those that overlap them while they are renewed
	runs     map[string]int // of runs, by those that are measured together
	renewed  *demand        // the first one that overlaps
	broken   bool
}

// once holds the jobs that an experiment has at the same time against the limits on several jobs. A job that breaks such a
// limit alone is reported as that.
func (l Limits) once(all []*demand) (found []v1alpha1.Finding) {
	if l.Site.Spec.QOS == nil && l.Site.Spec.Accounts == nil {
		return nil
	}
	sums := map[string]*together{}
	var order []*together
	for _, d := range all {
		for _, b := range l.bounds(d.job) {
			asked, _ := l.amounts(d.job, b.of)
			if b.scope == aJob || b.scope == atLeast || asked > b.most {
				continue
			}
			key := fmt.Sprint(b.by, b.scope, b.of)
			t := sums[key]
			if t == nil {
				t = &together{bound: b, runs: map[string]int{}}
				sums[key], order = t, append(order, t)
			}
			if f, over := t.add(d, asked); over {
				found = append(found, f)
			}
		}
	}
	for _, t := range order {
		if n := t.services + t.again; n > t.most && !t.broken {
			found = append(found, t.renewal(n))
		}
	}
	return found
}

// add counts a demand in, and reports the first one that is too much. Services stay up and runs need them, so neither of
// them makes room for the other.
func (t *together) add(d *demand, asked int) (v1alpha1.Finding, bool) {
	if d.run != nil {
		t.runs[d.word()] += asked
	} else {
		t.services += asked * d.copies
		if d.again > 0 && t.renewed == nil {
			t.renewed = d
		}
		t.again += asked * d.again
	}
	n := t.services
	for _, runs := range t.runs {
		n = max(n, t.services+runs)
	}
	if n <= t.most || t.broken {
		return v1alpha1.Finding{}, false
	}
	t.broken = true
	path := d.path(QOS)
	if t.of == ofNodes {
		path = d.path(Nodes)
	}
	hint := "give services the same group, so that they share one job, or choose another qos"
	if t.of != ofJobs && t.of != ofSubmitted {
		hint = "ask for less, or choose another qos"
	}
	return v1alpha1.Finding{Path: path, Message: fmt.Sprintf("%s, and with this %s there are %d", t.allows(), map[bool]string{true: "service", false: "run"}[d.run == nil], n), Hint: hint}, true
}

// renewal warns that the next job of a service cannot run beside the present one.
func (t *together) renewal(n int) v1alpha1.Finding {
	becomes := "waits until the present one has ended, and the service is away meanwhile"
	if t.of == ofSubmitted {
		becomes = "is refused until the present one has ended, and the service is away meanwhile"
	}
	return v1alpha1.Finding{Path: t.renewed.at() + ".renew.policy", Warning: true,
		Message: fmt.Sprintf("%s, and with the jobs that follow before their walltimes end there are %d: the next job %s", t.allows(), n, becomes),
		Hint:    "write renew: {policy: Recreate} if that is meant, or choose another qos"}
}

// allows begins a sentence about the limit.
func (t *together) allows() string {
	unit := map[amountOf]string{ofNodes: "node(s)", ofGPUs: "GPU(s)", ofCPUs: "CPU(s)", ofJobs: "job(s)", ofSubmitted: "submitted job(s)"}[t.of]
	of := map[scope]string{aUser: "of a user", anEntity: "of an account", everyone: "of all users together"}[t.scope]
	return fmt.Sprintf("%s allows %d %s %s at once", t.by, t.most, unit, of)
}
