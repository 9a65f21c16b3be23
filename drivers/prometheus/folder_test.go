package prometheus

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/drivers"
)

func take(t *testing.T, p Place) string {
	t.Helper()
	dir, err := p.Take()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t *testing.T, dir string) *Embedded {
	t.Helper()
	e, err := Start(Options{Dir: dir, Listen: "127.0.0.1:0", Interval: time.Hour, Retain: time.Hour, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestTwoHoldersNeverShareAFolder is finding C25: the former holder is frozen and has its database open; its successor gets
// another folder, and the next one the folder that was written last.
func TestTwoHoldersNeverShareAFolder(t *testing.T) {
	p := Place{Dir: t.TempDir(), Store: "s1", Host: "h"}
	first := take(t, p)
	if info, err := os.Stat(first); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("the folder is %v, %v", info, err)
	}
	holder := open(t, first)
	second := take(t, p)
	if second == first {
		t.Fatal("a folder that is in use was given out")
	}
	successor := open(t, second)
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(first, "wal"), time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(first, time.Now().Add(-time.Hour), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	_ = os.Chtimes(filepath.Join(first, "chunks_head"), time.Now().Add(-time.Hour), time.Now().Add(-time.Hour))
	if err := successor.Close(); err != nil {
		t.Fatal(err)
	}
	if third := take(t, p); third != second {
		t.Errorf("%s was written last, and %s was given out", second, third)
	}
	if latest, err := p.Latest(); err != nil || latest != second {
		t.Errorf("the latest is %s, %v", latest, err)
	}
}

// TestOnlyOurOwnFoldersCount: in a folder where anybody can make names.
func TestOnlyOurOwnFoldersCount(t *testing.T) {
	p := Place{Dir: t.TempDir(), Store: "s1", Host: "h"}
	real := filepath.Join(t.TempDir(), "real")
	for _, dir := range []string{real, filepath.Join(p.Dir, p.prefix()+"open"), filepath.Join(p.Dir, Place{Store: "s2", Host: "h"}.prefix()+"a"), filepath.Join(p.Dir, Place{Store: "s1", Host: "other"}.prefix()+"a")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(p.Dir, p.prefix()+"open"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, filepath.Join(p.Dir, p.prefix()+"link")); err != nil {
		t.Fatal(err)
	}
	if latest, err := p.Latest(); err != nil || latest != "" {
		t.Errorf("%q counts as a folder of this store, %v", latest, err)
	}
	if os.Geteuid() == 0 {
		foreign := filepath.Join(p.Dir, p.prefix()+"foreign")
		if err := os.Mkdir(foreign, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(foreign, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if latest, _ := p.Latest(); latest != "" {
			t.Errorf("%q of another user counts", latest)
		}
	}
}

// TestUnusedFoldersAreRemoved, but for the one that was written last and those of others.
func TestUnusedFoldersAreRemoved(t *testing.T) {
	p := Place{Dir: t.TempDir(), Store: "s1", Host: "h"}
	make := func(name string, age time.Duration) string {
		dir := filepath.Join(p.Dir, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, time.Now().Add(-age), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	last, old, recent, other := make(p.prefix()+"a", time.Minute), make(p.prefix()+"b", 48*time.Hour), make(p.prefix()+"c", time.Hour), make("assay-tsdb-s2-h-a", 48*time.Hour)
	if got := take(t, p); got != last {
		t.Errorf("%s was given out", got)
	}
	for dir, stays := range map[string]bool{last: true, old: false, recent: true, other: true} {
		if _, err := os.Stat(dir); (err == nil) != stays {
			t.Errorf("%s is there: %v, want %v", dir, err == nil, stays)
		}
	}
}

// TestKeptIsDoneWithout: what cannot start is no error of its user, and starts once it can; what was asked of it meanwhile
// is remembered.
func TestKeptIsDoneWithout(t *testing.T) {
	file := filepath.Join(t.TempDir(), "not-a-folder")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var told []string
	k := Keep(Options{Listen: "127.0.0.1:0", Interval: 300 * time.Millisecond, Retain: time.Hour, Log: slog.New(slog.DiscardHandler)},
		Place{Dir: file, Store: "s1", Host: "h"}, func(url string) error { told = append(told, url); return nil })
	if err := k.SetTargets(t.Context(), []drivers.Target{{ID: "x", URL: metricsServer(t).URL + "/metrics"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "not-a-folder") || len(told) != 0 {
		t.Errorf("health without a Prometheus: %v; told %q", err, told)
	}
	k.place.Dir = t.TempDir()
	k.try()
	eventually(t, true, func() bool { h, err := k.Health(t.Context()); return err == nil && h["x"].Up })
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if len(told) != 2 || !strings.HasPrefix(told[0], "http://") || told[1] != "" {
		t.Errorf("told %q", told)
	}
}

// TestKeptNoticesALoss: one that stops by itself is followed by another.
func TestKeptNoticesALoss(t *testing.T) {
	told, dir := make(chan string, 4), t.TempDir()
	k := Keep(Options{Listen: "127.0.0.1:0", Interval: time.Hour, Retain: time.Hour, Log: slog.New(slog.DiscardHandler)},
		Place{Dir: dir, Store: "s1", Host: "h"}, func(url string) error { told <- url; return nil })
	<-told
	e, err := k.running()
	if err != nil {
		t.Fatal(err)
	}
	e.lost <- net.ErrClosed
	if url := <-told; url != "" {
		t.Errorf("told %q", url)
	}
	eventually(t, true, func() bool {
		_, err := k.Health(t.Context())
		return err != nil && strings.Contains(err.Error(), "it was lost")
	})
	eventually(t, true, func() bool { // the lost one is closed: as in run, none is started before
		locks, err := filepath.Glob(filepath.Join(dir, "*", "lock"))
		return err == nil && len(locks) == 0
	})
	k.try()
	if url := <-told; url == "" {
		t.Error("none followed")
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
}
