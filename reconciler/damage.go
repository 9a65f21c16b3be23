package reconciler

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// damage is what could not be read in this pass, and what people know of it.
type damage struct {
	now      store.Damages
	attempts map[string]plan.Attempt // by nonce: the damaged ones, as far as they could be rebuilt
	named    map[string]bool         // errors that are in the events already
	since    map[string]time.Time    // by nonce: when a damaged attempt was first seen, by our own clock
}

// wanted reads and compiles the newest revisions. An experiment whose revision cannot be read is left out, so everything of it
// stays as it is, and its status says so.
func (l *Loop) wanted() (plan.Desired, []v1alpha1.ExperimentStatus, error) {
	heads, err := l.heads.Heads(l.Clock())
	damages, err := store.Tolerate(err)
	if err != nil {
		return plan.Desired{}, nil, fmt.Errorf("reading what is wanted: %w", err)
	}
	d, broken := l.desired(heads)
	for _, one := range damages {
		broken = append(broken, l.unreadable(one))
	}
	l.damage.now = damages
	return d, broken, nil
}

// unreadable is the status of an experiment whose revision is damaged: what was last known, and nothing of it as of now.
func (l *Loop) unreadable(one store.Damage) v1alpha1.ExperimentStatus {
	st := l.published[one.Experiment]
	st.Name, st.Generation = one.Experiment, one.Generation
	message := fmt.Sprintf("%v. Its jobs go on", one.Err)
	if errors.Is(one.Err, durable.ErrDamaged) {
		message = fmt.Sprintf("%v; or put another revision in its place: assay undo %s, or apply its manifest again. Its jobs go on", one.Err, one.Experiment)
	}
	st = l.stuck(st, plan.DamagedRecord, message)
	st.Services = slices.Clone(st.Services)
	for i, v := range st.Services {
		v.Ready, v.Seats = 0, slices.Clone(v.Seats)
		for j := range v.Seats {
			v.Seats[j].Ready = false
		}
		v.Conditions = []v1alpha1.Condition{{Type: v1alpha1.Ready, Status: v1alpha1.Unknown, Reason: string(plan.DamagedRecord),
			Message: "what is declared cannot be read", LastTransitionTime: v1alpha1.Find(st.Conditions, v1alpha1.Ready).LastTransitionTime}}
		st.Services[i] = v
	}
	return st
}

// journal reads the attempts. Of one whose record is damaged little is known, and it counts as open: its job may run.
func (l *Loop) journal() ([]plan.Attempt, error) {
	read := l.Store.Attempts
	if l.Lease != nil {
		read = l.Lease.Attempts
	}
	attempts, err := read()
	damages, err := store.Tolerate(err)
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	since := map[string]time.Time{}
	for _, one := range damages {
		a := one.Attempt
		if a.Begun = l.damage.since[a.Nonce]; a.Begun.IsZero() {
			a.Begun = l.Clock() // nothing is concluded before the settle time has passed from now on
		}
		since[a.Nonce] = a.Begun
		attempts = append(attempts, a)
	}
	l.damage.since = since
	l.damage.now = append(l.damage.now, damages...)
	return attempts, nil
}

// rebuild fills damaged attempts in whose jobs are listed.
func (l *Loop) rebuild(attempts []plan.Attempt, list plan.Listing) {
	l.damage.attempts = map[string]plan.Attempt{} // effects of the last pass may still read the former one
	for i := range attempts {
		a := &attempts[i]
		if a.Damaged == "" {
			continue
		}
		for _, j := range list.Jobs {
			if j.Tag.Nonce == a.Nonce && j.Tag.Store == l.Store.ID() {
				a.Seat, a.Experiment = j.Tag.Seat, j.Tag.Seat.Experiment
				l.restore(a, j.Tag, attempts)
			}
		}
		l.damage.attempts[a.Nonce] = *a
	}
}

// restore rebuilds one record that is torn. One that cannot be read for another reason may be good.
func (l *Loop) restore(a *plan.Attempt, tag drivers.Tag, all []plan.Attempt) {
	torn := slices.ContainsFunc(l.damage.now, func(one store.Damage) bool {
		return one.Attempt.Nonce == a.Nonce && errors.Is(one.Err, durable.ErrDamaged)
	})
	if !torn {
		return
	}
	made := *a
	if told, err := l.Store.ReadDesired(a.Seat, a.Nonce); err == nil && told.ExitWhenDone && len(told.Runs) == 1 {
		made.Run = told.Runs[0].ID
	}
	history, err := l.Store.History(a.Experiment)
	if _, err = store.Tolerate(err); err != nil {
		return
	}
	for _, rev := range slices.Backward(history) {
		if rev.Hash != tag.Revision {
			continue
		}
		e, err := compile(rev, l.Compile)
		if err != nil {
			return
		}
		if made, ok := plan.Rebuild(e, made); ok {
			for _, b := range all {
				if b.Seat == made.Seat {
					made.Number = max(made.Number, b.Number+1)
				}
			}
			*a = made
		}
		return
	}
}

// tolerate notes what a listing could not read, and returns the errors that are of everything.
func (l *Loop) tolerate(doing string, err error) error {
	damages, err := store.Tolerate(err)
	l.damage.now = append(l.damage.now, damages...)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// leaveOut leaves experiments out of which too little can be read to do anything for them: whose runs are unknown, and whose
// records can be good and cannot be read now. Without them, what is done could be done again. Their jobs stay as they are, and
// their status gives the error.
func (l *Loop) leaveOut(d plan.Desired, o plan.Observed) (plan.Desired, []v1alpha1.ExperimentStatus) {
	unreadable := map[string]store.Damage{}
	for _, one := range slices.Backward(l.damage.now) { // the first one is told
		if one.Attempt.Nonce == "" && !errors.Is(one.Err, durable.ErrDamaged) {
			unreadable[one.Experiment] = one
		}
	}
	var left []v1alpha1.ExperimentStatus
	var kept []plan.Experiment
	for _, e := range d.Experiments {
		one, held := unreadable[e.Name]
		switch {
		case held:
			one.Generation = e.Generation
			left = append(left, l.unreadable(one))
		case o.Unread[e.Name] != nil:
			st := v1alpha1.ExperimentStatus{Name: e.Name, Site: e.Site, Revision: e.Revision, Generation: e.Generation}
			left = append(left, l.stuck(st, plan.RunsUnreadable, o.Unread[e.Name].Error()))
		default:
			kept = append(kept, e)
		}
	}
	d.Experiments = kept
	return d, left
}

// keepTargets are the targets of experiments that are left out, as they were last handed over: what runs is still scraped.
func (l *Loop) keepTargets(left []v1alpha1.ExperimentStatus) (out []drivers.Target) {
	for _, t := range l.handed {
		if slices.ContainsFunc(left, func(s v1alpha1.ExperimentStatus) bool { return s.Name == t.Labels["experiment"] }) {
			out = append(out, t)
		}
	}
	return out
}

// nameDamage puts what is damaged into the events, once.
func (l *Loop) nameDamage() {
	named := map[string]bool{}
	for _, one := range l.damage.now {
		text := one.Err.Error()
		object := ""
		if one.Experiment != "" {
			object = "experiment/" + one.Experiment
		}
		named[text] = l.damage.named[text] || l.note(store.Event{Type: warning, Experiment: one.Experiment, Object: object,
			Reason: string(plan.DamagedRecord), Message: text, Generation: one.Generation})
	}
	l.damage.named = named
}

// told is what an agent whose desired.json is torn goes on with, as far as its own report tells. It is written anew.
func told(state *drivers.AgentState) drivers.AgentDesired {
	d := drivers.AgentDesired{}
	if state == nil {
		return d
	}
	d.Nonce, d.Generation = state.Nonce, state.Generation
	for _, p := range state.Processes {
		d.Processes = append(d.Processes, drivers.Process{Name: p.Name, Fingerprint: p.Fingerprint})
	}
	return d
}
