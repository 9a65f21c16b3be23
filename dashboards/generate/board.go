package main

//lint:file-ignore SA1019 Grafana 12 provisions files of the classic model; the one that replaces it needs a newer server.

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// board is one dashboard.
type board struct {
	uid, title, about string
	from              string // how far back it looks at first
	filter            string // stands for {@} in expressions
	vars              []variable
	panels            []panel
}

// variable is one choice at the top of a dashboard: several values, or all.
type variable struct{ name, label, query string }

// columns of Grafana's grid.
const columns = 24

func (b board) build() (dashboard.Dashboard, error) {
	d := dashboard.NewDashboardBuilder(b.title).Uid(b.uid).Description(b.about).Tags([]string{"assay"}).
		Time("now-"+b.from, "now").Refresh("10s").Timezone(common.TimeZoneBrowser).Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Editable().Annotations(nil).
		Link(dashboard.NewDashboardLinkBuilder("assay").Type(dashboard.DashboardLinkTypeDashboards).Icon("external link").Tooltip("The other dashboards, with the same choices").Tags([]string{"assay"}).AsDropdown(true).IncludeVars(true).KeepTime(true)).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Prometheus").Type("prometheus"))
	for _, v := range b.vars {
		d.WithVariable(v.builder())
	}
	var x, y, tallest uint32
	for i, p := range b.panels {
		id := uint32(i + 1)
		if len(p.q) == 0 {
			x, y, tallest = 0, y+tallest, 0
			d.WithRow(dashboard.NewRowBuilder(p.title).Id(id).GridPos(dashboard.GridPos{X: 0, Y: y, W: columns, H: 1}))
			y++
			continue
		}
		w, h := p.size()
		if x+w > columns {
			x, y, tallest = 0, y+tallest, 0
		}
		out, err := p.build(id, dashboard.GridPos{X: x, Y: y, W: w, H: h}, b.filter)
		if err != nil {
			return dashboard.Dashboard{}, fmt.Errorf("panel %q: %w", p.title, err)
		}
		d.WithPanel(built{out})
		x, tallest = x+w, max(tallest, h)
	}
	out, err := d.Build()
	for i := range out.Links {
		out.Links[i].Placement = nil // in sight, not in a menu
	}
	return out, err
}

// size is the panel's own, or a third of the width.
func (p panel) size() (w, h uint32) {
	w, h = p.w, p.h
	if w == 0 {
		w = 8
	}
	if h == 0 {
		h = 8
	}
	return w, h
}

func (v variable) builder() *dashboard.QueryVariableBuilder {
	all := func(s string) dashboard.StringOrArrayOfString {
		return dashboard.StringOrArrayOfString{ArrayOfString: []string{s}}
	}
	// All is .*: it also matches series that lack the label, as those of another exporter.
	return dashboard.NewQueryVariableBuilder(v.name).Label(v.label).Datasource(*source()).
		Query(dashboard.StringOrMap{String: &v.query}).Definition(v.query).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc).
		Multi(true).IncludeAll(true).AllValue(".*").Current(dashboard.VariableOption{Text: all("All"), Value: all("$__all")})
}

// chain is one variable for each label, filled from a metric, or from several, within the choices before it.
func chain(metric string, names ...string) []variable {
	labels := map[string]string{"experiment": "Experiment", "service": "Service", "node": "Node", "model_name": "Model", "target": "Target",
		"benchmark": "Benchmark", "simulated": "Simulated", "valid": "Valid", "metric": "Metric"}
	var out []variable
	filter := ""
	if strings.Contains(metric, "|") {
		metric, filter = "", fmt.Sprintf(`__name__=~"%s"`, metric)
	}
	for _, n := range names {
		v := variable{name: n, label: labels[n], query: fmt.Sprintf("label_values(%s{%s}, %s)", metric, filter, n)}
		if n == "model_name" {
			v.name = "model"
		}
		if filter != "" {
			filter += ","
		}
		filter += fmt.Sprintf(`%s=~"$%s"`, n, v.name)
		out = append(out, v)
	}
	return out
}

// matchers is the filter of a chain of variables.
func matchers(vars []variable) string {
	out := ""
	for i, v := range vars {
		label := v.name
		if label == "model" {
			label = "model_name"
		}
		if i > 0 {
			out += ","
		}
		out += fmt.Sprintf(`%s=~"$%s"`, label, v.name)
	}
	return out
}
