package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// sight is what decides about leftovers: what is declared, and what lives.
type sight struct {
	heads    map[string]store.Revision
	attempts map[string]plan.Attempt // by nonce: open ones and recent ended ones
	jobs     []drivers.Job           // that the scheduler says are not over
}

// look reads the store and asks the scheduler. Without the scheduler's answer nothing is known to be over.
func (c *cleaner) look(ctx context.Context) error {
	s := sight{heads: map[string]store.Revision{}, attempts: map[string]plan.Attempt{}}
	heads, err := c.st.Heads()
	if err != nil {
		return err
	}
	for _, h := range heads {
		s.heads[h.Experiment] = h
	}
	attempts, err := c.st.Attempts()
	if err != nil {
		return err
	}
	for _, at := range attempts {
		s.attempts[at.Nonce] = at
	}
	if s.jobs, err = c.a.liveJobs(ctx, c.st, c.site); err != nil {
		return fmt.Errorf("%w; nothing is cleaned while it is not known which jobs live", err)
	}
	c.seen = s
	if c.experiment == "" {
		return nil
	}
	history, err := c.st.History(c.experiment)
	if err == nil && len(history) == 0 {
		err = fmt.Errorf("no experiment %q was ever here; what there is: assay get experiments", c.experiment)
	}
	return err
}

// liveJobs are the jobs that carry our mark and are not over.
func (a *app) liveJobs(ctx context.Context, st *store.Store, site v1alpha1.Site) ([]drivers.Job, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding assay's own binary: %w", err)
	}
	sched, err := a.scheduler(st, site, self)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	jobs, err := sched.Jobs(ctx, st.ID())
	if err != nil {
		return nil, fmt.Errorf("asking the scheduler which jobs there are: %w", err)
	}
	return slices.DeleteFunc(jobs, func(j drivers.Job) bool { return j.State.Terminal() }), nil
}

func (c *cleaner) mine(experiment string) bool {
	return c.experiment == "" || c.experiment == experiment
}

// live reports whether an attempt may still have a job.
func (s sight) live(nonce string) bool {
	at, ok := s.attempts[nonce]
	return ok && at.End == nil || slices.ContainsFunc(s.jobs, func(j drivers.Job) bool { return j.Tag.Nonce == nonce })
}

// reportStrange names jobs that run on although nothing here knows of them. They are not ours to end in passing.
func (c *cleaner) reportStrange() {
	for _, j := range c.seen.jobs {
		x := j.Tag.Seat.Experiment
		_, declared := c.seen.heads[x]
		_, known := c.seen.attempts[j.Tag.Nonce]
		if c.mine(x) && (!declared || !known) {
			c.a.say("Job %s (%s) is not declared any more, and is %s. End it with: assay delete experiment %s", j.ID, j.Tag.Seat, strings.ToLower(string(j.State)), x)
		}
	}
}

// folders lists the real folders in dir; links to folders are none.
func folders(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() }), err
}

// elementName reads a name back from the element of a path that the store made of it.
func elementName(element string) string {
	if name, err := url.PathUnescape(element); err == nil {
		return name
	}
	return element
}

// jobs are the directories of ended jobs, jobs/EXPERIMENT/SEAT/NONCE, and the archived records of such.
func (c *cleaner) jobs() ([]leftover, error) {
	var out []leftover
	root := filepath.Join(c.st.Dir(), "jobs")
	experiments, err := folders(root)
	if err != nil {
		return nil, err
	}
	for _, x := range experiments {
		if !c.mine(elementName(x.Name())) {
			continue
		}
		seats, err := folders(filepath.Join(root, x.Name()))
		if err != nil {
			return nil, err
		}
		for _, seat := range seats {
			nonces, err := folders(filepath.Join(root, x.Name(), seat.Name()))
			if err != nil {
				return nil, err
			}
			for _, n := range nonces {
				if c.over(n) {
					out = append(out, leftover{kind: "logs", experiment: elementName(x.Name()), path: filepath.Join(root, x.Name(), seat.Name(), n.Name())})
				}
			}
		}
	}
	records, err := c.records(func(name string) bool { return !strings.HasSuffix(name, ".status.json") })
	return append(out, records...), err
}

// over reports whether a job directory is nobody's any more. One without a record may just be being made.
func (c *cleaner) over(e fs.DirEntry) bool {
	nonce := elementName(e.Name())
	if c.seen.live(nonce) || strings.HasPrefix(e.Name(), trashPrefix) {
		return false // what was thrown away is found as temporary
	}
	if _, known := c.seen.attempts[nonce]; known {
		return true
	}
	if _, err := os.Lstat(filepath.Join(c.st.Dir(), "archive", e.Name()+".json")); err == nil {
		return true
	}
	info, err := e.Info()
	return err == nil && old(info)
}

// isJobDir reports whether path is jobs/EXPERIMENT/SEAT/NONCE.
func (c *cleaner) isJobDir(path string) bool {
	rel, err := filepath.Rel(filepath.Join(c.st.Dir(), "jobs"), path)
	return err == nil && strings.Count(rel, string(filepath.Separator)) == 2
}

// records are files of the archive: attempts, and the last status of deleted experiments.
func (c *cleaner) records(want func(string) bool) ([]leftover, error) {
	dir := filepath.Join(c.st.Dir(), "archive")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []leftover
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") || !want(e.Name()) {
			continue
		}
		var r struct{ Experiment, Name, Nonce string }
		if err := readJSON(dir, e.Name(), &r); err != nil {
			return nil, err
		}
		x := r.Experiment
		if x == "" {
			x = r.Name
		}
		if c.mine(x) && !c.seen.live(r.Nonce) {
			out = append(out, leftover{kind: "logs", experiment: x, path: filepath.Join(dir, e.Name())})
		}
	}
	return out, nil
}

// temporary are files that writers left when they were killed, and what an interrupted clean had thrown away.
func (c *cleaner) temporary() ([]leftover, error) {
	if c.experiment != "" {
		return nil, nil // they are nobody's
	}
	var out []leftover
	for _, sub := range []string{"lease", "revisions", "intents", "jobs", "runs", "status", "targets", "bin", "archive", "secrets", "folders", "images"} {
		err := filepath.WalkDir(filepath.Join(c.st.Dir(), sub), func(path string, e fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case e.IsDir() && sub == "jobs" && (c.seen.live(elementName(e.Name())) || c.isJobDir(path) && c.over(e)):
				return fs.SkipDir // its own, or goes as a whole
			case !strings.HasPrefix(e.Name(), ".tmp-"):
				return nil
			}
			info, err := e.Info()
			thrown := strings.HasPrefix(e.Name(), trashPrefix+c.st.ID()+"-")
			if err != nil || !thrown && (!old(info) || !info.Mode().IsRegular()) {
				return nil
			}
			out = append(out, leftover{kind: "logs", path: path})
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// runs are the results of experiments that nobody declares any more, and their last status.
func (c *cleaner) runs() ([]leftover, error) {
	all, err := c.st.Runs(c.experiment)
	if err != nil {
		return nil, err
	}
	var out []leftover
	for _, r := range all {
		if _, declared := c.seen.heads[r.Experiment]; declared || c.seen.live(r.Nonce) {
			continue
		}
		out = append(out, leftover{kind: "runs", experiment: r.Experiment, path: r.Dir})
	}
	statuses, err := c.records(func(name string) bool { return strings.HasSuffix(name, ".status.json") })
	for _, l := range statuses {
		if _, declared := c.seen.heads[l.experiment]; !declared {
			l.kind = "runs"
			out = append(out, l)
		}
	}
	return out, err
}

// images are those of the state directory: a folder of images that the site names belongs to whoever made it.
func (c *cleaner) images() ([]leftover, error) {
	dir := filepath.Join(c.st.Dir(), "images")
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || c.experiment != "" {
		return nil, nil // they belong to no one experiment
	}
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, at := range c.seen.attempts {
		if _, declared := c.seen.heads[at.Experiment]; !declared && !c.seen.live(at.Nonce) {
			continue
		}
		told, err := c.st.ReadDesired(at.Seat, at.Nonce)
		if err != nil {
			return nil, err // it may name any of them
		}
		for _, p := range told.Processes {
			for _, n := range p.Needs {
				used[filepath.Clean(n)] = true
			}
		}
	}
	var out []leftover
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.Type().IsRegular() && filepath.Ext(e.Name()) == ".sif" && !used[path] {
			out = append(out, leftover{kind: "images", path: path})
		}
	}
	return out, nil
}
