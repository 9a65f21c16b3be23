package web

import (
	"fmt"
	"html/template"
	"slices"

	"assay/reconciler/chart"
	"assay/reconciler/plan"
	"assay/reconciler/results"
	"assay/reconciler/results/resultset"
)

// trade is one benchmark at one point: what a user gets and what a GPU does. Values are medians over its valid runs.
type trade struct {
	Benchmark string            `json:"benchmark"`
	Point     map[string]string `json:"point,omitempty"`
	Runs      int               `json:"runs"`
	Simulated bool              `json:"simulated"`
	Output    float64           `json:"outputThroughput"`    // tok/s
	User      float64           `json:"tokensPerSecondUser"` // 1000 / median TPOT in ms
	GPUs      int               `json:"gpus,omitempty"`      // of the target; absent: not known
	GPU       *float64          `json:"tokensPerSecondGPU,omitempty"`
	Absent    string            `json:"absent,omitempty"`     // why there is no number per GPU
	Front     bool              `json:"front"`                // no other point is better in both
	Power     *float64          `json:"powerWatts,omitempty"` // of all GPUs of the target
	Joules    *float64          `json:"joulesPerToken,omitempty"`
	name      string
}

// trades are those of one revision.
type trades struct {
	Experiment string  `json:"experiment"`
	Revision   int64   `json:"revision"`
	Points     []trade `json:"points"`
}

func paretoData(r *request) (any, error) { return r.trades() }

func (r *request) trades() (t trades, err error) {
	if t.Experiment, err = r.name("experiment"); err != nil {
		return t, err
	}
	leave, err := r.calm()
	if err != nil {
		return t, err
	}
	defer leave()
	m, err := r.s.o.Results.Measurements(t.Experiment)
	if err != nil {
		return t, err
	}
	rev, err := r.measured(m)
	if err != nil {
		return t, err
	}
	t.Revision, t.Points = rev.Generation, []trade{}
	for _, g := range results.Groups(rev.Rows) {
		one, ok := tradeOf(g)
		if !ok {
			continue
		}
		if one.GPUs, one.Absent = g.GPUs(); one.GPUs > 0 {
			per := one.Output / float64(one.GPUs)
			one.GPU = &per
		}
		t.Points = append(t.Points, one)
	}
	t.front()
	return t, nil
}

// measured is the revision that is asked for, or the last that has results.
func (r *request) measured(m *resultset.Measurements) (resultset.Measured, error) {
	all := m.Measured()
	asked := r.URL.Query().Get("revision")
	if asked == "" && len(all) > 0 {
		return all[len(all)-1], nil
	}
	rev, err := m.Find(asked)
	if err != nil {
		return resultset.Measured{}, &failure{404, err.Error()}
	}
	return resultset.Measured{Generation: rev.Generation, Hash: rev.Hash, Rows: m.Of(rev)}, nil
}

// tradeOf needs what a user waits for and what the server puts out: runs of other suites have neither.
func tradeOf(g results.Group) (t trade, ok bool) {
	values := func(metric string) *float64 {
		if len(g.Values(metric)) == 0 {
			return nil
		}
		v := results.Middle(g.Runs(), metric).Center
		return &v
	}
	output, tpot := values("output_throughput"), values("tpot_median_ms")
	if output == nil || tpot == nil || *tpot <= 0 {
		return t, false
	}
	return trade{Benchmark: g.Benchmark, Point: g.Point, Runs: len(g.Rows), Simulated: g.Simulated(), Output: *output, User: 1000 / *tpot,
		Power: values("gpu_power_mean_w"), Joules: values("energy_per_output_token_j"), name: g.Name()}, true
}

// plot is the points that have both numbers, a series for each benchmark.
func (t trades) plot() chart.Plot {
	p := chart.Plot{Name: "Tokens/s of a GPU against tokens/s of a user", X: chart.Axis{Title: "tok/s/user"}, Y: chart.Axis{Title: "tok/s/GPU"}}
	for _, one := range t.Points {
		if one.GPU == nil {
			continue
		}
		i := slices.IndexFunc(p.Series, func(s chart.Series) bool { return s.Name == one.Benchmark })
		if i < 0 {
			i, p.Series = len(p.Series), append(p.Series, chart.Series{Name: one.Benchmark})
		}
		q := chart.At(one.User, *one.GPU)
		q.Label, q.Note = plan.Run{Point: one.Point}.PointName(), fmt.Sprintf("%d run(s), %d GPUs", one.Runs, one.GPUs)
		p.Series[i].Points = append(p.Series[i].Points, q)
	}
	return p
}

// front marks the points that no other one beats in both directions.
func (t *trades) front() {
	for i, one := range t.Points {
		t.Points[i].Front = one.GPU != nil && !slices.ContainsFunc(t.Points, func(o trade) bool {
			return o.GPU != nil && o.User >= one.User && *o.GPU >= *one.GPU && (o.User > one.User || *o.GPU > *one.GPU)
		})
	}
}

// paretoView is the page of trades.
type paretoView struct {
	trades
	Chart     template.HTML
	Absent    []string // why points are not drawn, each reason once
	Simulated bool
	Energy    bool // any point has power or energy
}

func paretoPage(r *request) (*page, error) {
	t, err := r.trades()
	if err != nil {
		return nil, err
	}
	v := paretoView{trades: t, Chart: chart.Scatter(t.plot())}
	for _, one := range t.Points {
		v.Simulated, v.Energy = v.Simulated || one.Simulated, v.Energy || one.Power != nil || one.Joules != nil
		if why := one.Absent; why != "" && !slices.Contains(v.Absent, why) {
			v.Absent = append(v.Absent, why)
		}
	}
	return &page{Title: "Throughput and energy", Crumbs: crumbs(t.Experiment), View: "pareto", Data: v}, nil
}

// Name is benchmark and point.
func (t trade) Name() string { return t.name }
