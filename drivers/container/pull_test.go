package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
	"assay/drivers/lockfile"
	"assay/drivers/procid"
)

// puller is a Puller with the stand-in on PATH, and what it says.
type puller struct {
	Puller
	dir, log, gate string
	mu             sync.Mutex
	said           []string
}

func newPuller(t *testing.T) *puller {
	onPath(t, "apptainer")
	dir := t.TempDir()
	p := &puller{dir: filepath.Join(dir, "images"), log: filepath.Join(dir, "log"), gate: filepath.Join(dir, "gate")}
	t.Setenv("STANDIN_LOG", p.log)
	p.Site = boxes("apptainer")
	p.Site.Spec.Container.Images = p.dir
	p.time = lockfile.Timing{Touch: 10 * time.Millisecond, Poll: time.Millisecond, Stale: time.Hour}
	p.Say = p.say
	return p
}

func (p *puller) say(format string, v ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, fmt.Sprintf(format, v...))
}

func (p *puller) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.said, "\n")
}

func parsed(t *testing.T, refs ...string) (out []v1alpha1.Image) {
	t.Helper()
	for _, ref := range refs {
		i, err := v1alpha1.ParseImage(ref)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, i)
	}
	return out
}

// eventually waits for something that has to happen; the test's own limit ends it.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen within a minute", what)
		}
	}
}

func logged(p *puller, what string) int {
	b, _ := os.ReadFile(p.log) // none yet: nothing was logged
	return strings.Count(string(b), what)
}

// only checks that the image folder holds these files, the cache aside.
func only(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if filepath.Join(dir, e.Name()) != cacheOf(dir) {
			got = append(got, e.Name())
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the image folder holds %v, want %v", got, want)
	}
}

func TestPull(t *testing.T) {
	p := newPuller(t)
	images := parsed(t, "docker://a/b:1", "docker://c@sha256:"+strings.Repeat("0", 64))
	for range 2 {
		if err := p.Pull(t.Context(), images); err != nil {
			t.Fatal(err)
		}
	}
	digest := "c@sha256:" + strings.Repeat("0", 64)
	want := strings.Join([]string{"image 1 of 2  a/b:1  pulling", "image 1 of 2  a/b:1  done  11 bytes", "image 2 of 2  " + digest + "  pulling",
		"image 2 of 2  " + digest + "  done  11 bytes", "image 1 of 2  a/b:1  cached", "image 2 of 2  " + digest + "  cached"}, "\n")
	if p.text() != want {
		t.Errorf("said\n%s\nwant\n%s", p.text(), want)
	}
	if n := logged(p, "half of docker://docker.io/a/b:1\n"); n != 1 {
		t.Errorf("pulled %d times", n)
	}
	only(t, p.dir, "a+b=1.sif", strings.ReplaceAll(digest, ":", "=")+".sif")
	if st, err := os.Stat(p.dir); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("the image folder: %v, %v", st.Mode(), err)
	}
}

func TestPullFails(t *testing.T) {
	p := newPuller(t)
	err := p.Pull(t.Context(), parsed(t, "docker://missing:1"))
	if err == nil || !strings.Contains(err.Error(), "pulling docker://missing:1: apptainer pull (exit status 255):\n") || !strings.Contains(err.Error(), "manifest unknown") {
		t.Errorf("got %v", err)
	}
	only(t, p.dir)
	own := filepath.Join(t.TempDir(), "own.sif")
	if err := p.Pull(t.Context(), parsed(t, own)); err == nil || !strings.Contains(err.Error(), "a file of yours") {
		t.Errorf("a file that is missing: %v", err)
	}
	if err := os.WriteFile(own, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Pull(t.Context(), parsed(t, own)); err != nil {
		t.Error(err)
	}
}

func TestPullWithoutRuntime(t *testing.T) {
	p := newPuller(t)
	t.Setenv("PATH", t.TempDir())
	p.Site.Spec.Modules = []string{"env/release/2024.1", "Apptainer/1.3.6"}
	err := p.Pull(t.Context(), parsed(t, "docker://a:1"))
	if err == nil || !strings.Contains(err.Error(), "apptainer, which is not on PATH here; load the site's modules first: module load env/release/2024.1 Apptainer/1.3.6") {
		t.Errorf("got %v", err)
	}
}

// TestPullInterrupted ends a pull in the middle; the next one has the layer already.
func TestPullInterrupted(t *testing.T) {
	p := newPuller(t)
	t.Setenv("STANDIN_GATE", p.gate)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Pull(ctx, parsed(t, "docker://a:1")) }()
	eventually(t, "half an image", func() bool { return logged(p, "half") == 1 })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	only(t, p.dir)
	// What a pull that was killed leaves goes with the next one.
	if err := os.MkdirAll(filepath.Join(p.dir, ".a=1.sif.123", "rootfs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Pull(t.Context(), parsed(t, "docker://a:1")); err != nil {
		t.Fatal(err)
	}
	only(t, p.dir, "a=1.sif")
	if logged(p, "layer") != 1 || logged(p, "half") != 2 {
		t.Errorf("the layer was fetched %d times, the image begun %d times", logged(p, "layer"), logged(p, "half"))
	}
}

// TestPullTogether lets two people want one image: one pulls, the other waits and says for whom.
func TestPullTogether(t *testing.T) {
	p := newPuller(t)
	t.Setenv("STANDIN_GATE", p.gate)
	done := make(chan error, 2)
	for range 2 {
		go func() { done <- p.Pull(t.Context(), parsed(t, "docker://a:1")) }()
	}
	eventually(t, "half an image, and a process that waits", func() bool {
		return logged(p, "half") == 1 && strings.Contains(p.text(), "waiting for "+lockfile.Named(procid.Self())+", who fetches it")
	})
	if err := os.WriteFile(p.gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := logged(p, "half"); n != 1 {
		t.Errorf("pulled %d times", n)
	}
	if strings.Count(p.text(), "cached") != 1 || strings.Count(p.text(), "done") != 1 {
		t.Errorf("said\n%s", p.text())
	}
	only(t, p.dir, "a=1.sif")
}

// TestPullTakesOver takes over a lock that does not move, and at once a lock whose holder has certainly ended.
func TestPullTakesOver(t *testing.T) {
	here := procid.Self()
	gone := here
	gone.PID, gone.Start = ended(t), "1"
	for name, c := range map[string]struct {
		holder any // of the lock that is found
		says   string
		stale  time.Duration
	}{
		"on another host":      {procid.ID{Host: "elsewhere", PID: 7}, "elsewhere pid 7", 5 * time.Millisecond},
		"ended on this host":   {gone, lockfile.Named(gone), time.Hour},
		"of another version":   {map[string]string{"owner": "login1 pid 7"}, "another process", 5 * time.Millisecond},
		"a pid that is reused": {procid.ID{Host: here.Host, Boot: here.Boot, Namespace: here.Namespace, PID: here.PID, Start: "1"}, lockfile.Named(here), time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPuller(t)
			p.time.Stale = c.stale
			lockFile(t, p, c.holder)
			if err := p.Pull(t.Context(), parsed(t, "docker://a:1")); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(p.text(), "waiting for "+c.says+",") || !strings.HasSuffix(p.text(), "done  11 bytes") {
				t.Errorf("said\n%s", p.text())
			}
			only(t, p.dir, "a=1.sif")
		})
	}
}

// TestPullWaitsForAnotherNamespace: a pid of a container means another process here, so its holder is not known to be gone.
func TestPullWaitsForAnotherNamespace(t *testing.T) {
	p := newPuller(t)
	p.time.Stale = time.Hour
	inside := procid.Self()
	inside.Namespace, inside.PID = "pid:[1]", ended(t)
	path := lockFile(t, p, inside)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Pull(ctx, parsed(t, "docker://a:1")) }()
	eventually(t, "a process that waits", func() bool { return strings.Contains(p.text(), "waiting for ") })
	time.Sleep(20 * p.time.Poll)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if holder, _ := lockfile.Inspect(path); holder != inside {
		t.Errorf("the lock was taken away: it is held by %+v", holder)
	}
}

func lockFile(t *testing.T, p *puller, holder any) string {
	t.Helper()
	path := filepath.Join(p.dir, "a=1.sif.lock")
	if err := errors.Join(os.MkdirAll(p.dir, 0o700), durable.Writer{NoSync: true}.CreateRecord(path, holder, nil)); err != nil {
		t.Fatal(err)
	}
	return path
}
