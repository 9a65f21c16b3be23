package dashboards

//lint:file-ignore SA1019 Grafana 12 provisions files of the classic model; the one that replaces it needs a newer server.

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func init() {
	r := cog.NewRuntime()
	r.RegisterDataqueryVariant(prometheus.VariantConfig())
	r.RegisterPanelcfgVariant(bargauge.VariantConfig())
	r.RegisterPanelcfgVariant(heatmap.VariantConfig())
	r.RegisterPanelcfgVariant(stat.VariantConfig())
	r.RegisterPanelcfgVariant(statetimeline.VariantConfig())
	r.RegisterPanelcfgVariant(table.VariantConfig())
	r.RegisterPanelcfgVariant(timeseries.VariantConfig())
}

// read decodes every dashboard strictly: an unknown, missing or mistyped field is an error.
func read(t *testing.T) map[string]dashboard.Dashboard {
	t.Helper()
	out := map[string]dashboard.Dashboard{}
	for _, name := range Names() {
		raw, err := fs.ReadFile(FS, name+".json")
		if err != nil {
			t.Fatal(err)
		}
		d, err := decode(raw)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = d
	}
	return out
}

// decode is strict, and then decodes again: the strict decoder of this release drops the queries, and returns an error
// without content where all is well.
func decode(raw []byte) (dashboard.Dashboard, error) {
	var problems cog.BuildErrors
	err := dashboard.NewDashboard().UnmarshalJSONStrict(raw)
	if err != nil && (!errors.As(err, &problems) || len(problems) > 0) {
		return dashboard.Dashboard{}, err
	}
	var d dashboard.Dashboard
	err = json.Unmarshal(raw, &d)
	return d, err
}

// panelsOf are those that show something: headings aside.
func panelsOf(d dashboard.Dashboard) []dashboard.Panel {
	var out []dashboard.Panel
	for _, p := range d.Panels {
		if p.Panel != nil {
			out = append(out, *p.Panel)
		}
	}
	return out
}

func queriesOf(t *testing.T, p dashboard.Panel) []prometheus.Dataquery {
	t.Helper()
	var out []prometheus.Dataquery
	for _, target := range p.Targets {
		switch q := target.(type) {
		case prometheus.Dataquery:
			out = append(out, q)
		case *prometheus.Dataquery:
			out = append(out, *q)
		default:
			t.Fatalf("panel %q has a query of type %T", *p.Title, target)
		}
	}
	return out
}

// usual are the values that a person who chose nothing has. A rate's window must be full of scrapes: rate divides by all
// of it.
var usual = map[string]string{"experiment": ".*", "service": ".*", "node": ".*", "model": ".*", "benchmark": ".*", "target": ".*",
	"simulated": ".*", "valid": ".*", "metric": ".*", "__rate_interval": "4s", "__interval": "1s", "__range": "4s"}

var placeholder = regexp.MustCompile(`\$\{?(\w+)\}?`)

// substitute puts in the variables' values, some other than the usual ones.
func substitute(expr string, other map[string]string) (string, error) {
	var unknown []string
	out := placeholder.ReplaceAllStringFunc(expr, func(m string) string {
		name := strings.Trim(m, "${}")
		if v, ok := other[name]; ok {
			return v
		}
		if v, ok := usual[name]; ok {
			return v
		}
		unknown = append(unknown, m)
		return m
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("%s uses %v, which is no variable", expr, unknown)
	}
	return out, nil
}

// TestPanels prints what there is, for a person: go test -v -run TestPanels.
func TestPanels(t *testing.T) {
	for name, d := range read(t) {
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s: %s\n", name, *d.Title)
		for _, p := range d.Panels {
			if p.RowPanel != nil {
				fmt.Fprintf(&b, "  %s\n", *p.RowPanel.Title)
				continue
			}
			fmt.Fprintf(&b, "    %-34s %-14s %d queries: %s\n", *p.Panel.Title, p.Panel.Type, len(p.Panel.Targets), *p.Panel.Description)
		}
		t.Log(b.String())
		if len(panelsOf(d)) < 5 {
			t.Errorf("%s has only %d panels", name, len(panelsOf(d)))
		}
	}
}
