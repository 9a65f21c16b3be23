package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const fromLaptop = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: far}
spec:
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 1ms, itl: 1ms}}
      secrets: {ONE: {env: LAPTOP_TOKEN}, TWO: {file: ~/.token}}
      ready: {stableFor: 100ms}
    - name: web
      process: {command: [sh, -c, "echo told-by-web-%d; exec $(ASSAY) serve-files --listen $(HOST):$(PORT)"], probe: /healthz}
      ready: {stableFor: 100ms}
  benchmarks:
    - name: texts
      target: llm
      serving: {dataset: custom, file: data/texts.jsonl, prompts: 20, concurrency: 4, seed: 1}
`

// TestFromALaptop: another user in another network, with ssh alone, does what the site's own user can do there.
func TestFromALaptop(t *testing.T) {
	beside(t, 45*time.Second)
	l := newLaptop(t)
	secrets := []string{newCanary(), newCanary()}
	l.env = append(l.env, "LAPTOP_TOKEN="+secrets[0])
	l.put(l.user, ".token", secrets[1]+"\n")
	if err := os.MkdirAll(l.user.home+"/exp/data", 0o755); err != nil {
		t.Fatal(err)
	}
	var texts strings.Builder
	for i := range 20 {
		fmt.Fprintf(&texts, "{\"prompt\": \"text %d of the laptop\", \"output_tokens\": 4}\n", i)
	}
	l.put(l.user, "exp/data/texts.jsonl", texts.String())
	l.put(l.user, "exp/far.yaml", fmt.Sprintf(fromLaptop, 1))
	l.put(l.user, "bad.yaml", strings.NewReplacer("prompts: 20", "promts: 20", "data/", "exp/data/").Replace(fromLaptop))

	l.is(2, "--context", "hpc", "get", "services") // there is none
	l.is(0, "context", "add", "hpc", "--ssh", "hpc", "-p", strconv.Itoa(l.port), "--state", "state")
	l.is(0, "context", "use", "hpc")
	if list := l.is(0, "context", "list"); !strings.Contains(strings.Join(strings.Fields(list), " "), "* hpc hpc:"+strconv.Itoa(l.port)+" state") {
		t.Errorf("contexts:\n%s", list)
	}
	if bad := l.is(4, "plan", "-f", "bad.yaml"); !strings.Contains(bad, "bad.yaml:16:") || !strings.Contains(bad, "prompts") || !strings.Contains(bad, "Copying assay to hpc") {
		t.Errorf("a mistake is not at its place on the laptop: %s", bad)
	}
	looking := l.look(secrets)
	applied := l.is(0, "apply", "-f", "exp", "--timeout", "3m")
	looking()
	if strings.Contains(applied, "Copying assay") || !strings.Contains(applied, "texts-1") {
		t.Errorf("applied:\n%s", applied)
	}
	l.is(0, "plan", "-f", "exp")
	l.is(0, "wait", "experiment/far", "--for=condition=Ready", "--timeout", "1m")
	l.sent(texts.String(), secrets)
	l.follows(t)
	l.reaches(t)
	l.saves(t)
	l.watches(t)
	l.loses(t)
	l.is(0, "delete", "experiment", "far", "--yes", "--timeout", "1m")
	if all := l.is(0, "get", "jobs"); strings.Contains(all, "far") {
		t.Errorf("after delete:\n%s", all)
	}
	l.is(0, "context", "delete", "hpc")
	l.until("nothing of the laptop is left at the site", func() bool { return len(l.serving()) == 0 })
}

// look looks for secrets in the arguments and environments of assay and ssh on both sides until the returned function is called.
func (l *laptop) look(secrets []string) (end func()) {
	done := make(chan struct{})
	var all sync.WaitGroup
	seen := map[string]int{}
	all.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond): // what it looks for lives longer
			}
			processes, _ := filepath.Glob("/proc/[0-9]*")
			for _, p := range processes {
				line, _ := os.ReadFile(p + "/cmdline")
				env, _ := os.ReadFile(p + "/environ")
				what := ""
				switch {
				case bytes.HasPrefix(line, []byte("ssh\x00")) && bytes.Contains(env, []byte("HOME="+l.user.home+"\x00")):
					what = "ssh"
				case bytes.Contains(line, []byte("remote-serve\x00")):
					what = "assay at the site"
				}
				for _, s := range secrets {
					if bytes.Contains(line, []byte(s)) || what != "" && bytes.Contains(env, []byte(s)) {
						l.t.Errorf("%s %s: a secret is in its arguments or its environment", p, what)
						return
					}
				}
				seen[what]++
			}
		}
	})
	return func() {
		l.t.Helper()
		close(done)
		all.Wait()
		if seen["ssh"] == 0 || seen["assay at the site"] == 0 {
			l.t.Errorf("looked at %v: the test shows nothing", seen)
		}
	}
}

// sent: the secrets and the data set of the laptop are in the state directory of the site, 0600.
func (l *laptop) sent(texts string, secrets []string) {
	l.t.Helper()
	state := l.site.home + "/state"
	found := map[string]bool{}
	_ = filepath.Walk(state, func(path string, info os.FileInfo, err error) error {
		if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
			return nil
		}
		b, _ := os.ReadFile(path)
		for _, s := range append(secrets, texts) {
			if strings.TrimSpace(string(b)) == strings.TrimSpace(s) {
				found[s] = true
				if info.Mode().Perm() != 0o600 {
					l.t.Errorf("%s has mode %v", path, info.Mode())
				}
			}
		}
		return nil
	})
	if len(found) != 3 {
		l.t.Errorf("%d of 3 files of the laptop have arrived", len(found))
	}
	if b, _ := filepath.Glob(l.site.home + "/.cache/assay/remote/*"); len(b) != 2 {
		l.t.Errorf("at the site lie %v: want assay and its hash", b)
	}
}

// follows: logs -f and get -w print as things happen, and Ctrl-C ends them there too.
func (l *laptop) follows(t *testing.T) {
	for _, c := range []struct {
		says string
		args []string
	}{{"told-by-web-1", []string{"logs", "web", "-f"}}, {"far/llm", []string{"get", "services", "-w", "-o", "name"}}, {"llm", []string{"get", "services", "-w"}}} {
		b := l.begin(c.args...)
		b.says(c.says)
		if len(l.serving()) == 0 {
			t.Errorf("%v runs nowhere at the site: the test shows nothing", c.args)
		}
		b.interrupt()
		b.ends(exitInterrupted)
	}
	l.until("interrupted verbs end at the site", func() bool { return len(l.serving()) == 0 })
}

// reaches: proxy and tunnel open ports of the laptop for its user alone, and none at the site.
func (l *laptop) reaches(t *testing.T) {
	proxy := l.begin("proxy", "llm", "--listen", "127.0.0.1:18765")
	proxy.says("llm is at http://127.0.0.1:18765")
	if got := l.get(false, "http://127.0.0.1:18765/v1/models"); !strings.Contains(got, `"id":"m"`) || !strings.HasSuffix(got, " 200") {
		t.Errorf("through the proxy: %s", got)
	}
	if got := l.get(true, "http://127.0.0.1:18765/v1/models"); !strings.HasSuffix(got, " 000") {
		t.Errorf("another user of the laptop gets through the proxy: %s", got)
	}
	tunnel := l.begin("tunnel", "far", "web", "--open")
	tunnel.says("Ctrl-C closes them")
	_, url, _ := strings.Cut(tunnel.out.String(), "web ")
	url, _, _ = strings.Cut(strings.TrimLeft(url, " "), " ")
	if got := l.get(false, url+"/healthz"); !strings.HasSuffix(got, " 200") {
		t.Errorf("through the tunnel %q: %s", url, got)
	}
	pids := l.serving()
	if len(pids) != 2 {
		t.Errorf("at the site run %v", pids)
	}
	for _, pid := range pids {
		if found := listens(pid); found != nil {
			t.Errorf("assay listens at the site: %v", found)
		}
	}
	if found := listens(strconv.Itoa(l.sshd)); len(found) == 0 {
		t.Error("sshd does not listen: the test shows nothing")
	}
	proxy.interrupt()
	tunnel.interrupt()
	proxy.ends(0)
	tunnel.ends(0)
	if got := l.get(false, "http://127.0.0.1:18765/v1/models"); !strings.HasSuffix(got, " 000") {
		t.Errorf("the port is left: %s", got)
	}
}

// saves: files that verbs write are on the laptop, and only under the names that were typed.
func (l *laptop) saves(t *testing.T) {
	l.is(0, "report", "far", "--out", "far.html")
	l.is(0, "report", "far", "-o", "json", "--out", "far.json")
	l.is(0, "logs", "--save", "far.tar.gz", "far")
	if !strings.Contains(l.copyOf("far.html"), "<html") || !strings.HasPrefix(l.copyOf("far.tar.gz"), "\x1f\x8b") || !strings.Contains(l.copyOf("far.json"), "texts") {
		t.Error("what was saved is something else")
	}
	if got := l.is(0, "compare", "far", "file:far.json"); !strings.Contains(got, "file:far.json") {
		t.Errorf("compared:\n%s", got)
	}
	l.is(1, "compare", "far", "file:none.json")
	if out, _, code := l.run("get", "services", "-o", "json"); code != 0 || !strings.HasPrefix(out, "{") {
		t.Errorf("data is not alone on standard output: %s", out)
	}
	if out, errs, code := l.run("get", "run", "none"); code != 1 || out != "" || !strings.Contains(errs, "no run") {
		t.Errorf("%d, %q, %q", code, out, errs)
	}
}

// watches: an edit on the laptop is applied at the site.
func (l *laptop) watches(t *testing.T) {
	b := l.begin("watch", "-f", "exp", "--quiet", "200ms", "--adopt")
	b.says("experiment/far")
	l.put(l.user, "exp/far.yaml", fmt.Sprintf(fromLaptop, 2))
	l.until("the edit is applied", func() bool {
		out, _, _ := l.run("logs", "web")
		return strings.Contains(out, "told-by-web-2")
	})
	b.interrupt()
	b.ends(exitInterrupted)
}

// loses: a connection that breaks is an error of its own, and nothing is left that waits for the laptop.
func (l *laptop) loses(t *testing.T) {
	b := l.begin("get", "services", "-w")
	b.says("llm")
	for _, pid := range l.serving() {
		up, _ := os.ReadFile("/proc/" + pid + "/stat")
		_, rest, _ := strings.Cut(string(up), ") ")
		parent, err := strconv.Atoi(strings.Fields(rest)[1])
		if err != nil {
			t.Fatal(err)
		}
		_ = syscall.Kill(parent, syscall.SIGKILL) // the sshd of this connection
	}
	b.ends(exitConnection)
	if said := b.errs.String(); !strings.Contains(said, "the connection was lost") || !strings.Contains(said, "Go on: assay get services -w") {
		t.Errorf("said %q", said)
	}
	l.until("what the laptop began ends at the site", func() bool { return len(l.serving()) == 0 })
	copies, _ := filepath.Glob(l.site.home + "/.cache/assay/remote/*[0-9a-f]")
	for _, c := range copies {
		if !strings.HasSuffix(c, ".sum") {
			if err := os.Truncate(c, 1<<20); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := l.is(0, "get", "services"); !strings.Contains(got, "Copying assay") || !strings.Contains(got, "llm") {
		t.Errorf("a damaged copy is used: %s", got)
	}
}
