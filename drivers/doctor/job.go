package doctor

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/safefile"
)

// Walltime is the job's: what ends it when this program cannot.
const Walltime = 2 * time.Minute

const (
	answerFor = 30 * time.Second
	endFor    = 15 * time.Second
	every     = time.Second
	maxReport = 1 << 20 // bytes
)

// The files of the job's folder.
const (
	questionFile = "question.json"
	helloFile    = "hello.json" // of the first node, to compare clocks
	replyFile    = "reply.json" // to it
	meetFile     = "meet.json"
	failureFile  = "failure.json" // of the first node
)

// failure is why the first node could not start the others.
type failure struct{ Text string }

// question is what the nodes are asked.
type question struct {
	Folders []Folder `json:"folders"`
	Runtime string   `json:"runtime"`
	Nodes   int      `json:"nodes"`
}

// tiny submits a job, waits for its nodes' reports, ends it and removes its folder: also when ctx ends.
func tiny(ctx context.Context, o Options, folders []Folder) (j Job) {
	j.Asked, j.Asking.Nodes, j.Asking.GPUs = true, o.Nodes, o.Spec.GPUsPerNode
	made, err := makeFolders(o.Site.Spec.Paths.State)
	nonce := rand.Text()
	dir := filepath.Join(o.Site.Spec.Paths.State, ".assay-doctor-"+nonce[:8])
	defer func() {
		for _, left := range append([]string{dir}, made...) {
			if left == dir {
				err = safefile.RemoveAll(context.Background(), left)
			} else {
				err = os.Remove(left)
			}
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				j.Left = cmp.Or(j.Left, line(err.Error()))
			}
		}
	}()
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err == nil {
		err = prepare(dir, o, folders)
	}
	if err != nil {
		j.Problem = line(err.Error())
		return j
	}
	began := time.Now()
	if j.try(ctx, o, dir, nonce, o.Wait/time.Duration(o.Nodes)); !j.Started && j.Problem == "" && j.Left == "" && o.Nodes > 1 { // one node may be free sooner
		j.Asking.Nodes = 1
		if err := prepareQuestion(dir, o, folders, 1); err == nil {
			j.try(ctx, o, dir, rand.Text(), o.Wait/time.Duration(o.Nodes))
		}
	}
	if !j.Started {
		j.Waited = time.Since(began)
	}
	return j
}

// makeFolders makes a folder and those above it that are missing, and names them, the deepest first.
func makeFolders(dir string) (made []string, err error) {
	for at := dir; !isFolder(at) && at != filepath.Dir(at); at = filepath.Dir(at) {
		made = append(made, at)
	}
	for _, at := range slices.Backward(made) {
		if err := os.Mkdir(at, 0o700); err != nil {
			return made, err
		}
	}
	return made, nil
}

// prepare puts this program and the question into the folder, and makes that of the job's log.
func prepare(dir string, o Options, folders []Folder) error {
	from, err := os.Open(o.Binary)
	if err != nil {
		return err
	}
	defer from.Close()
	err = durable.Writer{}.Stream(filepath.Join(dir, "assay"), 0o700, func(w io.Writer) error { _, err := io.Copy(w, from); return err })
	if err != nil {
		return fmt.Errorf("copying this program into the state directory: %w", err)
	}
	return prepareQuestion(dir, o, folders, o.Nodes)
}

func prepareQuestion(dir string, o Options, folders []Folder, nodes int) error {
	q := question{Runtime: o.Site.Spec.Container.Runtime, Nodes: nodes}
	for _, d := range folders {
		if d.What != Local {
			q.Folders = append(q.Folders, d)
		}
	}
	return durable.Writer{}.ReplaceRecord(filepath.Join(dir, questionFile), q, nil)
}

// try submits the job once, and waits for its end or for all reports. It is gone afterwards.
func (j *Job) try(ctx context.Context, o Options, dir, nonce string, wait time.Duration) {
	spec := o.Spec
	spec.Tag = drivers.Tag{Store: "doctor" + strings.ToLower(nonce[:8]), Seat: drivers.Seat{Experiment: "doctor", Group: "doctor"}, Revision: "doctor", Nonce: nonce}
	spec.Name, spec.Dir, spec.Nodes, spec.Time = spec.Tag.JobName(), dir, j.Asking.Nodes, Walltime
	spec.Argv = []string{filepath.Join(dir, "assay"), "doctor-node", dir}
	spec.Directives = append(slices.Clone(spec.Directives), "--output=/dev/null") // for a log, newer Slurms make folders on nodes that do not share this one
	began := time.Now()
	submitting, cancel := context.WithTimeout(ctx, askFor)
	id, err := o.Scheduler.Submit(submitting, spec)
	cancel()
	if err != nil {
		j.Problem, j.Refused = line(err.Error()), errors.Is(err, drivers.ErrRejected)
		if !errors.Is(err, drivers.ErrUncertain) && (j.Refused || errors.Is(err, drivers.ErrUnavailable)) {
			return
		}
	}
	defer func() { j.end(o, spec.Tag) }()
	if err == nil {
		j.watch(ctx, o, dir, spec.Tag, began, wait)
	}
	if j.Ended != "" && j.Exit == 0 {
		j.exit(o, id, nonce)
	}
}

// watch waits for the queue, then for the reports.
func (j *Job) watch(ctx context.Context, o Options, dir string, tag drivers.Tag, began time.Time, wait time.Duration) {
	var since time.Time
	replied := false
	for ctx.Err() == nil {
		if !replied {
			replied = reply(dir)
		}
		if j.Nodes = reports(dir, j.Asking.Nodes); len(j.Nodes) == j.Asking.Nodes {
			if !j.Started {
				j.Started, j.Waited = true, time.Since(began)
			}
			return
		}
		var why failure
		if durable.ReadRecord(filepath.Join(dir, failureFile), &why) == nil {
			j.Started, j.Problem = true, why.Text
			return
		}
		jobs, err := o.Scheduler.Jobs(ctx, tag.Store)
		if i := slices.IndexFunc(jobs, func(x drivers.Job) bool { return x.Tag.Nonce == tag.Nonce }); err == nil && i >= 0 {
			now := jobs[i]
			j.Reason = cmp.Or(now.Reason, string(now.State))
			if now.State != drivers.JobPending && !j.Started {
				j.Started, j.Waited, since = true, time.Since(began), time.Now()
			}
			if now.State.Terminal() && time.Since(since) > endFor/3 { // its last files can show late
				j.Ended, j.Exit = fmt.Sprintf("%s %s", now.State, now.Reason), now.Exit
				return
			}
		}
		if !j.Started && time.Since(began) > wait || j.Started && time.Since(since) > answerFor {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
	j.Problem = "it was interrupted"
}

// exit asks for the exit code of a job that has ended.
func (j *Job) exit(o Options, id drivers.JobID, nonce string) {
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	if a, ok := o.Scheduler.(drivers.Accountant); ok {
		if ended, err := a.Ended(ctx, id, nonce); err == nil {
			j.Exit = ended.Exit
		}
	}
}

// end cancels what carries the tag until nothing of it is left, whatever became of the rest.
func (j *Job) end(o Options, tag drivers.Tag) {
	ctx, cancel := context.WithTimeout(context.Background(), endFor)
	defer cancel()
	for {
		jobs, err := o.Scheduler.Jobs(ctx, tag.Store)
		live := slices.DeleteFunc(jobs, func(x drivers.Job) bool { return x.State.Terminal() })
		if err == nil && len(live) == 0 {
			return
		}
		for _, x := range live {
			j.Left = fmt.Sprintf("job %s does not end", x.ID)
			if err := o.Scheduler.Cancel(ctx, x.ID, tag.Nonce); err != nil {
				j.Left = fmt.Sprintf("job %s: %s", x.ID, line(err.Error()))
			}
		}
		select {
		case <-ctx.Done():
			j.Left = cmp.Or(j.Left, "jobs cannot be listed")
			return
		case <-time.After(every):
			j.Left = ""
		}
	}
}

// reports are those that are there already.
func reports(dir string, nodes int) (out []Node) {
	for i := range nodes {
		var n Node
		if durable.ReadRecord(reportFile(dir, i), &n) == nil {
			out = append(out, n)
		}
	}
	return out
}

func reportFile(dir string, rank int) string {
	return filepath.Join(dir, fmt.Sprintf("node.%d.json", rank))
}
