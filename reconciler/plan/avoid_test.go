package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAvoidedNodes: two ends that a node is to blame for, within the hour, of any service.
func TestAvoidedNodes(t *testing.T) {
	at := func(ago time.Duration, r Reason, nodes ...string) Attempt {
		return Attempt{End: &End{Reason: r, At: epoch.Add(-ago), Nodes: nodes}}
	}
	for name, c := range map[string]struct {
		attempts []Attempt
		want     []Avoided
	}{
		"one end proves nothing": {attempts: []Attempt{at(time.Minute, NodeFail, "n1")}},
		"two do": {
			attempts: []Attempt{at(30*time.Minute, NodeFail, "n1"), at(time.Minute, BootFail, "n1", "n2"), {}},
			want:     []Avoided{{"n1", 2, BootFail, epoch.Add(59 * time.Minute)}},
		},
		"in any order": {
			attempts: []Attempt{at(time.Minute, BootFail, "n2", "n1"), at(30*time.Minute, LaunchFailed, "n1", "n2")},
			want:     []Avoided{{"n1", 2, BootFail, epoch.Add(59 * time.Minute)}, {"n2", 2, BootFail, epoch.Add(59 * time.Minute)}},
		},
		"not for ever":        {attempts: []Attempt{at(time.Hour, NodeFail, "n1"), at(time.Minute, NodeFail, "n1")}},
		"not for other ends":  {attempts: []Attempt{at(time.Minute, JobFailed, "n1"), at(time.Minute, TimeLimit, "n1")}},
		"nor for other nodes": {attempts: []Attempt{at(time.Minute, NodeFail, "n1"), at(time.Minute, NodeFail, "n2")}},
	} {
		if diff := cmp.Diff(c.want, AvoidedNodes(c.attempts, epoch)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestSubmissionsAvoidBadNodes: those of services and of runs.
func TestSubmissionsAvoidBadNodes(t *testing.T) {
	d, o := parseWorld(t, `
service llm
service web
benchmark bench target=web own
attempt n1 seat=llm/0 job=101 ended=NodeFail on=bad,other ago=20m
attempt n2 seat=llm/0 job=102 ended=NodeFail on=bad ago=10m
attempt n3 seat=web/0 job=103
job 103 nonce=n3
agent n3
run bench-1 benchmark=bench
`)
	submitted := 0
	for _, a := range Plan(d, o).Actions {
		if a.Verb == Submit {
			submitted++
			if diff := cmp.Diff([]string{"bad"}, a.Job.Exclude); diff != "" {
				t.Errorf("%s: %s", a.Object, diff)
			}
		}
	}
	if submitted != 2 {
		t.Errorf("%d jobs were submitted", submitted)
	}
}
