package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"assay/drivers"
	"assay/reconciler/view"
)

// attackVar makes the test binary another user's program: it names one of attacks.
const attackVar = "ASSAY_TEST_ATTACK"

// attack is what an attacker knows, and what he is after.
type attack struct {
	Victim    int      // uid
	Canaries  []string // secrets of the victim
	Folders   []string // below which he looks
	Files     []string // of the victim, whose names he has guessed
	Jobs      []string // of the victim
	Listeners []view.ListenerStatus
	Hosts     []string // further addresses of the node
	Ports     []int    // on which the victim listens
	Flood     int      // connections
	Body      int64    // bytes of a request
}

// spoils are what he got, and how often he tried.
type spoils struct {
	Got   []string
	Tried map[string]int
	Ports []int // that he talked to, or sat on
}

var attacks = map[string]func(attack, *spoils){"look": lookAround, "ask": ask, "shout": shout, "squat": squat, "reach": reach, "flood": flood, "drip": drip, "pour": pour}

// attackMain is the whole program: an attack on standard input, its spoils on standard output.
func attackMain(name string) int {
	var a attack
	in := json.NewDecoder(os.Stdin)
	if err := in.Decode(&a); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s := spoils{Tried: map[string]int{}}
	attacks[name](a, &s)
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return 1
	}
	return 0
}

func (s *spoils) got(format string, v ...any) { s.Got = append(s.Got, fmt.Sprintf(format, v...)) }

// secret notes a secret in what was read.
func (s *spoils) secret(a attack, where string, text []byte) {
	for i, c := range a.Canaries {
		if bytes.Contains(text, []byte(c)) {
			s.got("secret %d is in %s", i, where)
		}
	}
}

// told closes when the test has had enough: it closes standard input.
func told() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(done)
	}()
	return done
}

// lookAround reads the victim's files and processes, asks Slurm, and tries to change what the victim has there.
func lookAround(a attack, s *spoils) {
	for _, dir := range a.Folders {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil {
				s.open(a, path, "walked")
			}
			return nil
		})
	}
	for _, path := range a.Files {
		s.open(a, path, "guessed")
	}
	for _, pid := range pids() {
		proc := fmt.Sprintf("/proc/%d/", pid)
		if info, err := os.Stat(proc); err != nil || owner(info) != a.Victim {
			continue
		}
		s.Tried["processes"]++
		args, _ := os.ReadFile(proc + "cmdline")
		s.secret(a, "the arguments of "+string(args), args)
		for _, name := range []string{"environ", "mem", "maps", "cwd/x", "root/x", "auxv", "stack"} {
			if f, err := os.Open(proc + name); err == nil {
				s.got("%s%s can be opened", proc, name)
				_ = f.Close()
			}
		}
		if names, err := os.ReadDir(proc + "fd"); err == nil {
			s.got("%sfd has %d entries", proc, len(names))
		}
		if err := syscall.Kill(pid, syscall.SIGTERM); err == nil {
			s.got("%s could be ended", args)
		}
	}
	for _, line := range []string{"squeue -a -o %all", "scontrol show job -dd", "scontrol show step", "scontrol show node -d", "sinfo -a -o %all", "squeue -s"} {
		s.slurm(a, true, line)
	}
	for _, job := range a.Jobs {
		s.slurm(a, true, "scontrol show job -dd "+job)
		for _, line := range []string{"scancel ", "scontrol hold ", "scontrol requeue ", "scontrol suspend ", "scontrol update timelimit=1 jobid=", "scontrol update comment=mine jobid=",
			"scontrol write batch_script ", "srun --overlap --jobid=", "sattach --output-filter=0 "} {
			argv := line + job
			switch {
			case strings.HasPrefix(line, "srun"):
				argv += " true"
			case strings.HasPrefix(line, "sattach"):
				argv += ".batch"
			case strings.Contains(line, "write"):
				argv += " -"
			}
			s.slurm(a, false, argv)
		}
	}
}

// open reads a file of the victim's, and tries to write it.
func (s *spoils) open(a attack, path, how string) {
	info, err := os.Lstat(path)
	if err == nil && owner(info) != a.Victim {
		return
	}
	s.Tried[how]++
	if err == nil && !info.Mode().IsRegular() {
		return
	}
	if b, err := os.ReadFile(path); err == nil {
		s.secret(a, path, b)
		if how == "guessed" {
			s.got("%s can be read", path)
		}
	}
	if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
		_ = f.Close()
		s.got("%s can be written", path)
	}
}

func owner(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

var refusal = regexp.MustCompile(`(?i)invalid user id|denied|authentication error|unrecognized response`)

// slurm types a command. Nothing of the victim's is in what may be asked; the rest is refused.
func (s *spoils) slurm(a attack, may bool, line string) {
	words := strings.Fields(line)
	c := exec.Command("timeout", append([]string{"10"}, words...)...)
	out, err := c.CombinedOutput()
	s.Tried["slurm"]++
	s.secret(a, line, out)
	if may && err != nil {
		s.got("%s does not work, which shows nothing: %v %s", line, err, out)
	}
	if !may && err == nil && !refusal.Match(out) { // some end well all the same
		s.got("%s works: %s", line, out)
	}
}

// proofs are what a stranger sends in place of the token.
func proofs(r *http.Request) map[string]func() {
	wrong := strings.Repeat("ab", 32)
	return map[string]func(){
		"nothing": func() {}, "a wrong token": func() { r.Header.Set("Authorization", "Bearer "+wrong) }, "an empty token": func() { r.Header.Set("Authorization", "Bearer ") },
		"a wrong password": func() { r.SetBasicAuth(drivers.PasswordUser, wrong) }, "an empty password": func() { r.SetBasicAuth(drivers.PasswordUser, "") },
		"a wrong key": func() { r.Header.Set("X-Chroma-Token", wrong) }, "another host": func() { r.Host = "evil.example" },
	}
}

var askedPaths = []string{"/", "/metrics", "/api/v1/query?query=up", "/api/v1/status/config", "/-/quit", "/v1/models", "/health", "/version", "/api/v2/heartbeat", "/api/v2/tenants/default_tenant/databases",
	"/debug/pprof/", "/textfile/assay", "/node", "//v1/models", "/v1/../metrics"}

// ask asks every listener for everything, as somebody who proves nothing, or something wrong.
func ask(a attack, s *spoils) {
	client := http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, l := range a.Listeners {
		_, port, _ := net.SplitHostPort(l.Address)
		for _, at := range append([]string{l.Address}, withPort(a.Hosts, port)...) {
			for _, path := range askedPaths {
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					probe, _ := http.NewRequest(method, "http://"+at+path, nil)
					for name := range proofs(probe) {
						r, _ := http.NewRequest(method, "http://"+at+path, strings.NewReader("x"))
						proofs(r)[name]()
						s.Tried["asked"]++
						res, err := client.Do(r)
						if err != nil {
							continue // it does not talk to strangers at all
						}
						b, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
						res.Body.Close()
						s.Tried["answered"]++
						s.secret(a, at+path, b)
						if res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusMisdirectedRequest && res.StatusCode != http.StatusBadRequest {
							s.got("%s %s (%s of %s) with %s: %s %.60q", method, at+path, l.What, l.Owner, name, res.Status, b)
						}
					}
				}
			}
		}
	}
}

func withPort(hosts []string, port string) (out []string) {
	for _, h := range hosts {
		out = append(out, net.JoinHostPort(h, port))
	}
	return out
}

// victims are the TCP ports on which the victim listens: the kernel tells everybody.
func victims(uid int) (out []int) {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, _ := os.ReadFile(table)
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 10 || f[3] != "0A" || f[7] != strconv.Itoa(uid) {
				continue
			}
			_, hex, _ := strings.Cut(f[1], ":")
			if port, err := strconv.ParseUint(hex, 16, 16); err == nil && !slices.Contains(out, int(port)) {
				out = append(out, int(port))
			}
		}
	}
	return out
}

// shout sends rubbish to every port of the victim's as soon as it is there, and keeps connections that say nothing.
func shout(a attack, s *spoils) {
	rubbish := []string{"", "\x00\x01\x02\n", "{}\n", `{"node":1,"nonce":"x"}` + "\n" + `{"proof":"AAAA"}` + "\n", `{"token":"x","node":1}` + "\n", "[[[[[[" + strings.Repeat("[", 1<<16),
		`{"nonce":"` + strings.Repeat("x", 1<<16), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"}
	done := told()
	var mu sync.Mutex
	for {
		select {
		case <-done:
			mu.Lock() // for good: nothing is written any more
			return
		case <-time.After(10 * time.Millisecond):
		}
		for _, port := range victims(a.Victim) {
			if slices.Contains(s.Ports, port) {
				continue
			}
			s.Ports = append(s.Ports, port)
			for _, text := range rubbish {
				go func() {
					c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
					if err != nil {
						return
					}
					_ = c.SetReadDeadline(time.Now().Add(time.Minute)) // it is kept so long
					_, _ = io.WriteString(c, text)
					b, _ := io.ReadAll(io.LimitReader(c, 1<<16))
					mu.Lock()
					defer mu.Unlock()
					s.Tried["shouted"]++
					s.secret(a, fmt.Sprintf("what port %d says", port), b)
				}()
			}
		}
	}
}
