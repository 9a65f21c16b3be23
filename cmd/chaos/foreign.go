package main

import (
	"fmt"
	"os/user"
	"slices"
	"strings"
	"sync"
	"time"

	"assay/drivers/slurm/cluster"
)

// foreign are the jobs of others in the same cluster: of another user, of this one under names and comments like ours.
type foreign struct {
	ids []string // of those that live to the end

	mu     sync.Mutex
	got    map[string]time.Time // id -> when it was submitted; also of short jobs, which end by themselves
	faults map[string]time.Time // id -> when a fault did something to a job of that id
}

// stranger is another user, who has no rights here.
const stranger = "nobody"

func (f *foreign) submit(c *cluster.Cluster) error {
	if _, err := user.Lookup(stranger); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"--uid=" + stranger, "-J", "theirs"},
		{"--uid=" + stranger, "-J", "assay.web.files.0"},
		{"-J", "assay.web.files.0.mine"},
		{"-J", "other-store", "--comment=assay:v1 otherstore web/files/0 abc nonce"},
	} {
		id, err := other(c, 30*24*3600, args...)
		if err != nil {
			return err
		}
		f.ids = append(f.ids, id)
		f.add(id)
	}
	return nil
}

// other submits a job that sleeps, and returns its id.
func other(c *cluster.Cluster, seconds int, args ...string) (string, error) {
	out, err := c.Run("sbatch", append([]string{"--parsable", "-p", "others", "-n1", "-o", "/dev/null", "-D", "/tmp", "--wrap", fmt.Sprintf("sleep %d", seconds)}, args...)...)
	return strings.TrimSpace(out), err
}

// foreign checks that assay touched no job of others: it is listed and was not cancelled, by Slurm's completion log and by
// what slurmctld's own log says was asked of it. One that fell with its node, and was requeued by Slurm, is not touched.
func (c checker) foreign() {
	c.foreignListed()
	c.foreignLogged()
}

const untouched = "no foreign job is touched"

func (c checker) foreignListed() {
	all, err := c.w.queue()
	if err != nil {
		c.j.say("checking the jobs of others: %v", err)
		return
	}
	for _, id := range c.w.others.ids {
		i := slices.IndexFunc(all, func(q queued) bool { return q.id == id })
		if i < 0 {
			c.j.violated(untouched, id, "job %s of others is not listed any more", id)
		} else if q := all[i]; !q.live() && q.state != "COMPLETING" {
			c.j.violated(untouched, id, "job %s of others is %s %s", id, q.state, q.reason)
		}
	}
}

func (c checker) foreignLogged() {
	log, err := c.w.log()
	if err != nil {
		return
	}
	for _, e := range log {
		if e.state == "CANCELLED" && !c.w.others.byFault(e.id, e.end) && (e.name == shortName || slices.Contains(c.w.others.ids, e.id)) {
			c.j.violated(untouched, e.id+e.end.String(), "Slurm's completion log: job %s of %s (%s) was cancelled", e.id, e.user, e.name)
		}
	}
	for _, k := range c.w.asked() {
		if at, ok := c.w.others.since(k.id); ok && k.at.After(at) && !c.w.others.byFault(k.id, k.at) {
			c.j.violated(untouched, k.id+k.at.String(), "slurmctld's log: at %s it was asked to %s job %s of others", k.at.Format(time.TimeOnly), k.what, k.id)
		}
	}
}

// since is when a job of others got that id; the newest, as ids are reused.
func (f *foreign) since(id string) (time.Time, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, ok := f.got[id]
	return at, ok
}

func (f *foreign) add(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.got == nil {
		f.got = map[string]time.Time{}
	}
	f.got[id] = time.Now()
}

// broken notes that a fault did something to a job with that id, which another job may have got a moment before.
func (f *foreign) broken(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.faults == nil {
		f.faults = map[string]time.Time{}
	}
	f.faults[id] = time.Now()
}

// byFault reports whether a fault, and not assay, may have done what was done to a job at that moment.
func (f *foreign) byFault(id string, at time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	did, ok := f.faults[id]
	return ok && at.Sub(did).Abs() < time.Minute
}

// ours forgets an id: a killed slurmctld forgets the jobs of its last seconds, and one of ours has this id by now.
func (f *foreign) ours(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.got, id)
}

// lost forgets the short jobs: slurmctld got an older state, and may give their ids to jobs of ours.
func (f *foreign) lost() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id := range f.got {
		if !slices.Contains(f.ids, id) {
			delete(f.got, id)
		}
	}
}

// reuse submits short jobs of the other user, which get ids that ours had.
func (f *foreign) reuse(c *cluster.Cluster) error {
	for range 6 {
		id, err := other(c, 20, "--uid="+stranger, "-J", shortName)
		if err != nil {
			return err
		}
		f.add(id)
	}
	return nil
}

// shortName is that of jobs that end by themselves.
const shortName = "theirs-short"
