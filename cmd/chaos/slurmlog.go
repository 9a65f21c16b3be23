package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"assay/drivers"
)

// queued is a job that squeue lists.
type queued struct {
	id, state, user, name, reason string
	tag                           drivers.Tag
	store                         bool // the comment is a tag of our store
	started                       time.Time
}

const sep = "\x1f"

// queue is squeue's list of all jobs of all users.
func (w *world) queue() ([]queued, error) {
	out, err := w.slurm("squeue", "-h", "-t", "all", "-o", strings.Join([]string{"%i", "%T", "%u", "%j", "%k", "%S", "%r"}, sep))
	if err != nil {
		return nil, err
	}
	own, _ := os.ReadFile(filepath.Join(w.state, "id")) // while the directory is away nothing is ours
	var all []queued
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimRight(line, "\n"), sep)
		if len(f) != 7 {
			return nil, fmt.Errorf("squeue printed %q", line)
		}
		q := queued{id: f[0], state: f[1], user: f[2], name: f[3], reason: f[6], started: slurmTime(f[5])}
		if tag, ok := drivers.ParseTag(f[4]); ok {
			q.tag, q.store = tag, w.isOwn(tag.Store, own)
		}
		all = append(all, q)
	}
	return all, nil
}

// isOwn remembers the store's id: the directory may be away when it is asked for.
func (w *world) isOwn(store string, file []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.id == "" && strings.Contains(string(file), store) {
		w.id = store
	}
	return w.id == store
}

func (q queued) ours() bool { return q.store }

func (q queued) live() bool {
	switch q.state {
	case "PENDING", "CONFIGURING", "RUNNING", "SUSPENDED", "STOPPED", "RESIZING", "SIGNALING":
		return true
	}
	return false
}

// place is the seat as a folder's name has it.
func (q queued) place() string { return q.tag.Seat.Experiment + "/" + q.tag.Seat.Group }

func (q queued) String() string {
	return fmt.Sprintf("job %s %s of %s nonce %s", q.id, q.state, q.tag.Seat, q.tag.Nonce)
}

// ended is a line of Slurm's job completion log.
type ended struct {
	id, user, name, state, dir string
	start, end                 time.Time
}

// log reads Slurm's job completion log.
func (w *world) log() ([]ended, error) {
	text, err := os.ReadFile(filepath.Join(w.dir, "slurm", "log", "jobcomp.log"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	var all []ended
	for line := range strings.Lines(string(text)) {
		f := map[string]string{}
		for _, word := range strings.Fields(line) {
			k, v, _ := strings.Cut(word, "=")
			f[k] = v
		}
		user, _, _ := strings.Cut(f["UserId"], "(")
		all = append(all, ended{f["JobId"], user, f["Name"], f["JobState"], f["WorkDir"], w.trueTime(slurmTime(f["StartTime"])), w.trueTime(slurmTime(f["EndTime"]))})
	}
	return all, err
}

// attempt is which of ours it was, by the folder that it ran in.
func (e ended) attempt(state string) (attempt, bool) {
	rest, ok := strings.CutPrefix(e.dir, filepath.Join(state, "jobs")+"/")
	if !ok || strings.Count(rest, "/") != 2 {
		return attempt{}, false
	}
	return ofFolder(e.dir), true
}

// slurmTime is zero for N/A and Unknown.
func slurmTime(s string) time.Time {
	t, _ := time.ParseInLocation("2006-01-02T15:04:05", s, time.Local)
	return t
}

// request is something that slurmctld was asked to do to a job.
type request struct {
	at       time.Time
	what, id string
}

var requests = regexp.MustCompile(`(?m)^\[([0-9T:.-]+)\] _slurm_rpc_(kill_job|update_job)\b.*?\bJobId=(\d+)`)

// asked reads slurmctld's log: every cancel and every change of a job.
func (w *world) asked() (all []request) {
	text, err := os.ReadFile(filepath.Join(w.dir, "slurm", "log", "slurmctld.log"))
	if err != nil {
		return nil
	}
	for _, m := range requests.FindAllStringSubmatch(string(text), -1) {
		at, err := time.ParseInLocation("2006-01-02T15:04:05.000", m[1], time.Local)
		if err == nil {
			all = append(all, request{w.trueTime(at), m[2], m[3]})
		}
	}
	return all
}
