package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// process is one that runs in this namespace, where all are ours.
type process struct {
	pid, parent int
	start       uint64 // in ticks since boot: with the pid an identity
	state       byte   // R, S, D, T, Z …
	name        string // comm
	argv        []string
	role        string // agent, guard, node, server, suite, or empty
	seat, nonce string // of the attempt that it belongs to
	job, node   string // SLURM_JOB_ID and SLURMD_NODENAME
	stepped     bool   // it runs on a clock that we stepped
}

type identity struct {
	pid   int
	start uint64
}

// attempt is what a process belongs to.
type attempt struct{ role, seat, nonce string }

// processes reads the process table, and remembers of which attempt each process is: one whose agent has died has nothing
// left that says so.
type processes struct {
	mu    sync.Mutex
	known map[identity]attempt
}

func newProcesses() *processes { return &processes{known: map[identity]attempt{}} }

// list is every process that has not ended.
func (p *processes) list() []process {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []process
	byPID := map[int]int{}
	paths, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, path := range paths {
		if pr, ok := read(path); ok {
			byPID[pr.pid] = len(out)
			out = append(out, pr)
		}
	}
	slices.SortFunc(out, func(a, b process) int { return a.pid - b.pid })
	for i := range out {
		byPID[out[i].pid] = i
	}
	for i := range out {
		p.place(out, byPID, i, 0)
	}
	return out
}

// place finds out of which attempt a process is: by its own command line, or by its parent's.
func (p *processes) place(all []process, byPID map[int]int, i, depth int) attempt {
	pr := &all[i]
	id := identity{pr.pid, pr.start}
	a, ok := p.known[id]
	if !ok && depth < 20 {
		switch parent, live := byPID[pr.parent]; {
		case verb(pr.argv) == "agent":
			a = ofFolder(pr.argv[2])
		case live && pr.parent > 1:
			a = p.place(all, byPID, parent, depth+1)
			if a.role == "agent" {
				a.role = "server"
				if pr.name == "srun" {
					a.role = "srun"
				}
				if verb(pr.argv) == "agent-guard" { // to kill it together with its agent is another fault
					a.role = "guard"
				}
			}
			if v := verb(pr.argv); a.nonce != "" && (strings.HasPrefix(v, "suite") || v == "agent-node") {
				a.role, _, _ = strings.Cut(strings.TrimPrefix(v, "agent-"), "-")
			}
		}
		if a.nonce != "" && pr.name != "sh" && pr.name != "bash" {
			p.known[id] = a
		}
	}
	pr.role, pr.seat, pr.nonce = a.role, a.seat, a.nonce
	return a
}

// ofFolder reads …/jobs/EXPERIMENT/SEAT/NONCE.
func ofFolder(dir string) attempt {
	dir = filepath.Clean(dir)
	seat := filepath.Dir(dir)
	return attempt{"agent", filepath.Base(filepath.Dir(seat)) + "/" + filepath.Base(seat), filepath.Base(dir)}
}

// verb is which command of assay a process is.
func verb(argv []string) string {
	if len(argv) < 3 || filepath.Base(argv[0]) != "assay" {
		return ""
	}
	return argv[1]
}

func read(path string) (process, bool) {
	stat, err := os.ReadFile(path + "/stat")
	if err != nil {
		return process{}, false
	}
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	f := strings.Fields(string(stat[end+1:]))
	if open < 0 || len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return process{}, false
	}
	pr := process{name: string(stat[open+1 : end]), state: f[0][0]}
	pr.pid, _ = strconv.Atoi(filepath.Base(path)) // digits
	pr.parent, _ = strconv.Atoi(f[1])
	pr.start, _ = strconv.ParseUint(f[19], 10, 64)
	cmd, _ := os.ReadFile(path + "/cmdline") // empty when it has just ended
	pr.argv = strings.Split(strings.TrimRight(string(cmd), "\x00"), "\x00")
	env, _ := os.ReadFile(path + "/environ")
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if s, ok := bytes.CutPrefix(v, []byte("SLURM_JOB_ID=")); ok {
			pr.job = string(s)
		} else if s, ok := bytes.CutPrefix(v, []byte("SLURMD_NODENAME=")); ok {
			pr.node = string(s)
		} else if bytes.HasPrefix(v, []byte("ASSAY_CHAOS_CLOCK=")) {
			pr.stepped = true
		}
	}
	return pr, true
}

// those are the processes that a fault may choose among.
func (p *processes) those(ok func(process) bool) []process {
	return slices.DeleteFunc(p.list(), func(pr process) bool { return !ok(pr) })
}

// kill signals a process, unless its pid has another by now.
func (pr process) kill(s syscall.Signal) error {
	if now, ok := read("/proc/" + strconv.Itoa(pr.pid)); !ok || now.start != pr.start {
		return errNothing
	}
	return syscall.Kill(pr.pid, s)
}
