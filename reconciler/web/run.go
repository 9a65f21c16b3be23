package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/results"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// runFilter is what the query asks of the runs of an experiment, which need not be declared any more.
func (r *request) runFilter() (f view.Filter, err error) {
	if f.Experiment, err = r.name("experiment"); err != nil {
		return f, err
	}
	if f.Limit, err = r.number("limit", runsOnPage, 1, 500); err != nil {
		return f, err
	}
	if f.Skip, err = r.number("skip", 0, 0, mostSkip); err != nil {
		return f, err
	}
	q := r.URL.Query()
	f.Benchmark, f.Phase = q.Get("benchmark"), q.Get("phase")
	verdict, ok := map[string]string{"": "", "yes": v1alpha1.True, "no": v1alpha1.False, "unknown": v1alpha1.Unknown}[q.Get("valid")]
	if !ok {
		return f, &failure{400, "valid is yes, no or unknown"}
	}
	f.Valid = verdict
	return f, nil
}

func runsData(r *request) (any, error) {
	f, err := r.runFilter()
	if err != nil {
		return nil, err
	}
	items, _, err := r.runs(f)
	return view.NewList(items), err
}

// runsView is a page of runs.
type runsView struct {
	Experiment          string
	Runs                []view.Object
	Filter              view.Filter
	Valid               string
	Benchmarks, Phases  []string
	Newer, Older        string // where those are; empty: there are none
	From, To, More, All int
}

func runsPage(r *request) (*page, error) {
	f, err := r.runFilter()
	if err != nil {
		return nil, err
	}
	v := runsView{Experiment: f.Experiment, Filter: f, Valid: r.URL.Query().Get("valid"),
		Phases: []string{v1alpha1.RunPending, v1alpha1.RunRunning, v1alpha1.RunComplete, v1alpha1.RunFailed, v1alpha1.RunLost, v1alpha1.RunSuperseded}}
	if v.Runs, v.More, err = r.runs(f); err != nil {
		return nil, err
	}
	for _, b := range r.seen.Heads[f.Experiment].Spec.Spec.Benchmarks {
		v.Benchmarks = append(v.Benchmarks, b.Name)
	}
	v.From, v.To, v.All = f.Skip+1, f.Skip+len(v.Runs), f.Skip+len(v.Runs)+v.More
	if f.Skip > 0 {
		v.Newer = r.skipping(max(0, f.Skip-f.Limit))
	}
	if v.More > 0 {
		v.Older = r.skipping(f.Skip + f.Limit)
	}
	return &page{Title: "Runs", Crumbs: crumbs(f.Experiment), View: "runs", Data: v, Every: 3}, nil
}

// Verdicts are what Valid can be asked for.
func (runsView) Verdicts() []string { return []string{"yes", "no", "unknown"} }

// skipping is the address of another page of the same list.
func (r *request) skipping(n int) string {
	q := r.URL.Query()
	q.Set("skip", fmt.Sprint(n))
	return "?" + q.Encode()
}

// crumbs lead to a page below an experiment.
func crumbs(experiment string, more ...crumb) []crumb {
	return append([]crumb{{"Experiments", "/"}, {experiment, "/experiments/" + url.PathEscape(experiment)}}, more...)
}

// run is the one that the path names.
func (r *request) run() (o view.Object, err error) {
	experiment, err := r.name("experiment")
	if err != nil {
		return o, err
	}
	name, err := r.name("run")
	if err != nil {
		return o, err
	}
	items, err := r.items("runs", view.Filter{Experiment: experiment, Name: experiment + "/" + name})
	if err != nil {
		return o, err
	}
	if len(items) == 0 {
		return o, r.missing("run", experiment+"/"+name)
	}
	return items[len(items)-1], nil
}

func runData(r *request) (any, error) { return r.run() }

// figure is one metric of a run.
type figure struct {
	results.Metric
	Value float64
}

// figures are metrics of one group.
type figures struct {
	Name string
	All  []figure
}

// runView is the page of a run.
type runView struct {
	v1alpha1.RunStatus
	Experiment string
	Verdict    v1alpha1.Condition
	Headlines  []figure
	Groups     []figures
	Request    drivers.SuiteRequest
	Again      bool // it can be asked for again
	Log        logText
	Events     []store.Event
}

func runPage(r *request) (*page, error) {
	o, err := r.run()
	if err != nil {
		return nil, err
	}
	st := o.Status.(v1alpha1.RunStatus)
	v := runView{RunStatus: st, Experiment: o.Metadata.Experiment, Verdict: v1alpha1.Find(st.Conditions, v1alpha1.Valid)}
	v.Request, _ = o.Spec.(drivers.SuiteRequest) // of a run whose request was removed there is none
	v.Headlines, v.Groups = figuresOf(st.Metrics)
	ended := st.Phase != v1alpha1.RunPending && st.Phase != v1alpha1.RunRunning
	v.Again = ended && st.Phase != v1alpha1.RunSuperseded
	if v.Log = r.logs(v.Experiment+"/"+st.ID, linesShown); v.Log.Lines == "" && v.Log.Problem == "" {
		v.Log.Problem = "it has printed nothing"
	}
	all, err := r.events(v.Experiment, eventsOnPage)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if e.Object == "run/"+st.ID {
			v.Events = append(v.Events, e)
		}
	}
	every := 2
	if ended {
		every = 15
	}
	return &page{Title: st.ID, Crumbs: crumbs(v.Experiment, crumb{"Runs", "/experiments/" + url.PathEscape(v.Experiment) + "/runs"}), View: "run", Data: v, Every: every}, nil
}

// figuresOf puts metrics into the order of the catalogue, by group; those that the catalogue lacks come last.
func figuresOf(metrics map[string]float64) (headlines []figure, groups []figures) {
	names := slices.Sorted(maps.Keys(metrics))
	known := map[string]bool{}
	add := func(group string, f figure) {
		i := slices.IndexFunc(groups, func(g figures) bool { return g.Name == group })
		if i < 0 {
			i, groups = len(groups), append(groups, figures{Name: group})
		}
		groups[i].All = append(groups[i].All, f)
	}
	for _, m := range results.Shown(results.Stored, names) {
		known[m.Name] = true
		f := figure{m, metrics[m.Name]}
		if m.Prominence >= results.Headline {
			headlines = append(headlines, f)
		}
		add(m.Group, f)
	}
	for _, n := range names {
		if !known[n] {
			add("other", figure{results.Describe(n), metrics[n]})
		}
	}
	return headlines, groups
}

// aside reports whether a group is shown folded: what the load and the client were like, and not what was asked for.
func aside(group string) bool {
	return slices.Contains([]string{results.Load, results.Client, results.Server, "other"}, group)
}

// runWord is how a run ended, and whether it counts, in one word for its state.
func runWord(st v1alpha1.RunStatus) string {
	if st.Phase == v1alpha1.RunComplete && v1alpha1.Find(st.Conditions, v1alpha1.Valid).Status == v1alpha1.False {
		return "Invalid"
	}
	return st.Phase
}

// brief is what a row says of a run: its main numbers, or why there are none.
func brief(st v1alpha1.RunStatus) string {
	if b := results.Brief(st.Metrics); b != "" && st.Phase == v1alpha1.RunComplete && runWord(st) != "Invalid" {
		return b
	}
	return strings.TrimSpace(view.RunDetail(st))
}
