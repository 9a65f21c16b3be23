package doctor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"time"

	"assay/drivers"
	"assay/drivers/bounded"
	"assay/drivers/durable"
)

const (
	compareFor = 8 * time.Second // with caches of a network file system between
	glance     = 100 * time.Millisecond
)

// OnNode is what the job runs. On the first node of several it starts itself on every node with srun; each writes its report into dir.
func OnNode(ctx context.Context, dir string) error {
	signal.Ignore(drivers.WalltimeSignal) // it can come a minute early, and the walltime is short
	var q question
	if err := durable.ReadRecord(filepath.Join(dir, questionFile), &q); err != nil {
		return fmt.Errorf("reading what is asked: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerFor)
	defer cancel()
	const each = "ASSAY_DOCTOR_EACH" // set in the step on all nodes
	if q.Nodes > 1 && os.Getenv(each) == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		count := strconv.Itoa(q.Nodes)
		cmd := exec.CommandContext(ctx, "srun", "--nodes="+count, "--ntasks="+count, "--ntasks-per-node=1", "--overlap", "--kill-on-bad-exit=0", "--input=none", self, "doctor-node", dir)
		cmd.Env = append(os.Environ(), each+"=1")
		cmd.WaitDelay = time.Second
		said, err := bounded.Combined(cmd, maxReport)
		if err != nil {
			return durable.Writer{}.ReplaceRecord(filepath.Join(dir, failureFile), failure{line(fmt.Sprintf("srun: %v: %s", err, said))}, nil)
		}
		return nil
	}
	rank := 0
	if q.Nodes > 1 {
		rank, _ = strconv.Atoi(os.Getenv("SLURM_PROCID")) // srun sets it
	}
	return report(ctx, dir, q, rank)
}

// report finds out what one node has, and writes it.
func report(ctx context.Context, dir string, q question, rank int) error {
	n := Node{}
	if rank == 0 {
		n.Ahead, n.Within, n.Compared = compare(dir)
	}
	n.Host = host(ctx, q.Runtime)
	if node := os.Getenv("SLURMD_NODENAME"); node != "" {
		n.Host.Name = node
	}
	for _, d := range q.Folders {
		n.Sees = append(n.Sees, see(d))
	}
	met := func() {}
	if q.Nodes > 1 && rank == 0 {
		met = await(ctx, dir, n.Host.Name)
	} else if q.Nodes > 1 {
		n.Reached = connect(ctx, dir)
	}
	err := durable.Writer{}.ReplaceRecord(reportFile(dir, rank), n, nil)
	met() // until the others have connected
	return err
}

// see looks whether this node has a folder too, and can write in it. One that is yet to be made is looked at where it will be made.
func see(d Folder) Folder {
	at := d.Path
	for !isFolder(at) && at != filepath.Dir(at) {
		at = filepath.Dir(at)
	}
	seen := Folder{What: d.What, Path: d.Path}
	seen.statfs(at)
	if seen.FileSystem != d.FileSystem && seen.Problem == "" {
		seen.Problem = fmt.Sprintf("it is on %s there, and on %s here", seen.FileSystem, d.FileSystem)
	} else if seen.Problem == "" {
		seen.try(at)
	}
	return seen
}

// moment is a time of the wall clock that one side tells the other: Got is when it read the other's.
type moment struct{ Sent, Got time.Time }

// compare tells the time of this node's clock, and waits for that of the login node: half of what the round trip took is the
// uncertainty. Files carry it, whose own times can be of a third clock.
func compare(dir string) (ahead, within time.Duration, ok bool) {
	hello := time.Now()
	if err := (durable.Writer{NoSync: true}).ReplaceRecord(filepath.Join(dir, helloFile), moment{Sent: hello}, nil); err != nil {
		return 0, 0, false
	}
	for time.Since(hello) < compareFor {
		var there moment
		if durable.ReadRecord(filepath.Join(dir, replyFile), &there) == nil {
			return offset(hello, there, time.Now())
		}
		time.Sleep(glance)
	}
	return 0, 0, false
}

// offset is how far the clock of the first is ahead of that of the other, from when it sent, what the other says, and when it got that.
func offset(sent time.Time, there moment, got time.Time) (ahead, within time.Duration, ok bool) {
	out, back := sent.Sub(there.Got), got.Sub(there.Sent)
	return (out + back) / 2, (back - out) / 2, true
}

// reply answers the first node's hello, once.
func reply(dir string) bool {
	var hello moment
	if durable.ReadRecord(filepath.Join(dir, helloFile), &hello) != nil {
		return false
	}
	got := time.Now()
	return (durable.Writer{NoSync: true}).ReplaceRecord(filepath.Join(dir, replyFile), moment{Sent: time.Now(), Got: got}, nil) == nil
}
