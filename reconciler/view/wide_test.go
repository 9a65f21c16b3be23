package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// TestWideService shows every job, each node once, the first end, the scheduler's word and all endpoints.
func TestWideService(t *testing.T) {
	soon, later := time.Now().Add(30*time.Minute+time.Second), time.Now().Add(5*time.Hour)
	s := v1alpha1.ServiceStatus{
		Conditions: []v1alpha1.Condition{{Type: v1alpha1.Ready, Status: v1alpha1.False, Reason: "Waiting", Message: "for nodes"}},
		Seats: []v1alpha1.SeatStatus{
			{JobID: "7", Nodes: []string{"n1", "n2"}, Ends: &soon, JobState: "Running", Endpoint: "http://n1:1"},
			{JobID: "8", Nodes: []string{"n2"}, Ends: &later, JobState: "Running", Restarts: 1, Last: &v1alpha1.End{Reason: "NotAnswering", At: time.Now().Add(-5*time.Hour - time.Second)},
				Endpoints: map[string]string{"b": "http://n2:2", "a": "http://n2:1"}},
			{JobID: "9", JobState: "Pending", Reason: "Resources"},
			{JobID: "10", JobState: "Pending", Reason: "Resources"},
			{},
		},
	}
	want := []string{"7,8,9,10", "n1,n2", "30m", "Waiting for nodes; restarted after NotAnswering 5h ago; pending: Resources", "http://n1:1,a=http://n2:1,b=http://n2:2"}
	if got := wideService(s); !slices.Equal(got, want) {
		t.Errorf("%s\nwant %s", strings.Join(got, " | "), strings.Join(want, " | "))
	}
	if got := wideService(v1alpha1.ServiceStatus{}); got[0] != "-" || got[1] != "-" || got[2] != "-" || got[4] != "-" {
		t.Errorf("what is not known is not shown as -: %q", got)
	}
	if a, b := len(wideColumns("services")), len(want); a != b {
		t.Errorf("%d columns for %d cells", a, b)
	}
}
