package reconciler

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// scraper is a Prometheus of a test: it notes its targets and says what it is told to.
type scraper struct {
	targets []drivers.Target
	health  map[string]drivers.Health
	err     error
	asked   int
}

func (s *scraper) SetTargets(_ context.Context, targets []drivers.Target) error {
	s.targets = targets
	return s.err
}

func (s *scraper) Health(context.Context) (map[string]drivers.Health, error) {
	s.asked++
	return s.health, s.err
}

func TestTargetsAndScraped(t *testing.T) {
	w := calm(t)
	s := &scraper{err: errors.New("prometheus is away")}
	w.loop.Metrics = s
	w.settled(t)
	scraped := func() v1alpha1.Condition { return v1alpha1.Find(w.status[0].Services[0].Conditions, v1alpha1.Scraped) }
	if c := scraped(); c.Status != v1alpha1.Unknown || !strings.Contains(c.Message, "prometheus is away") {
		t.Errorf("without an answer Scraped is %+v", c)
	}
	s.targets, s.err = nil, nil
	w.pass()
	own := slices.DeleteFunc(slices.Clone(s.targets), func(t drivers.Target) bool { return strings.Contains(t.ID, "/node/") })
	if len(own) != 1 || own[0].Labels["service"] != "llm" || len(s.targets) != 3 {
		t.Fatalf("targets that could not be handed over are handed over again: %v", s.targets)
	}
	s.health = map[string]drivers.Health{own[0].ID: {Up: true, Models: []string{"a"}}}
	w.until(t, "scraped", func() bool { return scraped().Status == v1alpha1.True })
	asked := s.asked
	w.pass()
	if s.asked != asked {
		t.Error("Prometheus is asked in every pass")
	}
}

func TestExternalsAreProbedSeldom(t *testing.T) {
	w := calm(t)
	n, answer := 0, errors.New("connection refused")
	w.loop.Probe = func(context.Context, string, string, drivers.Probe) ([]string, error) { n++; return nil, answer }
	w.apply()
	w.pass()
	w.pass()
	if c := v1alpha1.Find(w.status[0].Services[1].Conditions, v1alpha1.Ready); n != 1 || c.Status != v1alpha1.False || !strings.Contains(c.Message, "connection refused") {
		t.Errorf("probed %d times in one moment: %+v", n, c)
	}
	answer = nil
	if err := w.converge(); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedAgentFileIsUnknown: a state.json that cannot be read is not an agent that said nothing.
func TestDamagedAgentFileIsUnknown(t *testing.T) {
	w := calm(t)
	w.settled(t)
	j := w.jobOf("llm")
	path := filepath.Join(w.store.JobDir(j.Tag.Seat, j.Tag.Nonce), drivers.StateFile)
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.restart() // the last controller has read the state for which the heartbeat vouches
	w.pass()
	if c := v1alpha1.Find(w.status[0].Services[0].Conditions, v1alpha1.Ready); c.Status != v1alpha1.Unknown {
		t.Errorf("Ready is %+v", c)
	}
}

// TestInterruptedPassSaysNothing: a listing that we cut short ourselves is not an unreachable scheduler.
func TestInterruptedPassSaysNothing(t *testing.T) {
	w := calm(t)
	w.settled(t)
	before, _, err := w.store.Status("exp")
	if err != nil {
		t.Fatal(err)
	}
	w.cluster.Advance(10 * w.step)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.loop.Pass(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	after, _, err := w.store.Status("exp")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}
