package split

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/local"
	"assay/drivers/procid"
)

// TestTheControllerMoved: a client that the last controller started on its host is still listed, as Unknown and Away, and
// can be told to end. Before, it vanished from the listing, and the next client of the run was started beside it.
func TestTheControllerMoved(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "login1", "here-1")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name string, v any) {
		t.Helper()
		b, err := json.Marshal(v)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	other := procid.Self()
	other.Host, other.Machine, other.Boot = "login1", "m1", "b1"
	write("job.json", drivers.JobSpec{Tag: drivers.Tag{Store: "s", Nonce: "n"}, Here: true, Time: time.Hour})
	write("started.json", struct {
		procid.ID
		At time.Time `json:"at"`
	}{other, time.Now()})
	host := func(name string) *local.Scheduler {
		s, err := local.New(filepath.Join(dir, name), local.Options{Prefix: Prefix, Away: true})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := Scheduler{Cluster: &half{}, Here: host("login2"), Away: []drivers.Scheduler{host("login1")}}
	jobs, err := s.Jobs(t.Context(), "s")
	if err != nil || len(jobs) != 2 || jobs[1].State != drivers.JobUnknown || jobs[1].Away != "login1" {
		t.Fatalf("listed %+v, %v", jobs, err)
	}
	if err := s.Cancel(t.Context(), "here-1", "n"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "cancel")); err != nil {
		t.Errorf("its shepherd is not told to end it: %v", err)
	}
}
