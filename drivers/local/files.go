package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/procid"
)

const (
	jobFile     = "job.json" // a drivers.JobSpec; its time of change is the time of submission
	startedFile = "started.json"
	limitFile   = "limit.json"
	cancelFile  = "cancel"
	endFile     = "end.json"
)

var files durable.Writer

// started is the shepherd of a job. What an older assay wrote has no host and no pid namespace.
type started struct {
	procid.ID
	At time.Time `json:"at"`
}

// limit is a changed time limit.
type limit struct {
	Time time.Duration `json:"time"` // nanoseconds; 0: unlimited
}

// UnmarshalJSON also reads the bare number that an older assay wrote.
func (l *limit) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &l.Time) == nil {
		return nil
	}
	type plain limit
	return json.Unmarshal(b, (*plain)(l))
}

// cancelled asks the shepherd to end the job. Only its existence matters.
type cancelled struct {
	At time.Time `json:"at"`
}

// end is how a job ended.
type end struct {
	State  drivers.JobState `json:"state"`
	Reason string           `json:"reason"`
	Exit   int              `json:"exit"`
	Signal int              `json:"signal"`
	At     time.Time        `json:"at"`
}

// facts are the records of one job. Those that are not there are nil.
type facts struct {
	spec      drivers.JobSpec
	submitted time.Time
	limit     *limit
	started   *started
	shepherd  procid.State // of the process in started, once for all decisions
	end       *end
}

// facts reads a job's records; fs.ErrNotExist when the job does not exist.
func (s *Scheduler) facts(id string) (facts, error) {
	var f facts
	path := func(name string) string { return filepath.Join(s.folder(id), name) }
	if err := durable.ReadRecord(path(jobFile), &f.spec); err != nil {
		if _, away := os.Stat(s.dir); away != nil { // then the missing file proves nothing about the job
			return f, fmt.Errorf("the folder of local jobs is not there: %v", away)
		}
		return f, err
	}
	info, err := os.Stat(path(jobFile))
	if err != nil {
		return f, err
	}
	f.submitted = info.ModTime()
	var errs [3]error
	f.limit, errs[0] = durable.OptionalRecord[limit](path(limitFile))
	f.started, errs[1] = durable.OptionalRecord[started](path(startedFile))
	f.end, errs[2] = durable.OptionalRecord[end](path(endFile))
	if f.started != nil && f.end == nil && errs[2] == nil {
		// A shepherd writes the end before it goes, so the end is read once more after the shepherd was seen gone.
		if f.shepherd = f.started.State(); f.shepherd == procid.Gone {
			f.end, errs[2] = durable.OptionalRecord[end](path(endFile))
		}
	}
	return f, errors.Join(errs[:]...)
}

// absent reports whether an error of facts means that the job does not exist.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
