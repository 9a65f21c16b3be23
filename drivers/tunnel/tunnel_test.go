package tunnel

import (
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

func TestLocalPortsAreDistinctAndFree(t *testing.T) {
	taken, err := listenFrom(20000)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := strings.Cut(taken.Addr().String(), ":")
	var targets []*url.URL
	for _, node := range []string{"n1", "n2", "n3"} {
		u, err := url.Parse("http://" + node + ":" + port)
		if err != nil {
			t.Fatal(err)
		}
		targets = append(targets, u)
	}
	low, _ := url.Parse("http://n1:80")
	got, err := Forwards(append(targets, low))
	if err != nil {
		t.Fatal(err)
	}
	used := map[int]bool{taken.Addr().(*net.TCPAddr).Port: true}
	for _, f := range got {
		p := f.LocalPort
		if used[p] || p < 1024 {
			t.Errorf("forwards %v with %s taken: one is used twice, or is root's", got, port)
		}
		used[p] = true
	}
}

func TestCommandLineIsOneWordEach(t *testing.T) {
	if got := CommandLine([]string{"ssh", "-L", "127.0.0.1:1:[fd00::1]:2", "it's"}); got != `ssh -L '127.0.0.1:1:[fd00::1]:2' 'it'\''s'` {
		t.Error(got)
	}
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCommandGoesThroughTheLoginHost(t *testing.T) {
	site := v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: "far"}}
	site.Spec.Login = v1alpha1.SiteLogin{Host: "login.example.org", Port: 8822, User: "u1"}
	f := Forward{parse(t, "http://[fd00::1]:8000/docs"), 8001}
	got, err := Command(site, f)
	if want := "ssh -p 8822 -l u1 login.example.org -N -L '127.0.0.1:8001:[fd00::1]:8000'"; err != nil || CommandLine(got) != want {
		t.Errorf("%s, %v, want %s", CommandLine(got), err, want)
	}
	if want := "http://127.0.0.1:8001/docs"; f.URL() != want {
		t.Errorf("opens %s, want %s", f.URL(), want)
	}
	for _, l := range []v1alpha1.SiteLogin{{Host: "-oProxyCommand=true"}, {Host: "h", User: "a b"}, {Host: "h;true"}} {
		site.Spec.Login = l
		if got, err := Command(site, f); err == nil {
			t.Errorf("%+v is taken: %q", l, got)
		}
	}
}

func TestDirectEndpointsAreOnThisMachine(t *testing.T) {
	for text, want := range map[string]bool{"http://127.0.0.1:1": true, "http://[::1]:1": true, "http://localhost:1": true, "http://n1:1": false, "http://10.0.0.1:1": false} {
		if got := Direct(parse(t, text)); got != want {
			t.Errorf("Direct(%s) is %v, want %v", text, got, want)
		}
	}
}

// sshIs puts a shell script in the place of ssh.
func sshIs(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// TestRunSaysHowSSHEnded: before or after the ports answered, or because ctx did; no process is left.
func TestRunSaysHowSSHEnded(t *testing.T) {
	site := v1alpha1.Site{}
	site.Spec.Login.Host = "login.example.org"
	l, err := listenFrom(20000) // stands for the port that ssh would open
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	forwards := []Forward{{parse(t, "http://n1:1"), l.Addr().(*net.TCPAddr).Port}}
	nothing := []Forward{{parse(t, "http://n1:1"), 1}}
	for name, c := range map[string]struct {
		script   string
		forwards []Forward
		limit    time.Duration // then ctx ends
		opened   bool
		want     string
	}{
		"refused":   {"exit 255", nothing, time.Minute, false, "before the tunnels were open (exit status 255)"},
		"closed":    {"sleep 1", forwards, time.Minute, true, "ssh to login.example.org has ended;"},
		"lost":      {"sleep 1; exit 255", forwards, time.Minute, true, "has ended (exit status 255)"},
		"cancelled": {"exec sleep 60", forwards, time.Second, true, "deadline exceeded"},
		"waiting":   {"exec sleep 60", nothing, time.Second, false, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			sshIs(t, c.script)
			ctx, cancel := context.WithTimeout(t.Context(), c.limit)
			defer cancel()
			opened, begun := false, time.Now()
			err := Run(ctx, site, c.forwards, strings.NewReader(""), io.Discard, func() { opened = true })
			if err == nil || !strings.Contains(err.Error(), c.want) || opened != c.opened || time.Since(begun) > 30*time.Second {
				t.Errorf("opened %v, %v after %s, want opened %v, %q", opened, err, time.Since(begun), c.opened, c.want)
			}
		})
	}
}
