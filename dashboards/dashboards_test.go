package dashboards

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
	"github.com/prometheus/prometheus/promql/parser"
)

func TestNames(t *testing.T) {
	want := []string{"assay-benchmarks", "assay-chroma", "assay-control", "assay-hardware", "assay-storage", "assay-vllm"}
	if got := Names(); !slices.Equal(got, want) {
		t.Errorf("Names() = %v, want %v", got, want)
	}
	all, err := fs.ReadDir(FS, ".")
	if err != nil || len(all) != len(want) {
		t.Errorf("FS holds %d files (%v), want %d", len(all), err, len(want))
	}
}

// TestIdentity: nothing is told apart by luck.
func TestIdentity(t *testing.T) {
	titles := map[string]string{}
	for name, d := range read(t) {
		if *d.Uid != name {
			t.Errorf("%s.json has the uid %s", name, *d.Uid)
		}
		if other, taken := titles[*d.Title]; taken {
			t.Errorf("%s and %s are both called %q", name, other, *d.Title)
		}
		titles[*d.Title] = name
		if !slices.Equal(d.Tags, []string{"assay"}) || d.Refresh == nil || d.Time == nil || d.Time.From == "" {
			t.Errorf("%s: tags %v, refresh %v, time %v", name, d.Tags, d.Refresh, d.Time)
		}
		seen := map[uint32]bool{}
		for _, p := range d.Panels {
			id := idOf(p)
			if id == 0 || seen[id] {
				t.Errorf("%s: panel id %d is zero or used twice", name, id)
			}
			seen[id] = true
		}
	}
}

func idOf(p dashboard.PanelOrRowPanel) uint32 {
	if p.RowPanel != nil {
		return p.RowPanel.Id
	}
	if p.Panel.Id == nil {
		return 0
	}
	return *p.Panel.Id
}

// TestGrid: every panel lies within the 24 columns, and no two share a cell.
func TestGrid(t *testing.T) {
	for name, d := range read(t) {
		taken := map[[2]uint32]uint32{}
		for _, p := range d.Panels {
			var pos *dashboard.GridPos
			if p.RowPanel != nil {
				pos = p.RowPanel.GridPos
			} else {
				pos = p.Panel.GridPos
			}
			if pos == nil || pos.W == 0 || pos.H == 0 || pos.X+pos.W > 24 {
				t.Errorf("%s: panel %d lies at %+v", name, idOf(p), pos)
				continue
			}
			for x := pos.X; x < pos.X+pos.W; x++ {
				for y := pos.Y; y < pos.Y+pos.H; y++ {
					if other, ok := taken[[2]uint32{x, y}]; ok {
						t.Fatalf("%s: panels %d and %d overlap at column %d, line %d", name, other, idOf(p), x, y)
					}
					taken[[2]uint32{x, y}] = idOf(p)
				}
			}
		}
	}
}

// known are units of Grafana's.
var known = []string{units.Seconds, units.Milliseconds, units.PercentUnit, units.Percent, units.Short, units.RequestsPerSecond,
	units.OpsPerSecond, units.IOOpsPerSecond, units.BytesIEC, units.BytesPerSecondSI, units.Mebibytes, units.GibibytesPerSecond,
	units.Watt, units.Celsius, units.Hertz}

// TestPanelsExplain: a panel says what it shows, in which unit, and names its series; and it asks the chosen data source.
func TestPanelsExplain(t *testing.T) {
	for name, d := range read(t) {
		seen := map[string]bool{}
		for _, p := range panelsOf(d) {
			title := *p.Title
			if title == "" || seen[title] {
				t.Errorf("%s: the title %q is empty or used twice", name, title)
			}
			seen[title] = true
			if p.Description == nil || len(*p.Description) < 10 {
				t.Errorf("%s: %q has no description", name, title)
			}
			if unit := p.FieldConfig.Defaults.Unit; unit == nil || !slices.Contains(known, *unit) && !strings.HasPrefix(*unit, "suffix: ") {
				t.Errorf("%s: %q has no unit that Grafana knows", name, title)
			}
			if th := p.FieldConfig.Defaults.Thresholds; th == nil || len(th.Steps) == 0 {
				t.Errorf("%s: %q has no thresholds, so that everything from 80 on is red", name, title)
			}
			if p.Datasource == nil || *p.Datasource.Uid != "${datasource}" {
				t.Errorf("%s: %q asks the data source %v", name, title, p.Datasource)
			}
			for _, q := range queriesOf(t, p) {
				if q.Datasource == nil || *q.Datasource.Uid != "${datasource}" {
					t.Errorf("%s: %q asks the data source %v", name, title, q.Datasource)
				}
				if p.Type != "table" && (q.LegendFormat == nil || *q.LegendFormat == "") {
					t.Errorf("%s: %q has series without a name", name, title)
				}
			}
		}
	}
}

// unfiltered are of the whole controller or of Prometheus itself, and have no experiment.
var unfiltered = []string{"assay_scheduler_reachable", "assay_controller_pass_seconds", "assay_controller_passes_total",
	"assay_controller_last_pass_timestamp_seconds", "prometheus_tsdb_head_series", "scrape_series_added"}

// TestFilters: every selector obeys the experiment that the user chose, and no identity is written into an expression.
func TestFilters(t *testing.T) {
	const chosen = "what-the-user-chose"
	all := map[string]string{}
	for _, v := range []string{"experiment", "service", "node", "model", "benchmark", "target", "simulated", "valid"} {
		all[v] = chosen
	}
	for name, d := range read(t) {
		for _, p := range panelsOf(d) {
			for _, q := range queriesOf(t, p) {
				for _, problem := range selectorProblems(t, q.Expr, all, chosen) {
					t.Errorf("%s: %q: %s", name, *p.Title, problem)
				}
			}
		}
	}
}

func selectorProblems(t *testing.T, raw string, all map[string]string, chosen string) []string {
	t.Helper()
	var out []string
	text, err := substitute(raw, all)
	if err != nil {
		return []string{err.Error()}
	}
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return []string{err.Error()}
	}
	for _, matchers := range parser.ExtractSelectors(expr) {
		filtered, metric := false, ""
		for _, m := range matchers {
			if m.Name == "__name__" {
				metric = m.Value
			}
			filtered = filtered || m.Name == "experiment"
			if slices.Contains([]string{"experiment", "service", "node", "model_name", "job_id", "instance", "job"}, m.Name) && m.Value != chosen {
				out = append(out, metric+" is fixed to "+m.String())
			}
		}
		if !filtered && !slices.Contains(unfiltered, metric) {
			out = append(out, metric+" shows every experiment, whatever the user chose")
		}
	}
	return out
}

// metricsOf are the metrics that an expression names.
func metricsOf(t *testing.T, raw string) []string {
	t.Helper()
	text, err := substitute(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, matchers := range parser.ExtractSelectors(expr) {
		for _, m := range matchers {
			if m.Name == "__name__" {
				out = append(out, m.Value)
			}
		}
	}
	return out
}

// TestVariables: the data source first, then choices of several values or all; none has a value built in.
func TestVariables(t *testing.T) {
	for name, d := range read(t) {
		vars := d.Templating.List
		if len(vars) < 3 || vars[0].Name != "datasource" || vars[1].Name != "experiment" {
			t.Errorf("%s: the variables must begin with datasource and experiment", name)
			continue
		}
		if vars[0].Type != "datasource" || vars[0].Query.String == nil || *vars[0].Query.String != "prometheus" {
			t.Errorf("%s: the data source is of type %s %v", name, vars[0].Type, vars[0].Query)
		}
		for i, v := range vars[1:] {
			query := *v.Query.String
			if !*v.Multi || !*v.IncludeAll || *v.AllValue != ".*" || *v.Datasource.Uid != "${datasource}" || len(v.Options) != 0 {
				t.Errorf("%s: variable %s is not several values, or all, of the chosen data source", name, v.Name)
			}
			if i > 0 && !strings.Contains(query, `experiment=~"$experiment"`) {
				t.Errorf("%s: variable %s does not obey the chosen experiment: %s", name, v.Name, query)
			}
		}
	}
}

// TestProblemsAreSeen shows that the checks of expressions can fail.
func TestProblemsAreSeen(t *testing.T) {
	for _, expr := range []string{`up`, `up{experiment="mine"}`, `rate(up{experiment=~"$experiment"})`, `up{experiment=~"$experimnt"}`, `sum(up{experiment=~"$experiment"}`} {
		if len(selectorProblems(t, expr, nil, ".*")) == 0 {
			t.Errorf("%s passes", expr)
		}
	}
	if p := selectorProblems(t, `sum(rate(up{experiment=~"$experiment"}[$__rate_interval]))`, nil, ".*"); len(p) > 0 {
		t.Errorf("a good expression does not pass: %v", p)
	}
}

// TestDecodingIsStrict shows that a misspelt, missing or mistyped field is seen, also deep inside.
func TestDecodingIsStrict(t *testing.T) {
	raw, err := fs.ReadFile(FS, "assay-vllm.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new string }{
		{`"schemaVersion"`, `"schemaVersoin"`}, {`"gridPos"`, `"gridPosition"`}, {`"h": 8`, `"h": "8"`}, {`"legendFormat"`, `"legend"`},
		{`"displayMode"`, `"display"`}, {`"fillOpacity"`, `"opacity"`}, {`"includeAll"`, `"all"`},
	} {
		changed := strings.ReplaceAll(string(raw), c.old, c.new)
		if changed == string(raw) {
			t.Errorf("the dashboard has no %s", c.old)
		}
		if _, err := decode([]byte(changed)); err == nil {
			t.Errorf("%s instead of %s passes", c.new, c.old)
		}
	}
}
