package split

import (
	"context"
	"errors"
	"slices"
	"testing"

	"assay/drivers"
	"assay/drivers/fake"
)

// half notes what it is asked for, on top of a simulated cluster whose ids it prefixes.
type half struct {
	drivers.Scheduler
	id    drivers.JobID
	asked []string
	err   error
}

func (h *half) Submit(context.Context, drivers.JobSpec) (drivers.JobID, error) {
	h.asked = append(h.asked, "submit")
	return h.id, h.err
}

func (h *half) Cancel(_ context.Context, id drivers.JobID, nonce string) error {
	h.asked = append(h.asked, "cancel "+string(id)+" "+nonce)
	return h.err
}

func (h *half) Jobs(context.Context, string) ([]drivers.Job, error) {
	return []drivers.Job{{ID: h.id}}, h.err
}

func TestAJobStaysWithItsScheduler(t *testing.T) {
	cluster, here := &half{id: "7"}, &half{id: "here-7"}
	s := Scheduler{Cluster: cluster, Here: here}
	for _, spec := range []drivers.JobSpec{{}, {Here: true}} {
		id, err := s.Submit(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Cancel(t.Context(), id, "n"); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(cluster.asked, []string{"submit", "cancel 7 n"}) || !slices.Equal(here.asked, []string{"submit", "cancel here-7 n"}) {
		t.Errorf("asked of the cluster: %q, of this host: %q", cluster.asked, here.asked)
	}
	jobs, err := s.Jobs(t.Context(), "store")
	if err != nil || len(jobs) != 2 {
		t.Errorf("listed %v, %v", jobs, err)
	}
}

func TestHalfAListingIsAnError(t *testing.T) {
	away := errors.New("away")
	for _, s := range []Scheduler{
		{Cluster: &half{err: away}, Here: &half{}}, {Cluster: &half{}, Here: &half{err: away}},
		{Cluster: &half{}, Here: &half{}, Away: []drivers.Scheduler{&half{err: away}}},
	} {
		if jobs, err := s.Jobs(t.Context(), "store"); !errors.Is(err, away) || jobs != nil {
			t.Errorf("listed %v, %v", jobs, err)
		}
	}
}

// fencing is a half that can fence.
type fencing struct{ half }

func (f *fencing) Fence(_ context.Context, id drivers.JobID, nonce string) error {
	f.asked = append(f.asked, "fence "+string(id)+" "+nonce)
	return f.err
}

func TestAFenceIsForwarded(t *testing.T) {
	away := errors.New("away")
	here := &fencing{half{err: away}}
	s := Scheduler{Cluster: &half{}, Here: here}
	if err := s.Fence(t.Context(), "7", "n"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("of a scheduler that cannot fence: %v", err)
	}
	if err := s.Fence(t.Context(), "here-7", "n"); !errors.Is(err, away) || !slices.Equal(here.asked, []string{"fence here-7 n"}) {
		t.Errorf("fenced %q, %v", here.asked, err)
	}
}

func TestWhatASchedulerCannotDoIsSaid(t *testing.T) {
	s := Scheduler{Cluster: &half{}, Here: fake.New(fake.Options{})}
	if err := s.Reconfigure(t.Context(), "7", "n", drivers.Change{}); !errors.Is(err, drivers.ErrRejected) {
		t.Errorf("reconfigured: %v", err)
	}
	if _, err := s.Ended(t.Context(), "7", "n"); !errors.Is(err, drivers.ErrNotFound) {
		t.Errorf("ended: %v", err)
	}
	if _, err := s.Ended(t.Context(), "here-7", "n"); !errors.Is(err, drivers.ErrNotFound) { // of the one that has books
		t.Errorf("ended: %v", err)
	}
}
