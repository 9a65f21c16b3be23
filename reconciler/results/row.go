package results

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/decide"
	"assay/reconciler/plan"
)

// Row is one run.
type Row struct {
	Experiment string                 `json:"experiment"`
	Benchmark  string                 `json:"benchmark"`
	Point      map[string]string      `json:"point,omitempty"`
	Repeat     int                    `json:"repeat"`
	Round      time.Time              `json:"round,omitzero"`       // the time of the schedule that it was measured for; zero: it was due at none
	Deployment string                 `json:"deployment,omitempty"` // which start of the servers it measured; empty: not known
	Seed       int64                  `json:"seed,omitempty"`
	Run        string                 `json:"run"`
	Revision   string                 `json:"revision"`
	Commit     string                 `json:"commit,omitempty"`
	Phase      string                 `json:"phase"`
	Valid      bool                   `json:"valid"`
	Reasons    []drivers.Reason       `json:"reasons,omitempty"`
	Simulated  bool                   `json:"simulated"`
	Started    time.Time              `json:"started,omitzero"`
	Ended      time.Time              `json:"ended,omitzero"`
	Window     *drivers.Window        `json:"window,omitempty"` // when it measured
	JobID      string                 `json:"jobID,omitempty"`
	Nodes      []string               `json:"nodes,omitempty"`
	Model      string                 `json:"model,omitempty"`    // that was asked for
	Hardware   []drivers.Node         `json:"hardware,omitempty"` // of the target: its nodes with their GPUs
	Metrics    map[string]float64     `json:"metrics,omitempty"`
	Versions   map[string]string      `json:"versions,omitempty"`
	Host       map[string]string      `json:"host,omitempty"`
	Files      []string               `json:"files,omitempty"`
	Dir        string                 `json:"dir,omitempty"`
	Search     *v1alpha1.SearchStatus `json:"search,omitempty"` // of the answer of a search, which is no run
}

// Engine is what a storage run measured with, io500 or native; empty for other suites. Results of two engines are never
// compared.
func (r Row) Engine() string { return r.Versions["engine"] }

// Overloaded reports whether more was asked of the target than it could do, so that the run has no latencies.
func (r Row) Overloaded() bool {
	return slices.ContainsFunc(r.Reasons, func(why drivers.Reason) bool { return why.Reason == drivers.Overloaded })
}

// PointName is the point as one word: concurrency=8,nodes=2.
func (r Row) PointName() string { return plan.Run{Point: r.Point}.PointName() }

// Key is what repeats of one thing share.
func (r Row) Key() string { return Key(r.Benchmark, r.Point) }

// Key names a benchmark at a point.
func Key(benchmark string, point map[string]string) string {
	return benchmark + " " + plan.Run{Point: point}.PointName()
}

// Rows makes rows of runs that have ended, oldest first. Superseded and lost runs make none.
func Rows(runs []plan.Run) []Row {
	var out []Row
	for _, r := range runs {
		if r.Phase != v1alpha1.RunComplete && r.Phase != v1alpha1.RunFailed {
			continue
		}
		row := Row{Experiment: r.Experiment, Benchmark: r.Benchmark, Point: r.Point, Repeat: r.Repeat, Deployment: r.Deployment, Seed: r.Seed, Run: r.ID, Revision: r.Revision, Commit: r.Commit,
			Phase: r.Phase, Simulated: r.Simulated, JobID: r.JobID, Nodes: r.Nodes, Started: r.Created, Ended: r.Ended, Dir: r.Dir, Round: r.Round}
		if r.Given != nil {
			row.Model = r.Given.Model
		}
		if r.Phase == v1alpha1.RunFailed {
			row.Reasons = []drivers.Reason{{Reason: string(r.Reason), Message: r.Message}}
		}
		if res := r.Result; res != nil {
			row.Valid, row.Simulated = res.Valid && r.Phase == v1alpha1.RunComplete, r.Simulated || res.Simulated
			row.Reasons = append(row.Reasons, res.Reasons...)
			row.Started, row.Ended, row.Window, row.Metrics, row.Versions, row.Host, row.Files = res.Started, res.Ended, res.Window, res.Metrics, res.Versions, res.Host, res.Files
			row.Hardware = res.Nodes
		}
		out = append(out, row)
	}
	return out
}

// Newest keeps the newest row of every repeat. Rows of an engine that the benchmark no longer uses are left out, and those of an
// earlier time of its schedule: they would be averaged with the first repeats of the new engine, or of the new time.
func Newest(rows []Row) []Row {
	last, engine, round := map[string]int{}, map[string]string{}, map[string]time.Time{}
	for i, r := range rows {
		last[r.Key()+" "+strconv.Itoa(r.Repeat)] = i
		engine[r.Key()] = cmp.Or(r.Engine(), engine[r.Key()])
		if r.Round.After(round[r.Key()]) {
			round[r.Key()] = r.Round
		}
	}
	var out []Row
	for i, r := range rows {
		former := r.Engine() != "" && r.Engine() != engine[r.Key()] || r.Round.Before(round[r.Key()])
		if last[r.Key()+" "+strconv.Itoa(r.Repeat)] == i && !former {
			out = append(out, r)
		}
	}
	return out
}

// Group is the repeats of one benchmark at one point.
type Group struct {
	Benchmark string
	Point     map[string]string
	Rows      []Row // valid ones
	Invalid   []Row // failed or not valid: in no statistics
}

// PointName is the point as one word: concurrency=8,nodes=2.
func (g Group) PointName() string { return plan.Run{Point: g.Point}.PointName() }

// Name is benchmark and point.
func (g Group) Name() string {
	if len(g.Point) == 0 {
		return g.Benchmark
	}
	return g.Benchmark + " " + g.PointName()
}

// Simulated reports whether any of its runs was measured on a simulator.
func (g Group) Simulated() bool {
	simulated := func(r Row) bool { return r.Simulated }
	return slices.ContainsFunc(g.Rows, simulated) || slices.ContainsFunc(g.Invalid, simulated)
}

// Overloaded is how many of its valid runs were.
func (g Group) Overloaded() (n int) {
	for _, r := range g.Rows {
		if r.Overloaded() {
			n++
		}
	}
	return n
}

// Last is when the newest of its runs began, valid or not.
func (g Group) Last() (last time.Time) {
	for _, r := range slices.Concat(g.Rows, g.Invalid) {
		if r.Started.After(last) {
			last = r.Started
		}
	}
	return last
}

// Engine is the one that the rows have in common; see Row.Engine.
func (g Group) Engine() string {
	if len(g.Rows) == 0 {
		return ""
	}
	return g.Rows[0].Engine()
}

// Runs are the valid rows, as what is decided is decided by.
func (g Group) Runs() []decide.Run {
	out := make([]decide.Run, len(g.Rows))
	for i, r := range g.Rows {
		out[i] = decide.Run{Deployment: r.Deployment, Seed: r.Seed, Metrics: r.Metrics}
	}
	return out
}

// Values are a metric's values, one for each valid row that has it.
func (g Group) Values(metric string) []float64 {
	var out []float64
	for _, r := range g.Rows {
		if v, ok := r.Metrics[metric]; ok {
			out = append(out, v)
		}
	}
	return out
}

// Metrics are the names of the metrics that any valid row has, sorted.
func (g Group) Metrics() []string {
	all := map[string]bool{}
	for _, r := range g.Rows {
		for name := range r.Metrics {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Groups puts repeats together, in the order in which their first row comes; points of one benchmark in natural order.
func Groups(rows []Row) []Group {
	at := map[string]int{}
	var out []Group
	for _, r := range rows {
		i, ok := at[r.Key()]
		if !ok {
			i = len(out)
			at[r.Key()] = i
			out = append(out, Group{Benchmark: r.Benchmark, Point: r.Point})
		}
		if r.Valid {
			out[i].Rows = append(out[i].Rows, r)
		} else {
			out[i].Invalid = append(out[i].Invalid, r)
		}
	}
	first := map[string]int{}
	for i, g := range out {
		if _, seen := first[g.Benchmark]; !seen {
			first[g.Benchmark] = i
		}
	}
	slices.SortStableFunc(out, func(a, b Group) int {
		return cmp.Or(first[a.Benchmark]-first[b.Benchmark], Natural(a.PointName(), b.PointName()))
	})
	return out
}

// Natural compares texts by the numbers in them: c=8 comes before c=16.
func Natural(a, b string) int {
	for a != "" && b != "" {
		an, bn := digits(a), digits(b)
		if an > 0 && bn > 0 {
			x, y := strings.TrimLeft(a[:an], "0"), strings.TrimLeft(b[:bn], "0")
			if c := cmp.Or(len(x)-len(y), strings.Compare(x, y)); c != 0 {
				return c
			}
			a, b = a[an:], b[bn:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// SortedKeys are the keys of a map in order.
func SortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
