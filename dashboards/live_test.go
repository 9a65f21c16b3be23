package dashboards

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"assay/drivers/prometheus"
)

// sample is one series of an answer.
type sample struct {
	Metric map[string]string  `json:"metric"`
	Value  [2]json.RawMessage `json:"value"`
}

func (s sample) number() (float64, error) {
	var text string
	if err := json.Unmarshal(s.Value[1], &text); err != nil {
		return 0, err
	}
	return strconv.ParseFloat(text, 64)
}

// server asks a Prometheus as Grafana does, about one moment: what the machine does meanwhile changes no answer.
type server struct {
	url string
	at  time.Time
}

const token = "2TOKEN7"

func (s server) get(path string, params url.Values, out any) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path+"?"+params.Encode(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var body struct {
		Error string
		Data  json.RawMessage
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		return err
	}
	if body.Error != "" {
		return fmt.Errorf("%s", body.Error)
	}
	return json.Unmarshal(body.Data, out)
}

// data is what an expression returns now: it must be something, and no NaN.
func (s server) data(expr string) ([]sample, error) {
	var answer struct{ Result []sample }
	if err := s.get("/api/v1/query", url.Values{"query": {expr}, "time": {s.at.Format(time.RFC3339Nano)}}, &answer); err != nil {
		return nil, err
	}
	if len(answer.Result) == 0 {
		return nil, fmt.Errorf("no data")
	}
	for _, r := range answer.Result {
		if v, err := r.number(); err != nil || math.IsNaN(v) {
			return nil, fmt.Errorf("NaN or no number (%v) for %v", err, r.Metric)
		}
	}
	return answer.Result, nil
}

// scraped starts the embedded Prometheus on the exporters, and waits for a moment at which all but the dead one answer
// and were scraped often enough for rates.
func scraped(t *testing.T) server {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := prometheus.Start(prometheus.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Interval: time.Second, Retain: time.Hour, Token: file,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	targets := exporters(t)
	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()
	if err := e.SetTargets(ctx, targets); err != nil {
		t.Fatal(err)
	}
	enough := fmt.Sprintf(`count(up == 1 and sum_over_time(up[4s]) >= 3) == %d and on () sum(rate(vllm:request_success_total{service="v1"}[4s])) > 0`, len(targets)-1)
	for {
		s := server{e.URL(), time.Now()}
		if _, err := s.data(enough); err == nil {
			return s
		}
		select {
		case <-ctx.Done():
			seen, err := s.data("sum_over_time(up[1m])")
			t.Fatalf("not every exporter was scraped 3 times within 4 s in 45 s: %v %v", seen, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// TestLive asks a Prometheus every expression of every panel, and every variable.
func TestLive(t *testing.T) {
	s := scraped(t)
	t.Run("expressions", func(t *testing.T) { liveExpressions(t, s) })
	t.Run("variables", func(t *testing.T) { liveVariables(t, s) })
	t.Run("names", func(t *testing.T) { liveNames(t, s) })
	t.Run("values", func(t *testing.T) { liveValues(t, s) })
	t.Run("relations", func(t *testing.T) { liveRelations(t, s) })
	t.Run("nothing and NaN are failures", func(t *testing.T) {
		for _, expr := range []string{"no_such_metric", "vector(0) / 0", "up ++"} {
			if _, err := s.data(expr); err == nil {
				t.Errorf("%s passes", expr)
			}
		}
	})
}

// liveExpressions: vLLM's are asked of each engine alone, so that one cannot hide what the other lacks.
func liveExpressions(t *testing.T, s server) {
	for name, d := range read(t) {
		choices := []map[string]string{nil}
		if name == "assay-vllm" {
			choices = append(choices, map[string]string{"service": "v0"}, map[string]string{"service": "v1"})
		}
		for _, p := range panelsOf(d) {
			for _, q := range queriesOf(t, p) {
				for _, choice := range choices {
					expr, err := substitute(q.Expr, choice)
					if err != nil {
						t.Fatalf("%s: %q: %v", name, *p.Title, err)
					}
					got, err := s.data(expr)
					if err != nil {
						t.Errorf("%s: %q: %v\n  %s", name, *p.Title, err, expr)
					}
					inRange(t, name+": "+*p.Title, got, p.FieldConfig.Defaults.Max)
				}
			}
		}
	}
}

// liveNames: every metric that an expression names was scraped from somewhere, so that no branch of an "or" is dead.
func liveNames(t *testing.T, s server) {
	asked := map[string]bool{}
	for name, d := range read(t) {
		for _, p := range panelsOf(d) {
			for _, q := range queriesOf(t, p) {
				for _, metric := range metricsOf(t, q.Expr) {
					if asked[metric] {
						continue
					}
					asked[metric] = true
					if _, err := s.data("count(" + metric + ")"); err != nil {
						t.Errorf("%s: %q names %s, which nothing exposes: %v", name, *p.Title, metric, err)
					}
				}
			}
		}
	}
	if len(asked) < 80 {
		t.Errorf("only %d metrics are named: the walk is broken", len(asked))
	}
}

// inRange: a panel whose axis ends somewhere has no value beyond, nor below zero.
func inRange(t *testing.T, where string, got []sample, most *float64) {
	if most == nil {
		return
	}
	for _, r := range got {
		if v, _ := r.number(); v < 0 || v > *most*1.1 { // a counter is read a moment after its scrape began
			t.Errorf("%s: %v of %v is beyond the axis", where, v, r.Metric)
		}
	}
}

var labelValues = regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)

func liveVariables(t *testing.T, s server) {
	for name, d := range read(t) {
		for _, v := range d.Templating.List[1:] {
			query, err := substitute(*v.Query.String, nil)
			if err != nil {
				t.Fatal(err)
			}
			parts := labelValues.FindStringSubmatch(query)
			if parts == nil {
				t.Errorf("%s: variable %s: %s is no label_values(selector, label)", name, v.Name, query)
				continue
			}
			var values []string
			if err := s.get("/api/v1/label/"+parts[2]+"/values", url.Values{"match[]": {parts[1]}}, &values); err != nil || len(values) == 0 {
				t.Errorf("%s: variable %s has no values: %v\n  %s", name, v.Name, err, query)
			}
		}
	}
}
