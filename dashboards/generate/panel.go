package main

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// kind is how a panel draws.
type kind int

const (
	lines  kind = iota // over time
	stack              // over time, the series on top of each other
	heat               // a histogram over time
	number             // the newest values, large
	bars               // the newest values, one bar a series
	rows               // the newest values and their labels, a table
	states             // over time, one band a series, coloured by its state
)

// query is one expression and what its series are called.
type query struct{ expr, legend string }

// panel is one row of a dashboard's table. A panel without queries is a heading.
type panel struct {
	title, about string
	kind         kind
	unit         string
	w, h         uint32            // in a grid of 24 columns; 0 is the usual size
	max          float64           // of the axis, 0: as needed
	alarm        float64           // red from here on, 0: never
	words        map[string]string // what values mean: "0": "red not ready"
	q            []query
	metrics      string // the pattern of the results that it shows, if it does
	err          error  // of that pattern
}

// source is the data source that the user picked.
func source() *common.DataSourceRef {
	kind, uid := "prometheus", "${datasource}"
	return &common.DataSourceRef{Type: &kind, Uid: &uid}
}

// built is a finished panel in the shape that the dashboard's builder takes.
type built struct{ dashboard.Panel }

func (b built) Build() (dashboard.Panel, error) { return b.Panel, nil }

// build makes Grafana's panel; filter stands for {@} in the expressions.
func (p panel) build(id uint32, pos dashboard.GridPos, filter string) (dashboard.Panel, error) {
	if p.err != nil {
		return dashboard.Panel{}, p.err
	}
	out, err := p.draw()
	if err != nil {
		return out, err
	}
	out.Id, out.Title, out.Description = &id, &p.title, &p.about
	out.Datasource, out.GridPos = source(), &pos
	defaults := dashboard.NewFieldConfig()
	if out.FieldConfig == nil {
		out.FieldConfig = dashboard.NewFieldConfigSource()
	} else {
		defaults.Custom = out.FieldConfig.Defaults.Custom
	}
	defaults.Unit = &p.unit
	if p.kind != rows && p.kind != states { // an axis that does not start at zero exaggerates
		zero := 0.0
		defaults.Min = &zero
	}
	if p.max > 0 {
		defaults.Max = &p.max
	}
	defaults.Mappings = p.mappings()
	defaults.Thresholds = p.thresholds()
	out.FieldConfig.Defaults = *defaults
	for i, q := range p.q {
		t, err := p.target(q, string(rune('A'+i)), filter)
		if err != nil {
			return out, err
		}
		out.Targets = append(out.Targets, t)
	}
	return out, nil
}

// draw makes a panel of the right kind, with nothing else in it.
func (p panel) draw() (dashboard.Panel, error) {
	legend := common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeTable).Placement(common.LegendPlacementBottom).
		ShowLegend(true).Calcs([]string{"mean", "max", "lastNotNull"})
	tooltip := common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending)
	newest := common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})
	switch p.kind {
	case heat:
		axis := heatmap.NewYAxisConfigBuilder().Unit(p.unit)
		colour := heatmap.NewHeatmapColorOptionsBuilder().Mode(heatmap.HeatmapColorModeScheme).Scheme("Oranges").Steps(64)
		return heatmap.NewPanelBuilder().Calculate(false).YAxis(axis).Color(colour).Build()
	case number:
		return stat.NewPanelBuilder().ReduceOptions(newest).GraphMode(common.BigValueGraphModeArea).TextMode(common.BigValueTextModeValueAndName).Build()
	case bars:
		return bargauge.NewPanelBuilder().ReduceOptions(newest).Orientation(common.VizOrientationHorizontal).DisplayMode(common.BarGaugeDisplayModeBasic).Build()
	case rows:
		hide := map[string]any{"excludeByName": map[string]bool{"Time": true, "__name__": true, "instance": true, "job": true, "assay_target": true}}
		return table.NewPanelBuilder().Filterable(true).Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{})).WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: hide}).Build()
	case states:
		return statetimeline.NewPanelBuilder().ShowValue(common.VisibilityModeAuto).Tooltip(tooltip).Build()
	}
	b := timeseries.NewPanelBuilder().Legend(legend).Tooltip(tooltip).ShowPoints(common.VisibilityModeAuto).FillOpacity(8)
	if p.kind == stack {
		b.FillOpacity(40).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
	}
	return b.Build()
}

func (p panel) target(q query, ref, filter string) (variants.Dataquery, error) {
	b := prometheus.NewDataqueryBuilder().RefId(ref).Datasource(*source()).Expr(strings.ReplaceAll(q.expr, "@", filter)).LegendFormat(q.legend)
	switch p.kind {
	case heat:
		b.Format(prometheus.PromQueryFormatHeatmap).Range()
	case rows:
		b.Format(prometheus.PromQueryFormatTable).Instant()
	case bars:
		b.Format(prometheus.PromQueryFormatTimeSeries).Instant()
	default:
		b.Format(prometheus.PromQueryFormatTimeSeries).Range()
	}
	return b.Build()
}

// thresholds are always given: Grafana's own would paint everything from 80 on red.
func (p panel) thresholds() *dashboard.ThresholdsConfig {
	t := dashboard.NewThresholdsConfig()
	t.Mode, t.Steps = dashboard.ThresholdsModeAbsolute, []dashboard.Threshold{{Color: "green"}}
	if p.alarm > 0 {
		t.Steps = append(t.Steps, dashboard.Threshold{Color: "red", Value: &p.alarm})
	}
	return t
}

// mappings turns "red not ready" into a colour and a text.
func (p panel) mappings() []dashboard.ValueMapping {
	if len(p.words) == 0 {
		return nil
	}
	m := dashboard.NewValueMap()
	m.Options = map[string]dashboard.ValueMappingResult{}
	for value, word := range p.words {
		colour, text, _ := strings.Cut(word, " ")
		m.Options[value] = dashboard.ValueMappingResult{Text: &text, Color: &colour}
	}
	return []dashboard.ValueMapping{{ValueMap: m}}
}
