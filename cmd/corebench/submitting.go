package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/slurm"
	"assay/drivers/slurm/cluster"
	"assay/reconciler"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

const (
	leastShare  = 0.9 // of what xargs -P8 does with the same commands, in the same run
	submitLimit = 5 * time.Minute
)

// submissionsOnly SERVICES ROUNDS has nothing else measured.
const submissionsOnly = "submissions"

func onlySubmissions() error {
	n, err := strconv.Atoi(os.Args[2])
	if err != nil {
		return err
	}
	rounds, err := strconv.Atoi(os.Args[3])
	if err != nil {
		return err
	}
	return submissions([]int{n}, rounds)
}

// submissions compares the loop with `xargs -P8` on a real Slurm of this machine: so many services submitted, and deleted.
// Nothing runs: the jobs are held. The two take turns in being first, since other work on the machine slows both.
//
// It does so in memory and on the disk. A site's state lies on a shared file system, whose servers make the inodes; ext4 makes
// them with our processor, and looks at every inode that was deleted within the last five minutes before it makes one.
func submissions(sizes []int, rounds int) error {
	for _, name := range []string{"sbatch", "slurmctld", "munged"} {
		if _, err := exec.LookPath(name); err != nil && !isFile("/usr/sbin/"+name) {
			fmt.Printf("\nSubmitting to Slurm is not measured: %s is not installed.\n", name)
			return nil
		}
	}
	for _, under := range []string{"/dev/shm", "/tmp"} {
		if err := submissionsUnder(under, sizes, rounds); err != nil {
			return err
		}
	}
	return nil
}

func submissionsUnder(under string, sizes []int, rounds int) error {
	dir, err := os.MkdirTemp(under, "assay-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("\nSubmitting to Slurm and deleting, state under %s; the target is %.0f %% of xargs -P8 sbatch in the same run.\n\n", under, 100*leastShare)
	for _, n := range sizes {
		var shares []float64
		for round := range rounds {
			where := filepath.Join(dir, fmt.Sprintf("%d-%d", n, round))
			base, ours, err := both(where, n, round%2 > 0)
			if err != nil {
				return err
			}
			shares = append(shares, base.submit.Seconds()/ours.submit.Seconds())
			fmt.Printf("%5d services: %s by the loop, %.1f at once, %s by xargs -P8 sbatch: %3.0f %%; deleted: %s, xargs -P8 scancel %s; processor: %s and %s a job\n", n,
				rate(n, ours.submit), ours.calls.Seconds()/ours.submit.Seconds(), rate(n, base.submit), 100*shares[round], rate(n, ours.remove), rate(n, base.remove), ours.processor/time.Duration(n), base.processor/time.Duration(n))
		}
		slices.Sort(shares)
		verdict := "met"
		if shares[(len(shares)-1)/2] < leastShare {
			verdict = "missed"
		}
		fmt.Printf("%5d services: %3.0f %% in the median: the target is %s\n", n, 100*shares[(len(shares)-1)/2], verdict)
	}
	return nil
}

// both measures xargs and the loop, one after the other, each on a Slurm of its own: a controller gets slower with every job that
// it remembers.
func both(dir string, n int, oursFirst bool) (base, ours took, err error) {
	plain := onSlurm(dir+"-plain", func(dir string) (err error) { base, err = plainly(dir, n); return err })
	looped := onSlurm(dir, func(dir string) (err error) { ours, err = reconciled(dir, n); return err })
	if oursFirst {
		plain, looped = looped, plain
	}
	if err = plain(); err == nil {
		err = looped()
	}
	return base, ours, err
}

// onSlurm is a measurement on a cluster that is there for it alone.
func onSlurm(dir string, measure func(dir string) error) func() error {
	return func() error {
		c, err := cluster.Start(dir+"-slurm", 1)
		if err != nil {
			return err
		}
		err = os.Setenv("SLURM_CONF", c.Conf())
		if err == nil {
			err = measure(dir)
		}
		return errors.Join(err, c.Stop())
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func rate(n int, took time.Duration) string {
	return fmt.Sprintf("%.0f/s", float64(n)/took.Seconds())
}

// took is how long it took, how long the scheduler's calls took together, and what submitting cost of the processors, here and
// in the commands.
type took struct{ submit, remove, calls, processor time.Duration }

// used is what this process and the commands that it has waited for have had of the processors.
func used() time.Duration {
	sum := cpuTime()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		panic(fmt.Sprintf("reading the usage of commands: %v", err)) // it has no other cause than a wrong argument
	}
	return sum + time.Duration(u.Utime.Nano()+u.Stime.Nano())
}

// held keeps the jobs from running.
const held = "--hold"

// plainly submits and cancels with xargs, with the arguments that the driver uses.
func plainly(dir string, n int) (t took, err error) {
	for i := range n {
		if err := os.MkdirAll(filepath.Join(dir, strconv.Itoa(i+1)), 0o700); err != nil {
			return t, err
		}
	}
	tag := drivers.Tag{Store: "plain", Seat: drivers.Seat{Experiment: filepath.Base(dir), Group: "{}"}, Revision: "r", Nonce: "{}"}
	spec := drivers.JobSpec{Tag: tag, Name: filepath.Base(dir) + ".{}", Dir: filepath.Join(dir, "{}"), Nodes: 1, Time: time.Hour,
		Directives: []string{held}, Argv: []string{"/bin/assay", "agent", filepath.Join(dir, "{}")}}
	argv, text, err := slurm.Command(spec)
	if err != nil {
		return t, err
	}
	script := filepath.Join(dir, "job.sh") // xargs' commands have no standard input
	if err := (durable.Writer{}).Replace(script, []byte(text), nil); err != nil {
		return t, err
	}
	argv[slices.Index(argv, slurm.Stdin)] = script
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = strconv.Itoa(i + 1)
	}
	before, began := used(), time.Now()
	ids, err := xargs(numbers, argv...)
	if t.submit, t.processor = time.Since(began), used()-before; err != nil || len(ids) != n {
		return t, errors.Join(err, fmt.Errorf("xargs submitted %d of %d jobs", len(ids), n))
	}
	began = time.Now()
	_, err = xargs(ids, "scancel", "{}")
	t.remove = time.Since(began)
	return t, err
}

func xargs(words []string, command ...string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), submitLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "xargs", append([]string{"-P8", "-I{}"}, command...)...)
	cmd.Stdin, cmd.Stderr = strings.NewReader(strings.Join(words, "\n")+"\n"), os.Stderr
	out, err := cmd.Output()
	return strings.Fields(string(out)), err
}

// counting is the real scheduler; it counts what has succeeded.
type counting struct {
	*slurm.Scheduler
	submitted, cancelled, calls atomic.Int64 // calls: nanoseconds of submissions
}

func (c *counting) Submit(ctx context.Context, spec drivers.JobSpec) (drivers.JobID, error) {
	began := time.Now()
	id, err := c.Scheduler.Submit(ctx, spec)
	c.calls.Add(int64(time.Since(began)))
	if err == nil {
		c.submitted.Add(1)
	}
	return id, err
}

func (c *counting) Cancel(ctx context.Context, id drivers.JobID, nonce string) error {
	err := c.Scheduler.Cancel(ctx, id, nonce)
	if err == nil {
		c.cancelled.Add(1)
	}
	return err
}

// reconciled lets a loop over a state directory that fsyncs do the same.
func reconciled(dir string, n int) (t took, err error) {
	st, err := store.Open(dir, store.Options{})
	if err != nil {
		return t, err
	}
	lease, err := st.Acquire(context.Background(), "corebench", time.Second)
	if err != nil {
		return t, err
	}
	site := v1alpha1.DefaultSite(v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: "bench"}, Spec: v1alpha1.SiteSpec{
		Scheduler: v1alpha1.Slurm, Sbatch: []string{held}, Poll: v1alpha1.Poll{Every: v1alpha1.Duration(2 * time.Second)}}})
	c := &counting{Scheduler: slurm.New()}
	loop := &reconciler.Loop{Store: st, Lease: lease, Site: site, Scheduler: c, Compile: compile, Binary: "/bin/assay",
		Policy: plan.Policy{Settle: time.Minute, Stale: time.Minute, BackoffMax: time.Minute, Proven: time.Hour, RunAttempts: 3}}
	e := v1alpha1.Experiment{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindExperiment, Metadata: v1alpha1.Metadata{Name: "big"}}
	for i := range n {
		e.Spec.Services = append(e.Spec.Services, v1alpha1.Service{Name: fmt.Sprintf("s%d", i), Process: &v1alpha1.Process{Command: []string{"serve"}}})
	}
	r := store.Revision{Experiment: "big", Owner: "corebench", Spec: v1alpha1.Default(site, e), Site: site, Prune: true}
	if _, _, err := st.Accept(r); err != nil {
		return t, err
	}
	ctx, stop := context.WithTimeout(context.Background(), submitLimit)
	done := make(chan error, 1)
	defer func() {
		stop()
		err = errors.Join(err, <-done)
	}()
	before, began := used(), time.Now()
	go func() { done <- loop.Run(ctx) }()
	if err := reached(ctx, &c.submitted, n); err != nil {
		return t, fmt.Errorf("submitting %d services: %w", n, err)
	}
	t.submit, t.calls, t.processor = time.Since(began), time.Duration(c.calls.Load()), used()-before
	time.Sleep(3 * time.Second) // until the jobs are listed
	r.Deleting = true
	if _, _, err := st.Accept(r); err != nil {
		return t, err
	}
	began = time.Now()
	if err := reached(ctx, &c.cancelled, n); err != nil {
		return t, fmt.Errorf("deleting %d services: %w", n, err)
	}
	t.remove = time.Since(began)
	if more := c.submitted.Load(); more != int64(n) {
		return t, fmt.Errorf("%d services became %d jobs", n, more)
	}
	return t, nil
}

func reached(ctx context.Context, counter *atomic.Int64, n int) error {
	for counter.Load() < int64(n) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of them: %w", counter.Load(), ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}
