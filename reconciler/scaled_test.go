package reconciler

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// errScaled is the harm of a number that changed although nothing good asked for it, or that is out of its range.
var errScaled = errors.New("a number of replicas changed that must not")

const (
	mostOfLLM  = 3 // replicas in the simulation
	loadTarget = 10.0
)

// scales says in which stories a metric scales llm.
func scales(seed uint64) bool { return seed%8 == 6 || seed%8 == 7 || seed%16 == 1 }

// replicas are those of llm.
func (w *sim) replicas() *v1alpha1.Replicas {
	if !w.scaled {
		return &v1alpha1.Replicas{Number: w.slots}
	}
	tolerance, up, down := 0.1, v1alpha1.Duration(4*time.Second), v1alpha1.Duration(12*time.Second)
	return &v1alpha1.Replicas{Min: max(1, w.slots), Max: mostOfLLM, Metric: "load", Target: loadTarget, Tolerance: &tolerance,
		Up: v1alpha1.Window{Window: &up}, Down: v1alpha1.Window{Window: &down}}
}

// loads is a Prometheus whose answers vanish, jump and go stale.
type loads struct {
	rng  *rand.Rand
	calm bool // few replicas are enough, from now on
	load float64
}

// Value implements drivers.Valuer.
func (l *loads) Value(context.Context, string) (float64, time.Duration, error) {
	if l.calm {
		return 0, time.Second, nil
	}
	switch l.rng.IntN(12) {
	case 0:
		return 0, 0, drivers.ErrNotFound
	case 1:
		return 0, 0, drivers.ErrUnavailable
	case 2:
		return 1000, 10 * time.Minute, nil
	case 3:
		return math.NaN(), time.Second, nil
	case 4, 5:
		l.load = []float64{0, -5, 4, loadTarget, 12, 25, 1e12, math.MaxFloat64}[l.rng.IntN(8)]
	}
	return l.load, time.Second, nil
}

// watched decides as w.v does, and looks at what becomes of numbers of replicas.
func (w *sim) watched(d plan.Desired, o plan.Observed) plan.Result {
	decide := w.v.decide
	if decide == nil {
		decide = plan.Plan
	}
	r := decide(d, o)
	for _, e := range d.Experiments {
		for _, s := range e.Services {
			if s.Scale != nil {
				w.numbers(e, s, o, r)
			}
		}
	}
	return r
}

// numbers tests what has to hold of a scaled service in every pass.
func (w *sim) numbers(e plan.Experiment, s plan.Service, o plan.Observed, r plan.Result) {
	key := e.Name + "/" + s.Name
	was, known := o.Scaled[key]
	for _, st := range r.Status {
		for _, v := range st.Services {
			if v.Name == s.Name && (v.Replicas < s.Scale.Min || v.Replicas > s.Scale.Max) {
				w.broken = fmt.Errorf("%w: %d replicas are not between %d and %d", errScaled, v.Replicas, s.Scale.Min, s.Scale.Max)
			}
		}
	}
	for _, a := range r.Actions {
		if a.Verb != plan.Remember || !known || a.Scaled.Number == min(max(was.Number, s.Scale.Min), s.Scale.Max) {
			continue
		}
		answer, asked := o.Answers[key]
		ended := func(id string) bool { // in this very pass
			return slices.ContainsFunc(r.Actions, func(a plan.Action) bool { return a.Run != nil && a.Run.ID == id && !plan.Active(*a.Run) })
		}
		measured := slices.ContainsFunc(o.Runs, func(r plan.Run) bool {
			return r.Target == s.Name && r.Given != nil && plan.Active(r) && !ended(r.ID)
		})
		placed := slices.ContainsFunc(r.Actions, func(a plan.Action) bool { return a.Verb == plan.PlaceRun && a.Run.Target == s.Name })
		switch {
		case a.Scaled.Number < s.Scale.Min || a.Scaled.Number > s.Scale.Max:
			w.broken = fmt.Errorf("%w: to %d, which is not between %d and %d", errScaled, a.Scaled.Number, s.Scale.Min, s.Scale.Max)
		case !asked || answer.Err != "" || answer.Age > 2*time.Minute || answer.At.Equal(was.Answered):
			w.broken = fmt.Errorf("%w: to %d after the answer %+v", errScaled, a.Scaled.Number, answer)
		case measured || placed:
			w.broken = fmt.Errorf("%w: to %d while a run measures it", errScaled, a.Scaled.Number)
		}
		w.note("llm has %d replicas now: %s", a.Scaled.Number, a.Message)
	}
}

// settledNumber reports whether the number has come down to what is declared.
func (w *sim) settledNumber() bool {
	return !w.scaled || slices.ContainsFunc(w.status[0].Services, func(s v1alpha1.ServiceStatus) bool { return s.Name == "llm" && s.Replicas == w.slots })
}

// whileMeasured scales a service as if no run measured it.
func whileMeasured(d plan.Desired, o plan.Observed) plan.Result {
	r := plan.Plan(d, o)
	blind := o
	blind.Runs = nil
	r.Actions = slices.DeleteFunc(r.Actions, func(a plan.Action) bool { return a.Verb == plan.Remember })
	for _, a := range plan.Plan(d, blind).Actions {
		if a.Verb == plan.Remember {
			r.Actions = append(r.Actions, a)
		}
	}
	return r
}

// onAnyAnswer takes answers of any age, and none for 0.
func onAnyAnswer(d plan.Desired, o plan.Observed) plan.Result {
	answers := map[string]plan.Answer{}
	for key, a := range o.Answers {
		a.Err, a.Age = "", 0
		answers[key] = a
	}
	o.Answers = answers
	return plan.Plan(d, o)
}

// beyondMax grows by what is asked for, whatever is declared.
func beyondMax(d plan.Desired, o plan.Observed) plan.Result {
	r := plan.Plan(d, o)
	for _, a := range r.Actions {
		if a.Verb == plan.Remember && a.Scaled.Asked > mostOfLLM {
			a.Scaled.Number = a.Scaled.Asked
		}
	}
	return r
}

// TestScaledMutants shows that the simulation notices numbers that change when they must not.
func TestScaledMutants(t *testing.T) {
	const enough = 60
	for name, v := range map[string]variant{
		"while it is measured":           {decide: whileMeasured},
		"an answer of any age":           {decide: onAnyAnswer},
		"as many as the metric asks for": {decide: beyondMax},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= enough; seed++ {
				if !scales(seed) {
					continue
				}
				if _, err := firstFailure(t, seed, seed, v); errors.Is(err, errScaled) {
					return
				}
			}
			t.Fatalf("%d seeds passed: the simulation would not notice", enough)
		})
	}
}

// TestScaling lives through a load that comes and goes: the number follows, survives another controller and a lost record, and the
// replica that leaves has time to finish.
func TestScaling(t *testing.T) {
	w := calm(t)
	w.scaled, w.repeats, w.web = true, 0, false
	load := &loads{calm: false, rng: rand.New(rand.NewPCG(1, 1)), load: loadTarget}
	w.loop.scaled.values = valuer(func() (float64, time.Duration, error) { return load.load, time.Second, nil })
	w.settled(t)
	number := func() int { return w.status[0].Services[0].Replicas }
	live := func(passes int) {
		for range passes {
			w.pass()
			w.cluster.Advance(w.step)
			w.land()
			if err := w.check(); err != nil {
				t.Fatal(err)
			}
		}
	}
	live(5)
	if n := number(); n != 1 {
		t.Fatalf("%d replicas at the target", n)
	}
	load.load = 3 * loadTarget
	live(12)
	if n, ready := number(), w.status[0].Services[0].Ready; n != 3 || ready != 3 {
		t.Fatalf("%d of %d replicas at three times the target: %+v", ready, n, w.status[0].Services[0].Scale)
	}
	values := w.loop.scaled.values
	w.restart()
	w.loop.scaled.values = values
	load.load = loadTarget
	live(10)
	if n := number(); n != 3 {
		t.Fatalf("%d replicas under another controller", n)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "scaled", "exp.llm.json"), []byte(`{"num`), 0o600); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.loop.scaled.values = values
	live(5)
	if n := number(); n != 3 {
		t.Fatalf("%d replicas after the record was torn", n)
	}
	highest := w.live("llm", 2)
	load.load = 0
	live(20)
	if n := number(); n != 1 || w.live("llm", 0) == "" || w.live("llm", 1) != "" || w.live("llm", 2) != "" || highest == "" {
		t.Fatalf("%d replicas without load: %+v, %+v", n, w.status[0].Services[0].Scale, w.cluster.Live())
	}
}

type valuer func() (float64, time.Duration, error)

// Value implements drivers.Valuer.
func (v valuer) Value(context.Context, string) (float64, time.Duration, error) { return v() }
