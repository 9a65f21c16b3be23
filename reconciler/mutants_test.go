package reconciler

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// TestMutants shows that the simulation notices what it is there for: each broken variant of "intent before effect"
// and of "nothing dead is Ready" has to fail it, and soon.
func TestMutants(t *testing.T) {
	const enough = 400 // seeds: the rarest harm shows in one of a hundred
	for name, m := range map[string]struct {
		variant
		want error
	}{
		"no journal":                              {variant{forgetOpen: func(plan.Attempt) bool { return true }}, errDouble},
		"the intent is written after submitting":  {variant{forgetOpen: func(a plan.Attempt) bool { return a.JobID == "" && a.Error == "" }}, errDouble},
		"an intent without a job holds no seat":   {variant{decide: ignoreIntents}, errDouble},
		"the settle time is shorter than the lag": {variant{settle: time.Second}, errDouble},
		"a lost job is not fenced":                {variant{noFence: true}, errDouble},
		"effects are part of the pass":            {variant{inside: true}, errSlow},
		"data has two servers":                    {variant{decide: replaceAtOnce}, errDouble},
		"a status is believed at any age":         {variant{stored: true}, errDead},
		"an agent is believed at any age":         {variant{decide: believeAgents}, errDead},
		"a damaged intent is removed":             {variant{dropDamaged: true}, errDouble},
		"a controller that cannot write ends":     {variant{giveUp: true}, errEnded},
		"one witness is enough":                   {variant{decide: oneWitness}, errAlive},
		"a source is never at fault":              {variant{decide: neverAtFault}, errAlive},
		"a job takes over before it serves":       {variant{decide: hasty}, errHasty},
		"there is no disruption budget":           {variant{decide: noBudget}, errBudget},
		"jobs reserve nothing":                    {variant{decide: reserveNothing}, errOverspent},
	} {
		t.Run(name, func(t *testing.T) {
			var other error // a broken variant does more than one harm
			for first := uint64(1); ; {
				seed, err := firstFailure(t, first, enough, m.variant)
				switch {
				case err == nil && other == nil:
					t.Fatalf("%d seeds passed: the simulation would not notice", enough)
				case err == nil:
					t.Fatalf("no seed failed with %q, and others did: %v", m.want, other)
				case errors.Is(err, m.want):
					return
				}
				first, other = seed+1, fmt.Errorf("seed %d: %w", seed, err)
			}
		})
	}
}

// replaceAtOnce takes the scheduler's word for it that a job has left nothing behind.
func replaceAtOnce(d plan.Desired, o plan.Observed) plan.Result {
	o.Attempts = slices.Clone(o.Attempts)
	for i, a := range o.Attempts {
		if a.Loose() {
			o.Attempts[i].Fenced = plan.Fenced
		}
	}
	return plan.Plan(d, o)
}

// oneWitness gives up what is silent.
func oneWitness(d plan.Desired, o plan.Observed) plan.Result {
	o.Agents = maps.Clone(o.Agents)
	for nonce, a := range o.Agents {
		a.Servers, a.RefusedFor = plan.Refuses, time.Hour
		o.Agents[nonce] = a
	}
	return plan.Plan(d, o)
}

// neverAtFault believes sources that lost many seats at once.
func neverAtFault(d plan.Desired, o plan.Observed) plan.Result {
	d.Policy.Hold = 1
	return plan.Plan(d, o)
}

// noBudget replaces at once whatever is given up.
func noBudget(d plan.Desired, o plan.Observed) plan.Result {
	d.Policy.OfService, d.Policy.OneIn = 100, 1
	return plan.Plan(d, o)
}

// believeAgents takes what agents have written as of now.
func believeAgents(d plan.Desired, o plan.Observed) plan.Result {
	o.Agents = maps.Clone(o.Agents)
	for nonce, a := range o.Agents {
		a.Doubts = nil
		o.Agents[nonce] = a
	}
	return plan.Plan(d, o)
}

// ignoreIntents counts jobs instead of intents: one that is not listed does not occupy its seat.
func ignoreIntents(d plan.Desired, o plan.Observed) plan.Result {
	listed := map[string]bool{}
	for _, j := range o.Listing.Jobs {
		listed[j.Tag.Nonce] = true
	}
	var dropped []plan.Action
	o.Attempts = slices.DeleteFunc(slices.Clone(o.Attempts), func(a plan.Attempt) bool {
		drop := a.End == nil && a.JobID == "" && !listed[a.Nonce] && o.Listing.Err == ""
		if drop {
			dropped = append(dropped, plan.Action{Verb: plan.Close, Nonce: a.Nonce, Seat: a.Seat, Reason: "Mutant",
				End: &plan.End{State: drivers.JobVanished, Reason: "Mutant", At: o.Now}})
		}
		return drop
	})
	r := plan.Plan(d, o)
	r.Actions = append(dropped, r.Actions...)
	return r
}

// TestPlaceMutants shows that the simulation notices a state directory that is used at another place, a copy that is used
// as it is, and names that two state directories share.
func TestPlaceMutants(t *testing.T) {
	const enough = 40
	for name, c := range map[string]struct {
		v    variant
		want error // nil: it does not converge
	}{
		"the place is not checked":               {variant{anyPlace: true}, errDouble},
		"the place is only checked at the start": {variant{lateAnyPlace: true}, errDouble},
		"a copy is used as it is":                {variant{anyCopy: true}, errCopy},
		"names of jobs lack the store's id":      {variant{decide: sharedNames}, nil},
		"a server that hangs is not restarted":   {variant{decide: unwatched}, nil},
		"a new controller tells all again":       {variant{tellAgain: true}, errTold},
	} {
		t.Run(name, func(t *testing.T) {
			seed, err := firstFailure(t, 1, enough, c.v)
			if err == nil {
				t.Fatalf("%d seeds passed: the simulation would not notice", enough)
			}
			if c.want != nil && !errors.Is(err, c.want) || c.want == nil && !strings.Contains(err.Error(), "did not converge") {
				t.Fatalf("seed %d failed for another reason than %v: %v", seed, c.want, err)
			}
		})
	}
}

// unwatched lets agents do nothing about servers that hang.
func unwatched(d plan.Desired, o plan.Observed) plan.Result {
	d.Experiments = slices.Clone(d.Experiments)
	for i := range d.Experiments {
		e := &d.Experiments[i]
		e.Services = slices.Clone(e.Services)
		for k := range e.Services {
			e.Services[k].Processes = slices.Clone(e.Services[k].Processes)
			for n := range e.Services[k].Processes {
				e.Services[k].Processes[n].Live = drivers.Live{}
			}
		}
	}
	return plan.Plan(d, o)
}

// sharedNames names jobs as the first build did.
func sharedNames(d plan.Desired, o plan.Observed) plan.Result {
	r := plan.Plan(d, o)
	for _, a := range r.Actions {
		if a.Job != nil {
			a.Job.Name = strings.TrimSuffix(a.Job.Name, "."+d.Store)
		}
	}
	return r
}

// intentFile is where the record of an attempt is: of its own, or of several that began together.
func intentFile(dir, nonce string) string {
	own := filepath.Join(dir, "intents", nonce+".json")
	if _, err := os.Lstat(own); err != nil && len(nonce) > 2 {
		if shared := filepath.Join(dir, "intents", nonce[:len(nonce)-2]+".json"); exists(shared) {
			return shared
		}
	}
	return own
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// removeIntent takes the record of one attempt away; of several that began together all that it says of that one.
func removeIntent(dir, nonce string) {
	path := intentFile(dir, nonce)
	if filepath.Base(path) == nonce+".json" {
		if err := os.Remove(path); err != nil {
			panic(err)
		}
		if path = intentFile(dir, nonce); filepath.Base(path) == nonce+".json" {
			return
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	text = fmt.Appendf(text, "{\n \"schema\": %d,\n \"gone\":[%q]\n}\n", store.AttemptVersion, nonce)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		panic(err)
	}
}
