package prometheus

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// FuzzExport: a series is exported as a line that Prometheus' own parser reads as the same series and value.
func FuzzExport(f *testing.F) {
	f.Add("vllm:num_requests_running", "model_name", "org/tiny", 2.0)
	f.Add("up", "service", "a\\b\"c\nd", -0.5)
	f.Add("http.server.duration", "http.route", "/v1", 1e300)
	f.Add(`a"b{c}`, "ä\\", "}\x00", 0.0)
	f.Fuzz(func(t *testing.T, name, label, value string, v float64) {
		if !utf8.ValidString(name+"/"+label+"/"+value) || name == "" || label == "" || value == "" || label == model.MetricNameLabel {
			t.Skip("Prometheus takes in no such series")
		}
		if strings.ContainsRune(name+label, 0) {
			t.Skip("its parser reads no name with a NUL, so that none is scraped")
		}
		want := labels.FromStrings(model.MetricNameLabel, name, label, value)
		text := seriesText(want) + number(v) + " 1.000\n# EOF\n"
		p, err := textparse.New([]byte(text), "application/openmetrics-text; version=1.0.0", labels.NewSymbolTable(), textparse.ParserOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if kind, err := p.Next(); err != nil || kind != textparse.EntrySeries {
			t.Fatalf("%q: %v %v", text, kind, err)
		}
		var got labels.Labels
		p.Labels(&got)
		_, at, read := p.Series()
		if !labels.Equal(got, want) || at == nil || *at != 1000 || read != v && (read == read || v == v) {
			t.Errorf("%q is %s %v", text, got, read)
		}
		if strings.Count(text, "\n") != 2 {
			t.Errorf("%q has more than one line", text)
		}
	})
}
