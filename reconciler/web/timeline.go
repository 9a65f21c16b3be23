package web

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/chart"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/view/text"
)

const (
	mostLanes = 24 // seats, those that were filled last
	mostBars  = 12 // jobs of a seat, the last ones
	mostSpan  = 7 * 24 * time.Hour
	ahead     = 12 * time.Hour // a walltime that ends later is drawn as one that goes on
)

// timeline is the jobs of an experiment over time.
type timeline struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Now   time.Time `json:"now"`
	Lanes []lane    `json:"lanes"`
}

// lane is a seat with the jobs that filled it, one after the other.
type lane struct {
	Seat string `json:"seat"`
	Jobs []bar  `json:"jobs"`
}

// bar is a job: it waits from Submitted, runs from Started, and ends at Ended, or at Ends at the latest.
type bar struct {
	JobID      string     `json:"jobID,omitempty"`
	Run        string     `json:"run,omitempty"` // that it is for; empty: for services
	State      string     `json:"state"`
	Reason     string     `json:"reason,omitempty"`
	Submitted  time.Time  `json:"submitted"`
	Started    *time.Time `json:"started,omitempty"`
	Ends       *time.Time `json:"ends,omitempty"` // when its walltime is over
	Ended      *time.Time `json:"ended,omitempty"`
	HandedOver *time.Time `json:"handedOver,omitempty"` // when the job that follows took over
	Nodes      []string   `json:"nodes,omitempty"`
	Failure    bool       `json:"failure,omitempty"` // it ended by a failure
}

func timelineData(r *request) (any, error) {
	e, err := r.experiment()
	if err != nil {
		return nil, err
	}
	return r.timeline(e)
}

func (r *request) timeline(e v1alpha1.ExperimentStatus) (timeline, error) {
	attempts, err := r.s.o.Store.Attempts()
	if _, err = store.Tolerate(err); err != nil {
		return timeline{}, fmt.Errorf("reading the jobs of %s: %w", e.Name, err)
	}
	seats := map[string]v1alpha1.SeatStatus{} // by nonce
	for _, v := range e.Services {
		for _, s := range v.Seats {
			seats[s.Nonce] = s
		}
	}
	now := time.Now()
	lanes := map[string][]bar{}
	for _, a := range attempts {
		if a.Experiment == e.Name && now.Sub(a.Begun) < mostSpan {
			seat := a.Seat.Place().String()
			lanes[seat] = append(lanes[seat], barOf(a, seats[a.Nonce]))
		}
	}
	t := timeline{Now: now, Lanes: []lane{}}
	for seat, jobs := range lanes {
		t.Lanes = append(t.Lanes, lane{seat, jobs[max(0, len(jobs)-mostBars):]})
	}
	last := func(l lane) time.Time { return l.Jobs[len(l.Jobs)-1].Submitted }
	slices.SortFunc(t.Lanes, func(a, b lane) int { return cmp.Or(last(b).Compare(last(a)), cmp.Compare(a.Seat, b.Seat)) })
	t.Lanes = t.Lanes[:min(len(t.Lanes), mostLanes)]
	slices.SortFunc(t.Lanes, func(a, b lane) int {
		return cmp.Or(a.Jobs[0].Submitted.Compare(b.Jobs[0].Submitted), cmp.Compare(a.Seat, b.Seat))
	})
	t.bounds()
	return t, nil
}

func barOf(a plan.Attempt, seat v1alpha1.SeatStatus) bar {
	b := bar{JobID: string(a.JobID), Run: a.Run, State: seat.JobState, Submitted: a.Begun, Started: seat.Started, Ends: seat.Ends, Nodes: seat.Nodes, Reason: seat.Reason}
	if !a.HandedOver.IsZero() {
		b.HandedOver = &a.HandedOver
	}
	if a.End == nil {
		return b
	}
	b.State, b.Reason, b.Ended, b.Nodes, b.Failure = string(a.End.State), string(a.End.Reason), &a.End.At, a.End.Nodes, a.End.Failure
	started := a.Begun.Add(a.End.Queued.Std())
	b.Started = &started
	return b
}

// bounds are the ends of the axis: from the first job to now, and to the next walltime's end where that is near.
func (t *timeline) bounds() {
	t.From, t.To = t.Now, t.Now
	for _, l := range t.Lanes {
		for _, b := range l.Jobs {
			if b.Submitted.Before(t.From) {
				t.From = b.Submitted
			}
			if b.Ended == nil && b.Ends != nil && b.Ends.After(t.To) && b.Ends.Sub(t.Now) < ahead {
				t.To = *b.Ends
			}
		}
	}
	if past := t.Now.Sub(t.From); past > 0 && t.To.Sub(t.Now) > 3*past { // what happened is at least a quarter of it
		t.To = t.Now.Add(max(3*past, time.Minute))
	}
	if t.To.Sub(t.From) < time.Minute {
		t.To = t.From.Add(time.Minute)
	}
}

// wideChart is the width of the drawing for screens.
const wideChart = 1000

// Narrow draws it for a phone, and Wide for a screen: letters are of the same size in both, and one of the two is shown.
func (t timeline) Narrow() template.HTML { return t.chart(0) }

// Wide is Narrow for a screen.
func (t timeline) Wide() template.HTML { return t.chart(wideChart) }

// chart cuts a walltime that ends far beyond the axis; its tip says when it ends.
func (t timeline) chart(width float64) template.HTML {
	times := chart.Times{Name: "Jobs over time", Now: t.Now, Width: width}
	for _, l := range t.Lanes {
		drawn := chart.Lane{Name: l.Seat}
		for _, b := range l.Jobs {
			drawn.Spans = append(drawn.Spans, t.spans(b)...)
		}
		times.Lanes = append(times.Lanes, drawn)
	}
	return chart.Timeline(times)
}

// spans are the parts of a bar: the wait in the queue, the run, and what it drains after it was handed over.
func (t timeline) spans(b bar) (out []chart.Span) {
	end := t.Now
	if b.Ended != nil {
		end = *b.Ended
	}
	add := func(state chart.State, from, to time.Time, what string) {
		s := chart.Span{Name: b.Title(), State: state, From: from, To: to, Note: what}
		if b.Ended == nil && !to.Before(end) {
			s.To = time.Time{} // it goes on
			if b.Ends != nil {
				s.Limit = *b.Ends
				if s.Limit.After(t.To) {
					s.Limit = t.To
				}
			}
		}
		out = append(out, s)
	}
	if b.Started == nil || !b.Started.Before(end) {
		add(chart.Waiting, b.Submitted, end, "in the queue")
		return out
	}
	if b.Started.Sub(b.Submitted) > time.Second {
		add(chart.Waiting, b.Submitted, *b.Started, "in the queue")
	}
	state := chart.Running
	switch {
	case b.Ended != nil && b.Failure:
		state = chart.Failed
	case b.Ended != nil:
		state = chart.Ended
	}
	if b.HandedOver == nil || b.HandedOver.After(end) {
		add(state, *b.Started, end, "")
		return out
	}
	add(state, *b.Started, *b.HandedOver, "until the job that follows it took over")
	add(chart.Waiting, *b.HandedOver, end, "handed over: it finishes what it was asked")
	return out
}

// Title says what a bar is.
func (b bar) Title() string {
	parts := []string{"job " + text.Dash(b.JobID), text.Dash(b.State)}
	if b.Run != "" {
		parts = append(parts, "for run "+b.Run)
	}
	if b.Reason != "" {
		parts = append(parts, b.Reason)
	}
	if len(b.Nodes) > 0 {
		parts = append(parts, "on "+strings.Join(b.Nodes, ","))
	}
	switch {
	case b.Ended != nil:
		parts = append(parts, "ended "+text.Age(*b.Ended)+" ago")
	case b.Ends != nil:
		parts = append(parts, text.Left(*b.Ends)+" of its walltime left")
	}
	return strings.Join(parts, ", ")
}

// Took is how long a job ran, or has run.
func (b bar) Took() string {
	switch {
	case b.Started == nil:
		return "-"
	case b.Ended != nil:
		return text.Duration(b.Ended.Sub(*b.Started))
	}
	return text.Duration(time.Since(*b.Started))
}

// placeOf is the place of a seat, by its name in a status.
func placeOf(seat string) string {
	s, ok := drivers.ParseSeat(seat)
	if !ok {
		return seat
	}
	return s.Place().String()
}
