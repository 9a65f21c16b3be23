package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// standIn puts a shell script in the place of ssh: the last argument is what the login shell of the site gets. It notes how it
// was called, one line each. The site's home is a folder.
func standIn(t *testing.T, before string) (calls func() []string, home string, o Options) {
	t.Helper()
	dir := t.TempDir()
	home = filepath.Join(dir, "site")
	script := "#!/bin/sh\nprintf '%s ' \"$@\" | head -c 900 | tr '\\n' ' ' >> " + dir + "/calls; echo >> " + dir + "/calls\n" +
		"case \"$*\" in *'-O check'*) exit 1;; *'-O exit'*) exit 0;; esac\nfor last; do :; done\n" + before + "\nunset XDG_CACHE_HOME\nHOME=" + home + " exec sh -c \"$last\"\n"
	// Where assay is run at the site stands a program that says that it is there and repeats what it is told.
	program := "#!/bin/sh\nprintf '\\000assay-remote 1\\n'; exec cat\n"
	for name, text := range map[string]string{"ssh": script, "assay": program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	calls = func() []string {
		b, _ := os.ReadFile(dir + "/calls")
		return strings.Split(strings.TrimSpace(string(b)), "\n")
	}
	c := Context{Name: "hpc", Host: "login.example.org", User: "me", Port: 8822}
	return calls, home, Options{Context: c, Binary: dir + "/assay", Cache: dir, Sockets: []string{filepath.Join(dir, "sock")}, Errors: io.Discard, Note: t.Logf}
}

// TestConnect: assay is copied once, and runs at the other end; a copy that is not whole gets no name.
func TestConnect(t *testing.T) {
	calls, home, o := standIn(t, "echo 'welcome to the site'")
	for i, want := range []int{5, 3} { // check, open, begin, install, begin; check, open, begin
		before := len(calls())
		if i == 0 {
			before = 0
		}
		c, err := Connect(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "echo\n"); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 5)
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "echo\n" {
			t.Errorf("%q, %v", b, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if got := calls()[before:]; len(got) != want {
			t.Errorf("ssh was called %d times, want %d:\n%s", len(got), want, strings.Join(got, "\n"))
		}
	}
	for _, call := range calls() {
		if !strings.HasPrefix(call, "-T -S ") || !strings.Contains(call, "-p 8822 -l me -- login.example.org") || strings.Contains(call, "StrictHostKey") {
			t.Errorf("ssh %s", call)
		}
	}
	names, _ := filepath.Glob(home + "/.cache/assay/remote/*")
	// A copy that is damaged so that it cannot say so is copied anew.
	if err := os.Remove(names[0]); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(names[0], []byte("#!/bin/sh\nexit 139\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	info, err := os.Stat(filepath.Dir(names[0]))
	if len(names) != 1 || err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v, %v", names, info, err)
	}
	if s, err := os.Stat(o.Sockets[0]); err != nil || s.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", s, err)
	}
}

// TestConnectFails: every way in which it does is told, and none is taken for the exit code of a verb.
func TestConnectFails(t *testing.T) {
	for name, c := range map[string]struct{ before, want string }{
		"refused":         {"echo 'Permission denied (publickey).' >&2; exit 255", "no connection to login.example.org: ssh ended with exit status 255; try it by itself: ssh -p 8822 -l me -- login.example.org"},
		"no shell":        {`case "$last" in exit*) ;; *) echo 'This account is currently not available.'; exit 1;; esac`, "assay did not begin on login.example.org"},
		"a noisy shell":   {`case "$last" in exit*) ;; *) yes noise | head -c 100000;; esac`, "the login shell prints more than 64 KiB"},
		"a full disk":     {`case "$last" in *gzip*) cat >/dev/null; echo 'No space left on device' >&2; exit 1;; esac`, "No space left on device"},
		"a cut copy":      {`case "$last" in *gzip*) head -c 20 | HOME=$HOME sh -c "$last"; exit;; esac`, "copying assay to login.example.org"},
		"another system":  {`case "$last" in exit*) ;; *) echo '` + missingWord + ` Linux riscv64' >&2; exit 127;; esac`, "GOARCH=riscv64"},
		"another kernel":  {`case "$last" in exit*) ;; *) echo '` + missingWord + ` SunOS sun4v' >&2; exit 127;; esac`, "is a SunOS sun4v, for which there is no assay"},
		"it is forgotten": {`case "$last" in *gzip*) cat >/dev/null; exit 0;; esac`, "and is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			_, home, o := standIn(t, c.before)
			conn, err := Connect(t.Context(), o)
			if err == nil {
				_ = conn.Close()
			}
			if !errors.Is(err, ErrConnect) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if left, _ := filepath.Glob(home + "/.cache/assay/remote/*"); left != nil && name != "a noisy shell" {
				t.Errorf("%v is left", left)
			}
		})
	}
}

// TestConnectIsInterrupted: Ctrl-C ends ssh while it connects.
func TestConnectIsInterrupted(t *testing.T) {
	_, _, o := standIn(t, "exec sleep 600")
	ctx, cancel := context.WithCancel(t.Context())
	o.Errors = io.Discard
	go cancel()
	if _, err := Connect(ctx, o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestVariablesOfSecretsAreHidden: ssh gets the user's environment without them.
func TestVariablesOfSecretsAreHidden(t *testing.T) {
	t.Setenv("HIDDEN", "secret")
	t.Setenv("SHOWN", "1")
	if env := environment([]string{"HIDDEN"}); slices.Contains(env, "HIDDEN=secret") || !slices.Contains(env, "SHOWN=1") {
		t.Error(env)
	}
}

// TestSocketsAreShort: a path that the kernel does not take is passed over, and a folder of others is none.
func TestSocketsAreShort(t *testing.T) {
	c := Context{Name: "a", Host: "h"}
	long, short := filepath.Join(t.TempDir(), strings.Repeat("x", 100)), filepath.Join(t.TempDir(), "s")
	got, err := newSSH(c, []string{"assay-ssh", long, short})
	if err != nil || filepath.Dir(got.socket) != short {
		t.Errorf("%q, %v", got.socket, err)
	}
	open := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := newSSH(c, []string{open}); err == nil {
		t.Error("a folder in which everybody can write holds the socket")
	}
	other, _ := newSSH(Context{Name: "a", Host: "h", User: "me"}, []string{short})
	if other.socket == got.socket {
		t.Error("two addresses share a connection")
	}
}

// TestSum: a file is read once, and again when it is another one.
func TestSum(t *testing.T) {
	dir := t.TempDir()
	path, memo := dir+"/f", dir+"/memo"
	var sums []string
	for _, text := range []string{"one", "one", "two"} {
		if old, err := os.ReadFile(path); err != nil || string(old) != text {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Sum(path, memo)
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, s)
	}
	if sums[0] != sums[1] || sums[1] == sums[2] {
		t.Error(sums)
	}
	b, err := os.ReadFile(memo)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(memo, append(bytes.TrimSuffix(b, []byte(sums[2])), sums[0]...), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Sum(path, memo); err != nil || s != sums[0] {
		t.Errorf("what is remembered is not used: %v", err)
	}
}

func TestFits(t *testing.T) {
	for system, want := range map[string]bool{"Linux x86_64": runtime.GOARCH == "amd64", "Linux aarch64": runtime.GOARCH == "arm64", "Darwin arm64": false, "": false} {
		if err := fits("h", system, runtime.GOOS, runtime.GOARCH); (err == nil) != want {
			t.Errorf("%q: %v", system, err)
		}
	}
}

// TestContexts are kept, chosen and forgotten; names that ssh reads as something else are none.
func TestContexts(t *testing.T) {
	s := Contexts{filepath.Join(t.TempDir(), "contexts")}
	if all, err := s.All(); len(all) != 0 || err != nil {
		t.Error(all, err)
	}
	for i, c := range []Context{{Name: "hpc", Host: "-oProxyCommand=true"}, {Name: "hpc", Host: "h;true"}, {Name: "hpc", Host: "h", User: "-l"}, {Name: "../x", Host: "h"}, {Name: Here, Host: "h"},
		{Name: "hpc", Host: "h", Port: -1}, {Name: "hpc", Host: "h", Port: 1 << 20}, {Name: "hpc"}, {Name: "hpc", Host: "h", Binary: "x"}} {
		if err := s.Add(c); err == nil {
			t.Errorf("%d: %+v is taken", i, c)
		}
	}
	hpc := Context{Name: "hpc", Host: "login", User: "me", Port: 22, State: "/state"}
	if err := s.Add(hpc); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(hpc); err == nil {
		t.Error("one name has two contexts")
	}
	if got, err := s.Get("hpc"); got != hpc || err != nil {
		t.Error(got, err)
	}
	current := func() string {
		name, err := s.Current()
		return fmt.Sprint(name, err)
	}
	if got := current(); got != Here+"<nil>" {
		t.Error(got)
	}
	if err := s.Use("none"); err == nil {
		t.Error("a context that is not there is used")
	}
	if err := s.Use("hpc"); err != nil || current() != "hpc<nil>" {
		t.Error(err, current())
	}
	if err := s.Delete("hpc"); err != nil || current() != Here+"<nil>" {
		t.Error(err, current())
	}
	if _, err := s.Get("hpc"); err == nil {
		t.Error("it is still there")
	}
}
