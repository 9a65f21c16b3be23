package inside

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mark is in the environment of everything that a job's agent starts; the job's folder follows.
const mark = "ASSAY_JOB_DIR="

// Process is a server's.
type Process struct {
	PID  int
	Env  []string
	Dir  string
	Args []string
}

// Find is the process of that id, if it belongs to the job of that folder: ids are reused, and mean something on one machine only.
func Find(pid int, job string) (Process, error) {
	p := Process{PID: pid}
	at := filepath.Join("/proc", strconv.Itoa(pid))
	env, err := os.ReadFile(filepath.Join(at, "environ"))
	host, _ := os.Hostname() // for the message
	if err != nil || !slices.Contains(words(env), mark+job) {
		return p, fmt.Errorf("no process %d of job folder %s is on %s: the server has ended, or runs on another machine", pid, job, host)
	}
	args, err := os.ReadFile(filepath.Join(at, "cmdline"))
	if err != nil {
		return p, err
	}
	p.Env, p.Args = words(env), words(args)
	p.Dir, err = os.Readlink(filepath.Join(at, "cwd"))
	return p, err
}

func words(b []byte) (out []string) {
	for w := range bytes.SplitSeq(bytes.TrimSuffix(b, []byte{0}), []byte{0}) {
		out = append(out, string(w))
	}
	return out
}

// inner is the process itself, or the first one below it that is in another mount namespace: that of its container.
func (p Process) inner() int {
	children := children()
	for next := []int{p.PID}; len(next) > 0; {
		var below []int
		for _, pid := range next {
			if !sameNamespace(pid, "mnt") {
				return pid
			}
			below = append(below, children[pid]...)
		}
		next = below
	}
	return p.PID
}

// sameNamespace reports whether a process is in the namespace that this one is in. What cannot be read counts as the same.
func sameNamespace(pid int, kind string) bool {
	theirs, err1 := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "ns", kind))
	ours, err2 := os.Readlink("/proc/self/ns/" + kind)
	return err1 != nil || err2 != nil || theirs == ours
}

// children are the processes of this machine by their parent.
func children() map[int][]int {
	out := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, file := range stats {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		_, rest, _ := strings.Cut(string(b[bytes.LastIndexByte(b, ')')+1:]), " ") // behind the name, which can hold anything
		if f := strings.Fields(rest); len(f) > 1 {
			parent, _ := strconv.Atoi(f[1])
			out[parent] = append(out[parent], pid)
		}
	}
	for _, of := range out {
		slices.Sort(of)
	}
	return out
}
