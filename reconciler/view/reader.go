package view

import (
	"context"
	"fmt"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
	"assay/reconciler/view/text"
)

const (
	// believed is how old a status can be and still count, while a controller holds the lease. An older one is of a controller
	// that hangs, or of one whose end cannot be seen from here. With what the controller believes of a silent agent (10 s),
	// and the skew, nothing is shown as Ready that has been dead for longer than 30 s.
	believed = 15 * time.Second
	// silence is how long a controller can take to answer a request. It is as long as the lease is.
	silence = 30 * time.Second
	// skew is how far a controller's clock may be ahead of ours. With more the age of what it wrote is unknown.
	skew = 5 * time.Second
	// old is from which age on people are told.
	old = 10 * time.Second

	observeTime = 1800 * time.Millisecond // for the scheduler and the servers to answer a reader
	observeMost = 2 * time.Second         // for files too, whose reading cannot be cut short
)

// Observer observes the world now, without effects, and returns the status of every experiment; reconciler.Loop.Observe is one.
type Observer func(context.Context) ([]v1alpha1.ExperimentStatus, error)

// Reader reads statuses so that nothing dead is shown as Ready. While a controller observes the world, they are what it
// published. Otherwise the reader observes by itself, for 2 seconds at most; what it cannot see is Unknown.
type Reader struct {
	Store   *store.Store
	Observe Observer
	Clock   func() time.Time // nil: time.Now

	request int64     // that Fresh made; 0: none
	asked   time.Time // when, by our own clock
	pending chan observation
}

type observation struct {
	statuses []v1alpha1.ExperimentStatus
	err      error
}

func (r *Reader) now() time.Time {
	if r.Clock == nil {
		return time.Now()
	}
	return r.Clock()
}

// Read is what there is now. An experiment without a status, as after one was damaged, is observed by the reader.
func (r *Reader) Read(ctx context.Context) (Snapshot, error) {
	s, err := Read(r.Store)
	if err != nil {
		return s, err
	}
	holder, holds, err := r.Store.Holder()
	if err != nil {
		return s, err
	}
	if s.Age = r.age(s.Statuses); holds && s.Age >= -skew && s.Age <= believed && s.answers(0) {
		s.holder = holder
		return s, nil
	}
	return r.look(ctx, s), nil
}

// age is that of the oldest status; of those from the future that of the latest one, which is negative then.
func (r *Reader) age(all []v1alpha1.ExperimentStatus) time.Duration {
	var oldest, latest time.Duration
	for _, e := range all {
		age := r.now().Sub(e.Observed)
		oldest, latest = max(oldest, age), min(latest, age)
	}
	if latest < -skew {
		return latest
	}
	return oldest
}

// look replaces the statuses by what is observed now, or by the old ones with everything Unknown that can have changed.
func (r *Reader) look(ctx context.Context, s Snapshot) Snapshot {
	o := r.observe(ctx)
	if o.err != nil {
		s.Problem = o.err.Error()
		for i, e := range s.Statuses {
			s.Statuses[i] = unobserved(e, r.now(), s.Problem)
		}
		return s
	}
	s.Statuses, s.Age, s.Live = o.statuses, 0, true
	s.addFolders()
	return s
}

// observe ends when its time is over, even if files cannot be read then; one that hangs is waited for the next time.
func (r *Reader) observe(ctx context.Context) observation {
	if r.pending == nil {
		done := make(chan observation, 1)
		r.pending = done
		go func() {
			ctx, cancel := context.WithTimeout(ctx, observeTime)
			defer cancel()
			all, err := r.Observe(ctx)
			done <- observation{all, err}
		}()
	}
	timer := time.NewTimer(observeMost)
	defer timer.Stop()
	select {
	case o := <-r.pending:
		r.pending = nil
		return o
	case <-timer.C:
		return observation{err: fmt.Errorf("the state directory could not be read within %s", observeMost)}
	case <-ctx.Done():
		return observation{err: ctx.Err()}
	}
}

// Fresh is Read for a command that waits. It reports whether what it returns was observed after the first call: by the
// reader itself, or by the controller, which is asked to do so.
func (r *Reader) Fresh(ctx context.Context) (Snapshot, bool, error) {
	s, err := r.Read(ctx)
	if err != nil || s.Live || s.Problem != "" {
		return s, s.Live, err
	}
	if r.request == 0 {
		r.asked = r.now()
		if r.request, err = r.Store.RequestPass(); err != nil { // the directory is not ours to write to
			s = r.look(ctx, s)
			return s, s.Live, nil
		}
	}
	if s.answers(r.request) {
		return s, true, nil
	}
	if r.now().Sub(r.asked) <= silence {
		return s, false, nil
	}
	s = r.look(ctx, s) // the controller writes, and never observes
	return s, s.Live, nil
}

// answers reports whether every experiment has a status that answers a request. See store.RequestPass.
func (s Snapshot) answers(request int64) bool {
	answered := map[string]bool{}
	for _, e := range s.Statuses {
		answered[e.Name] = e.Answered >= request
	}
	for name := range s.Heads {
		if !answered[name] {
			return false
		}
	}
	return true
}

// Note is what people should know of the age of what they see, and of what is damaged; empty when it is of now, and whole.
func (s Snapshot) Note() string {
	note := s.ageNote()
	for _, d := range s.damages {
		note = strings.TrimPrefix(note+"\n"+d.Err.Error(), "\n")
	}
	return note
}

func (s Snapshot) ageNote() string {
	switch {
	case s.Problem != "":
		return fmt.Sprintf("This is what was last observed, %s ago; what can have changed is Unknown: %s", text.Duration(s.Age), s.Problem)
	case !s.Live && s.Age > old:
		return fmt.Sprintf("This was observed %s ago by assay %s (pid %d on %s), and not since.", text.Duration(s.Age), s.holder.What, s.holder.PID, s.holder.Host)
	}
	return ""
}
