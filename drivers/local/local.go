package local

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

const (
	startWithin = 15 * time.Second // a job whose shepherd has not started by then never starts
	awayAfter   = 30 * time.Minute // beyond its walltime a job that cannot be seen is over
	forgetAfter = 24 * time.Hour   // the folders of ended jobs are kept for so long
)

// Options of a local scheduler.
type Options struct {
	Shepherd []string // argument list that runs Shepherd(dir, id) when both are appended
	Prefix   string   // begins every id
	// Away lists a job that runs where it cannot be seen from here as Unknown, with Job.Away set: its agent says the rest.
	// Without it nothing can be listed then, because for services nothing less than the scheduler's word is enough.
	Away bool
}

// Scheduler runs jobs on this machine and keeps their records in a folder.
type Scheduler struct {
	dir string
	o   Options
}

var _ interface {
	drivers.Scheduler
	drivers.Reconfigurer
	drivers.Accountant
	drivers.Fencer
} = (*Scheduler)(nil)

// New returns the scheduler whose jobs are in dir, on a disk of this machine or a shared one. It makes dir.
func New(dir string, o Options) (*Scheduler, error) {
	if err := (durable.Writer{}).MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("making the folder of local jobs: %w", err)
	}
	return &Scheduler{dir, o}, nil
}

func (s *Scheduler) id(n int) string { return s.o.Prefix + strconv.Itoa(n) }

func (s *Scheduler) folder(id string) string { return filepath.Join(s.dir, id) }

// numbers lists the jobs' numbers in order. The folder of jobs must exist: an absent one is a disk that is not mounted.
func (s *Scheduler) numbers() ([]int, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrUnavailable, err)
	}
	var out []int
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), s.o.Prefix)
		if n, err := strconv.Atoi(number); err == nil && ours && e.IsDir() {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}
