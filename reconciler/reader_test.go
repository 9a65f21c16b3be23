package reconciler

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/view"
)

// mostDead is how long something can be dead and still be shown as Ready.
const mostDead = 30 * time.Second

// leave ends the controller, or lets it hang, for a while in which nobody acts. It is shorter than the scheduler's memory: a
// server that a lost node left behind, and whose job's id nobody learned, can be ended by nobody later.
func (w *sim) leave() {
	w.killed = w.reads.IntN(2) == 0 || w.killed
	w.backAt = w.cluster.Now().Add(time.Duration(w.reads.Int64N(int64(w.absence))))
	w.note("no controller until %s, killed: %v", w.backAt.Format("15:04:05"), w.killed)
	if w.killed {
		w.bury()
	}
	if w.reads.IntN(2) == 0 {
		w.someJob(func(j drivers.Job) {
			w.note("agent and servers of job %s die meanwhile", j.ID)
			w.cluster.CrashAgent(j.ID, false)
		})
	}
}

// present reports whether a controller acts now. One that was killed is replaced when the time has come.
func (w *sim) present() bool {
	if w.cluster.Now().Before(w.backAt) {
		return false
	}
	if w.killed {
		w.restart()
	}
	return true
}

// probe is what the server at base really answers.
func (w *sim) probe(_ context.Context, base, _ string, _ drivers.Probe) ([]string, error) {
	switch {
	case strings.HasPrefix(base, "http://elsewhere"), !w.cut && (w.cluster.Answers(base) || w.cluster.Listens(base)):
	case w.cut:
		return nil, errors.New("no answer")
	default:
		return nil, syscall.ECONNREFUSED
	}
	return []string{"x"}, nil
}

// read is a person who looks, now and then: nothing that has been dead for long may be shown as Ready.
func (w *sim) read() error {
	if w.reads.IntN(3) > 0 {
		return nil
	}
	crash := w.crash
	w.crash = nil
	defer func() { w.crash = crash }()
	if w.reader == nil || w.reads.IntN(3) == 0 { // most commands look once
		l := w.reading()
		l.decide = w.v.decide
		w.reader = &view.Reader{Store: w.store, Clock: w.now, Observe: func(context.Context) ([]v1alpha1.ExperimentStatus, error) {
			return l.Observe(context.Background())
		}}
	}
	s, err := w.reader.Read(context.Background())
	for range 100 { // a starved machine: what still observes must not live on beside the story
		if !strings.Contains(s.Problem, "could not be read within") {
			break
		}
		s, err = w.reader.Read(context.Background())
	}
	if w.v.stored {
		s, err = view.Read(w.store)
	}
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	return w.noneDead(s)
}

// noneDead leaves out statuses of a controller that hangs while the clock is set back by less than their age says: another
// process has no other clock to compare them with.
func (w *sim) noneDead(s view.Snapshot) error {
	if !s.Live && !w.setBack.IsZero() && w.cluster.Now().Sub(w.setBack) < 75*time.Second {
		return nil
	}
	for _, e := range s.Statuses {
		for _, v := range e.Services {
			if v1alpha1.Find(v.Conditions, v1alpha1.Ready).Status != v1alpha1.True {
				continue
			}
			for _, seat := range v.Seats {
				if v.Scale != nil && !seat.Ready {
					continue // it is Ready with fewer replicas than a metric asks for, and says which are
				}
				if hung := w.cluster.HungFor(seat.Nonce); hung > mostDead {
					return fmt.Errorf("%w: a server of service %s/%s, job %s, has hung for %s (observed by the reader: %v, age %s)", errDead, e.Name, v.Name, seat.JobID, hung, s.Live, s.Age)
				}
				if dead := w.cluster.DeadFor(seat.Nonce); seat.Nonce != "" && dead > mostDead {
					return fmt.Errorf("%w: service %s/%s, job %s, for %s (observed by the reader: %v, age %s)", errDead, e.Name, v.Name, seat.JobID, dead, s.Live, s.Age)
				}
			}
		}
	}
	return nil
}

// errDead is the harm that readers must not do.
var errDead = errors.New("what is dead was shown as Ready")
