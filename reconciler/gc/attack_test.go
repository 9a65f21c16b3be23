package gc

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"assay/drivers/safefile"
	"assay/drivers/safefile/safefiletest"
)

// TestAnotherUsersData: in a paths.work that all can write another user makes data with our mark, and puts a link to somebody's
// home where the data of an experiment was.
func TestAnotherUsersData(t *testing.T) {
	work, home := safefiletest.Shared(t, 0o777), safefiletest.Shared(t, 0o755)
	w := newWorld(t)
	mark := func(experiment string) []byte { return []byte(`{"owner":"` + w.St.ID() + " " + experiment + `/db"}`) }
	photos := filepath.Join(home, "db", "photos")
	put(t, 1, photos)
	put(t, 1, filepath.Join(work, "left", "db", "file"))
	if err := errors.Join(os.WriteFile(filepath.Join(work, "left", "db", markerFile), mark("left"), 0o600), os.WriteFile(filepath.Join(home, "db", markerFile), mark("left"), 0o600)); err != nil {
		t.Fatal(err)
	}
	trap := filepath.Join(work, "gone", "db")
	safefiletest.As(t, safefiletest.Attacker, func() {
		if err := errors.Join(os.MkdirAll(trap, 0o777), os.WriteFile(filepath.Join(trap, markerFile), mark("gone"), 0o644)); err != nil {
			t.Error(err)
		}
	})
	c := Collector{Store: w.St, Jobs: listing(), Work: work}
	found, err := c.Find(t.Context(), Kinds{Data: true})
	if err != nil || len(found.Leftovers) != 1 || found.Leftovers[0].Experiment != "left" {
		t.Fatalf("found %+v, %v: want the data of left alone", found.Leftovers, err)
	}
	left := filepath.Join(work, "left")
	if err := errors.Join(os.Rename(left, left+"-"), os.Symlink(home, left)); err != nil { // after Remove has looked again, too
		t.Fatal(err)
	}
	if err := c.in(found.Leftovers[0], func(*safefile.Folder, string) error { return nil }); err == nil {
		t.Error("a link was followed")
	}
}
