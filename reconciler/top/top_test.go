package top

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/view/text"
)

// world is one service that answers, one that waits, and a node with two GPUs.
func world(now time.Time) []v1alpha1.ExperimentStatus {
	submitted, expected := now.Add(-5*time.Minute), now.Add(12*time.Minute)
	return []v1alpha1.ExperimentStatus{{Name: "e", Services: []v1alpha1.ServiceStatus{
		{Name: "big", Kind: "vllm", Replicas: 1, Conditions: []v1alpha1.Condition{{Type: v1alpha1.Ready, Status: v1alpha1.False, Reason: "Pending"}},
			Seats: []v1alpha1.SeatStatus{{JobID: "8", JobState: string(drivers.JobPending), Reason: "Priority", Submitted: &submitted, Expected: &expected}}},
		{Name: "llm", Kind: "vllm", Replicas: 1, Ready: 1, Conditions: []v1alpha1.Condition{{Type: v1alpha1.Ready, Status: v1alpha1.True}},
			Seats: []v1alpha1.SeatStatus{{JobID: "7", JobState: string(drivers.JobRunning), Nodes: []string{"n1"}}}},
	}}}
}

// answers is a Prometheus: it knows the figures whose metric is in its expression.
func answers(_ context.Context, expr string) ([]drivers.Sample, error) {
	if strings.Contains(expr, "[W]") {
		return nil, errors.New("a window was left out")
	}
	of := func(v float64, labels ...string) drivers.Sample {
		s := drivers.Sample{Labels: map[string]string{}, Value: v}
		for i := 0; i < len(labels); i += 2 {
			s.Labels[labels[i]] = labels[i+1]
		}
		return s
	}
	switch {
	case strings.Contains(expr, "num_requests_running"):
		return []drivers.Sample{of(12, "experiment", "e", "service", "llm")}, nil
	case strings.Contains(expr, "generation_tokens_total"):
		return []drivers.Sample{of(3400.4, "experiment", "e", "service", "llm")}, nil
	case strings.Contains(expr, "POWER_USAGE"):
		return []drivers.Sample{of(650, "node", "n1", "gpu", "10", "modelName", "H200"), of(600, "node", "n1", "gpu", "2", "modelName", "H200")}, nil
	case strings.Contains(expr, "mode=\"idle\""):
		return []drivers.Sample{of(0.25, "node", "n1")}, nil
	}
	return nil, nil
}

const busy = `SERVICE   KIND   READY   STATUS    REQ/S   RUNNING   WAITING   TOK/S   KV CACHE   CPU   MEMORY
e/llm     vllm   1/1     Ready     -       12        -         3400    -          -     -
e/big     vllm   0/1     Pending   -       -         -         -       -          -     -

NODE   GPU   MODEL   UTIL   MEMORY   OF   POWER   HEAT
n1     2     H200    -      -        -    600 W   -
n1     10    H200    -      -        -    650 W   -

NODE   JOBS   CPU   LOAD   MEMORY   OF   GPU POWER
n1     1      25%   -      -        -    1250 W

QUEUED   JOB   SERVICE   REASON     STARTS IN ABOUT
5m       8     e/big     Priority   12 min
`

func TestTop(t *testing.T) {
	now := time.Now()
	s := Read(t.Context(), world(now), answers, nil, now)
	if diff := cmp.Diff(busy, strings.Join(s.Lines(Parts, 0, 0, false, now), "\n")+"\n"); diff != "" {
		t.Error(diff)
	}
	if len(s.Notes) != 0 {
		t.Errorf("notes %q", s.Notes)
	}
}

// TestUnknown: without Prometheus there is a dash for each figure, and the reason; nothing is zero.
func TestUnknown(t *testing.T) {
	now := time.Now()
	failing := func(context.Context, string) ([]drivers.Sample, error) { return nil, errors.New("connection refused") }
	for name, s := range map[string]State{
		"none":  Read(t.Context(), world(now), nil, errors.New("no Prometheus runs"), now),
		"fails": Read(t.Context(), world(now), failing, nil, now),
	} {
		got := strings.Join(s.Lines(Parts, 0, 0, false, now), "\n")
		if !strings.Contains(got, "figures are not known (-): ") || strings.Contains(got, " 0 ") || !strings.Contains(got, "n1     1      -     -      -        -    -") || s.Services[0].Running != nil {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

// TestLinesFit: never more lines or columns than a terminal has; long tables say how much is left out.
func TestLinesFit(t *testing.T) {
	now := time.Now()
	all := world(now)
	for i := range 100 {
		all[0].Services = append(all[0].Services, v1alpha1.ServiceStatus{Name: fmt.Sprintf("検索-%03d", i), Kind: "process", Replicas: 1})
	}
	s := Read(t.Context(), all, answers, nil, now)
	for _, size := range [][2]int{{24, 80}, {10, 60}, {5, 40}, {50, 200}, {1, 10}} {
		lines := s.Lines(Parts, size[0], size[1], true, now)
		if len(lines) > size[0] {
			t.Errorf("%v: %d lines", size, len(lines))
		}
		for _, l := range lines {
			if text.Width(text.Unpainted(l)) > size[1] {
				t.Errorf("%v: %q is too wide", size, l)
			}
		}
		if got := strings.Join(lines, "\n"); size[0] >= 24 && (!strings.Contains(got, "… and ") || !strings.Contains(got, "12 min")) {
			t.Errorf("%v:\n%s", size, got)
		}
	}
	lines := s.Lines([]string{"services"}, 24, 80, false, now)
	if len(lines) != 24 || !strings.HasPrefix(lines[23], "… and 80 more") {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}
