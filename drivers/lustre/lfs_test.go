package lustre

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
)

// onLustre is a system whose every file system says it is Lustre, with a made-up lfs that notes how it was called.
func onLustre(t *testing.T, script string) (*system, func() string) {
	t.Helper()
	bin := t.TempDir()
	log := filepath.Join(bin, "log")
	write(t, filepath.Join(bin, "lfs"), "#!/bin/sh\necho \"$@\" >>"+log+"\n"+script, 0o700)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	s := newSystem()
	s.statfs = func(_ string, st *unix.Statfs_t) error {
		*st = unix.Statfs_t{Type: lustreMagic, Bsize: 4096, Bavail: 1000, Files: 100, Ffree: 50}
		return nil
	}
	return s, func() string { b, _ := os.ReadFile(log); return string(b) }
}

const usual = `case $1 in
getstripe) echo "stripe_count:  4 stripe_size:   1048576 pattern:       raid0 stripe_offset: -1";;
project) echo "  77 P $3";;
quota) case $3 in -u) echo "  $5  100  0  200  -  10  0  0  -";; -p) echo "  $5"; echo "  150*  0  200  -  10  90  100  6d23h";; esac;;
esac
`

func TestStripesAndQuota(t *testing.T) {
	s, log := onLustre(t, usual)
	spec := v1alpha1.Lustre{Path: filepath.Join(t.TempDir(), "io"), StripeCount: 4, StripeSize: 1 << 20}
	must(t, s.make(ctx(t), spec, owner))
	if got := log(); !strings.HasPrefix(got, "setstripe -c 4 -S 1048576 ") {
		t.Errorf("lfs was called: %s", got)
	}
	for range 3 {
		d, err := s.stat(ctx(t), spec, owner)
		must(t, err)
		want := Directory{Exists: true, Ours: true, IsLustre: true, Striped: true, FreeBytes: 4096000, FreeInodes: 50,
			QuotaBytes: 50 * 1024, QuotaInodes: 90, FSType: "lustre", Stripes: "4 x 1Mi"}
		if d != want {
			t.Errorf("got  %+v\nwant %+v", d, want)
		}
	}
	if n := strings.Count(log(), "quota -q -u"); n != 1 {
		t.Errorf("the quota was asked %d times in a row", n)
	}
	spec.StripeCount = 8
	if d, err := s.stat(ctx(t), spec, owner); err != nil || d.Striped || !strings.Contains(d.Message, "stripes") {
		t.Errorf("other stripes: %+v %v", d, err)
	}
}

func TestFailedStripesLeaveNothing(t *testing.T) {
	s, _ := onLustre(t, "echo 'error: Invalid argument' >&2; exit 22\n")
	spec := v1alpha1.Lustre{Path: filepath.Join(t.TempDir(), "io"), StripeCount: 4}
	if err := s.make(ctx(t), spec, owner); err == nil || !strings.Contains(err.Error(), "Invalid argument") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(spec.Path)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestUsersDirectoryIsNotStriped(t *testing.T) {
	s, log := onLustre(t, usual)
	must(t, s.make(ctx(t), v1alpha1.Lustre{Path: t.TempDir(), StripeCount: 4}, owner))
	if log() != "" {
		t.Errorf("lfs was called: %s", log())
	}
}

func TestParseQuota(t *testing.T) {
	for text, want := range map[string]string{
		"/scratch 100 0 200 - 10 0 50 -":                 "102400 40",
		"/scratch 100 150 0 - 10 0 0 -":                  "51200 -1",
		"/scratch 300* 0 200 none 60* 0 50 -":            "0 0",
		"/a/long path\n  [100] 0 [200] - [10] 0 0 -\n":   "102400 -1",
		"/scratch 100 0 0 - 10 0 0 -":                    "-1 -1",
		"Unexpected quotactl error: Operation not perm.": "-1 -1",
		"": "-1 -1",
	} {
		b, i := parseQuota(text)
		if got := fmt.Sprint(b, i); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func FuzzParseQuota(f *testing.F) {
	f.Add("/scratch 300* 0 200 none 60* 0 50 -")
	f.Add("/s 9223372036854775807 0 9223372036854775807 - 1 0 0 -")
	f.Fuzz(func(t *testing.T, text string) {
		if b, i := parseQuota(text); b < -1 || i < -1 {
			t.Errorf("%q: %d %d", text, b, i)
		}
	})
}
