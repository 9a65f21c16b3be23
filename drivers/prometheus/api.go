package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"assay/drivers/listen"
)

// maxPoints is Prometheus' own bound on the steps of a range query.
const maxPoints = 11000

// Bounds on what a list of series or label values may hold, and on the selectors that ask for it.
const (
	maxListed    = 100_000
	maxSelectors = 64
)

// badRequest marks an error that is the caller's.
type badRequest struct{ error }

// handler is the part of Prometheus' HTTP API that Grafana and the API clients use, and the file of metrics: each asks for its token.
func (e *Embedded) handler(token, scrape string) http.Handler {
	mux := http.NewServeMux()
	for path, h := range map[string]func(*http.Request) (any, error){
		"/api/v1/query":               e.query,
		"/api/v1/query_range":         e.queryRange,
		"/api/v1/series":              e.series,
		"/api/v1/labels":              e.labelNames,
		"/api/v1/label/{name}/values": e.labelValues,
		"/api/v1/targets":             e.targets,
		"/api/v1/status/buildinfo":    func(*http.Request) (any, error) { return map[string]string{"version": "3.0.0-assay-embedded"}, nil },
	} {
		mux.Handle(path, e.inTurn(answer(h)))
	}
	for path, word := range map[string]string{"/-/ready": "ready", "/-/healthy": "healthy"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, "Prometheus embedded in assay is %s.\n", word)
		})
	}
	api := listen.Guard(func() string { return token }, mux)
	textfile := listen.Guard(func() string { return scrape }, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		http.ServeFile(w, r, e.o.Textfile)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // a ServeMux would answer strangers with redirects
		h := api
		if r.URL.Path == "/textfile" {
			h = textfile
		}
		h.ServeHTTP(w, r)
	})
}

// inTurn answers so many questions at a time; the others wait, no longer than one may take.
func (e *Embedded) inTurn(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
		defer cancel()
		select {
		case e.turns <- struct{}{}:
			defer func() { <-e.turns }()
			h.ServeHTTP(w, r)
		case <-ctx.Done():
			http.Error(w, fmt.Sprintf("%d queries are being answered already; ask again", maxQueries), http.StatusServiceUnavailable)
		}
	})
}

// answer wraps a result or an error in the API's envelope.
func answer(h func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		body := map[string]any{"status": "success"}
		data, err := h(r)
		if err == nil {
			body["data"] = data
		} else {
			status, kind := http.StatusUnprocessableEntity, "execution"
			if errors.As(err, new(badRequest)) {
				status, kind = http.StatusBadRequest, "bad_data"
			}
			body = map[string]any{"status": "error", "errorType": kind, "error": err.Error()}
			w.WriteHeader(status)
		}
		_ = json.NewEncoder(w).Encode(body) // the reader hung up: nothing is left to say
	})
}

func (e *Embedded) query(r *http.Request) (any, error) {
	at, err := timeParam(r, "time", time.Now())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	q, err := e.engine.NewInstantQuery(ctx, storage.Queryable(e.db), nil, r.FormValue("query"), at)
	if err != nil {
		return nil, badRequest{err}
	}
	return result(ctx, q)
}

func (e *Embedded) queryRange(r *http.Request) (any, error) {
	start, err1 := timeParam(r, "start", time.Time{})
	end, err2 := timeParam(r, "end", time.Time{})
	step, err3 := stepParam(r)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, badRequest{err}
	}
	if end.Before(start) || step <= 0 || end.Sub(start)/step > maxPoints {
		return nil, badRequest{fmt.Errorf("start, end and step ask for no or more than %d points", maxPoints)}
	}
	ctx, cancel := context.WithTimeout(r.Context(), queryTimeout)
	defer cancel()
	q, err := e.engine.NewRangeQuery(ctx, storage.Queryable(e.db), nil, r.FormValue("query"), start, end, step)
	if err != nil {
		return nil, badRequest{err}
	}
	return result(ctx, q)
}

func result(ctx context.Context, q promql.Query) (any, error) {
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, res.Err
	}
	// Encoded here, because the value's memory goes back to the engine with Close.
	raw, err := json.Marshal(res.Value)
	return map[string]any{"resultType": res.Value.Type(), "result": json.RawMessage(raw)}, err
}

func (e *Embedded) series(r *http.Request) (any, error) {
	sets, err := matchers(r)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		return nil, badRequest{errors.New("no match[] parameter given")}
	}
	start, end, err := window(r)
	if err != nil {
		return nil, err
	}
	q, err := e.db.Querier(start, end)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	out := []map[string]string{}
	for _, set := range sets {
		s := q.Select(r.Context(), true, &storage.SelectHints{Func: "series", Start: start, End: end}, set...)
		for s.Next() {
			if len(out) == maxListed {
				return nil, badRequest{fmt.Errorf("more than %d series: ask for fewer", maxListed)}
			}
			out = append(out, s.At().Labels().Map())
		}
		if s.Err() != nil {
			return nil, s.Err()
		}
	}
	return out, nil
}

func (e *Embedded) labelNames(r *http.Request) (any, error) {
	return e.collect(r, func(q storage.Querier, m []*labels.Matcher) ([]string, error) {
		names, _, err := q.LabelNames(r.Context(), nil, m...)
		return names, err
	})
}

func (e *Embedded) labelValues(r *http.Request) (any, error) {
	return e.collect(r, func(q storage.Querier, m []*labels.Matcher) ([]string, error) {
		values, _, err := q.LabelValues(r.Context(), r.PathValue("name"), nil, m...)
		return values, err
	})
}

// collect merges the answers for every match[] parameter, or for all series when there is none.
func (e *Embedded) collect(r *http.Request, ask func(storage.Querier, []*labels.Matcher) ([]string, error)) (any, error) {
	sets, err := matchers(r)
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	start, end, err := window(r)
	if err != nil {
		return nil, err
	}
	q, err := e.db.Querier(start, end)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	out := []string{}
	for _, set := range sets {
		found, err := ask(q, set)
		if err != nil {
			return nil, err
		}
		if out = append(out, slices.Clone(found)...); len(out) > maxListed {
			return nil, badRequest{fmt.Errorf("more than %d values: ask for fewer", maxListed)}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (e *Embedded) targets(*http.Request) (any, error) {
	type target struct {
		Labels     map[string]string `json:"labels"`
		ScrapePool string            `json:"scrapePool"`
		ScrapeURL  string            `json:"scrapeUrl"`
		LastError  string            `json:"lastError"`
		LastScrape time.Time         `json:"lastScrape"`
		Health     string            `json:"health"`
	}
	active := []target{}
	for name, list := range e.scrape.TargetsActive() {
		for _, t := range list {
			v := target{Labels: t.Labels(labels.NewBuilder(labels.EmptyLabels())).Map(), ScrapePool: name, ScrapeURL: t.URL().String(), LastScrape: t.LastScrape(), Health: string(t.Health())}
			if err := t.LastError(); err != nil {
				v.LastError = err.Error()
			}
			active = append(active, v)
		}
	}
	return map[string]any{"activeTargets": active, "droppedTargets": []target{}}, nil
}

// window is the time range of a request in Unix milliseconds; everything when it names none.
func window(r *http.Request) (start, end int64, err error) {
	from, err1 := timeParam(r, "start", time.UnixMilli(0))
	to, err2 := timeParam(r, "end", time.Now().Add(time.Hour))
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, badRequest{err}
	}
	return from.UnixMilli(), to.UnixMilli(), nil
}

func matchers(r *http.Request) ([][]*labels.Matcher, error) {
	if err := r.ParseForm(); err != nil {
		return nil, badRequest{err}
	}
	if n := len(r.Form["match[]"]); n > maxSelectors {
		return nil, badRequest{fmt.Errorf("%d selectors (match[]) are more than %d", n, maxSelectors)}
	}
	var out [][]*labels.Matcher
	for _, s := range r.Form["match[]"] {
		m, err := parser.NewParser(parser.Options{}).ParseMetricSelector(s)
		if err != nil {
			return nil, badRequest{err}
		}
		out = append(out, m)
	}
	return out, nil
}

// timeParam reads Unix seconds or RFC 3339.
func timeParam(r *http.Request, name string, missing time.Time) (time.Time, error) {
	s := r.FormValue(name)
	if s == "" {
		return missing, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) && math.Abs(f) < 1e12 {
		return time.UnixMilli(int64(f * 1000)), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, badRequest{fmt.Errorf("%s=%q is neither Unix seconds nor RFC 3339", name, s)}
	}
	return t, nil
}

// stepParam reads seconds or a duration such as 15s.
func stepParam(r *http.Request) (time.Duration, error) {
	s := r.FormValue("step")
	if f, err := strconv.ParseFloat(s, 64); err == nil && f > 0 && f < 1e9 {
		return time.Duration(f * float64(time.Second)), nil
	}
	d, err := model.ParseDuration(s)
	return time.Duration(d), err
}
