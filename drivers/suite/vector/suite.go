package vector

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/selfwatch"
)

// Suite implements drivers.Suite.
type Suite struct{}

// Run measures the Chroma server that req names. Replicas of Chroma do not share their data, so the first one is
// measured. It returns an error when there is no honest result: the server cannot be reached or accepts no collection,
// or not a single vector could be stored.
func (Suite) Run(ctx context.Context, req drivers.SuiteRequest, dir string, progress func(string)) (drivers.SuiteResult, error) {
	if err := check(req); err != nil {
		return drivers.SuiteResult{}, err
	}
	v := req.Vector
	r := &runner{req: req, spec: v, progress: progress, metrics: map[string]float64{}, absent: map[string]string{}, fewest: math.MaxInt, watch: suite.NewStopwatch()}
	token, err := drivers.ReadToken(req.TokenFile)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	r.chroma = newChroma(req.Endpoints[0], token, slices.Max(append([]int{1, connectionsAt(v.Rate)}, v.Concurrency...)), v.TopK)
	r.chroma.database = databaseOf(v.Tenant, v.Database)
	defer r.chroma.http.CloseIdleConnections()
	limits, err := r.chroma.limits(ctx)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	if limits.MaxBatch <= 0 {
		limits.MaxBatch = v.BatchSize
	}
	if v.Encoding == "base64" && !limits.Base64 {
		return drivers.SuiteResult{}, errors.New("the server does not take base64: remove encoding")
	}
	how := batches{size: min(v.BatchSize, limits.MaxBatch), packed: limits.Base64 && v.Encoding != "json", buckets: len(v.Filters) > 0}
	if err := r.prepare(ctx, how); err != nil {
		return drivers.SuiteResult{}, err
	}
	overlap := suite.NewOverlap(req, dir)
	if err := overlap.Begin(ctx, progress); err != nil {
		return drivers.SuiteResult{}, err
	}
	if err := errors.Join(r.measureAndExport(ctx, how), overlap.End()); err != nil {
		return drivers.SuiteResult{}, err
	}
	res, err := r.conclude(ctx, dir)
	if err == nil {
		overlap.Report(&res)
	}
	return res, err
}

// measureAndExport measures, and exports every request to the collector where there is one.
func (r *runner) measureAndExport(ctx context.Context, how batches) (err error) {
	if r.chroma.telemetry, err = newTelemetry(ctx, r.req); err != nil {
		r.chroma.telemetry = nil
		r.note(suite.ReasonNoTelemetry, "nothing is exported to the collector: %v", err)
	}
	err = r.measure(ctx, how)
	if lost := r.chroma.telemetry.close(ctx); lost != nil {
		r.note(suite.ReasonTelemetryLost, "%v", lost)
	}
	return err
}

// check refuses a request without the manifest's defaults, and one that no server can answer.
func check(req drivers.SuiteRequest) error {
	v := req.Vector
	switch {
	case v == nil:
		return fmt.Errorf("the request of benchmark %q has no vector part", req.Benchmark)
	case v.File != "" && v.TopK > 0 && v.BatchSize > 0: // the rest is in the files
	case v.Vectors < 1 || v.Dimension < 1 || v.Queries < 1 || v.TopK < 1 || v.BatchSize < 1:
		return fmt.Errorf("benchmark %q needs vectors, dimension, queries, topK and batchSize above 0, but has %d, %d, %d, %d and %d",
			req.Benchmark, v.Vectors, v.Dimension, v.Queries, v.TopK, v.BatchSize)
	case v.TopK > v.Vectors:
		return fmt.Errorf("benchmark %q asks for the %d nearest of %d vectors: lower topK or raise vectors", req.Benchmark, v.TopK, v.Vectors)
	}
	return nil
}

// runner is the state of one run.
type runner struct {
	req      drivers.SuiteRequest
	spec     *v1alpha1.Vector
	progress func(string)
	chroma   *chroma
	data     matrix
	queries  matrix
	extra    matrix // rows to add during queries
	centres  matrix // of generated vectors
	asker    *asker
	truth    *truth
	filters  []filter
	writes   *writes
	watch    *suite.Stopwatch

	server        server
	diskBefore    int64 // bytes
	metrics       map[string]float64
	absent        map[string]string // metric -> why it is not there
	fewest        int               // answers that a phase had
	frontier      []point
	objective     *drivers.Objective // of a search
	sent          *drivers.Inputs
	requests      int
	failures      suite.Tally
	faults, notes []drivers.Reason
	without       suite.Without // metrics that have no interval
}

func (r *runner) missing(metric, why string) { r.absent[metric] = why }

func (r *runner) note(reason, format string, args ...any) {
	r.notes = append(r.notes, suite.NewReason(reason, format, args...))
}

func (r *runner) fault(reason, format string, args ...any) {
	r.faults = append(r.faults, suite.NewReason(reason, format, args...))
}

// measure goes through all phases.
func (r *runner) measure(ctx context.Context, how batches) error {
	r.locate(ctx)
	err := r.within(ctx, r.spec.EFSearch, func(id string) error {
		if err := r.store(ctx, id, how); err != nil {
			return err
		}
		steps := []func(context.Context, string) error{r.indexReady, r.levels, r.atRate, r.filtered, r.duringWrites}
		if len(r.req.Objective) > 0 {
			steps = []func(context.Context, string) error{r.indexReady, r.searched}
		}
		for _, step := range steps {
			if err := step(ctx, id); err != nil {
				return err
			}
		}
		r.weigh(ctx)
		return nil
	})
	if err != nil {
		return err
	}
	return r.sweep(ctx, how)
}

// within calls f with a collection of the run's own, and deletes it afterwards in any case. A collection whose creation
// failed is deleted too: it exists when only the answer was lost.
func (r *runner) within(ctx context.Context, ef int, f func(id string) error) (err error) {
	name := collectionName(r.req.Run)
	r.progress("creating collection " + name)
	id, err := r.chroma.create(ctx, name, r.hnsw(ef))
	created := err == nil
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		switch left := r.chroma.delete(late, name); {
		case left == nil || !created:
		case err != nil:
			err = fmt.Errorf("%w; then %w", err, left)
		default:
			r.note(suite.ReasonCollectionLeft, "%v", left)
		}
	}()
	if err != nil {
		return err
	}
	return f(id)
}

func (r *runner) hnsw(ef int) map[string]any {
	v := r.spec
	h := map[string]any{"space": "l2"}
	if v.Space != "" {
		h["space"] = v.Space
	}
	for name, n := range map[string]int{"ef_search": ef, "ef_construction": v.EFConstruct, "max_neighbors": v.MaxNeighb} {
		if n > 0 {
			h[name] = n
		}
	}
	return h
}

// collectionName is unique for each attempt of a run, and legal to Chroma: letters, digits and dashes, no dash at an end.
func collectionName(run string) string {
	clean := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			return c
		}
		return '-'
	}, run)
	return fmt.Sprintf("assay-%.200s-%08x", clean, rand.Uint32())
}

// store fills the collection that most phases use, and reports the ingest.
func (r *runner) store(ctx context.Context, id string, how batches) error {
	watch, end := selfwatch.Start(0), r.watch.Start("ingest")
	in, stored, err := r.fill(ctx, id, how)
	end()
	seen := watch.Stop()
	if err != nil {
		return err
	}
	r.selfCheck("ingest", seen, suite.Millis(in.busy)/float64(max(1, in.requests)), 0)
	r.metrics["ingest_vectors_per_s"] = float64(in.acked) / in.busy.Seconds()
	r.metrics["ingest_s"] = in.busy.Seconds()
	r.metrics["ingest_batch_size"] = float64(how.size)
	r.metrics["vectors_stored"] = float64(stored)
	return nil
}

// fill stores all vectors and returns how many the server holds then.
func (r *runner) fill(ctx context.Context, id string, how batches) (in ingested, stored int, err error) {
	if in, err = r.chroma.ingest(ctx, id, r.data, how, r.progress); err != nil {
		return in, 0, err
	}
	r.requests += in.requests
	r.failures.Merge(&in.failures)
	if in.acked == 0 {
		return in, 0, fmt.Errorf("no vector could be stored: %s", &in.failures)
	}
	stored, err = r.counted(ctx, id, r.data.rows())
	return in, stored, err
}

// counted asks the server how many vectors it holds.
func (r *runner) counted(ctx context.Context, id string, want int) (int, error) {
	stored, err := r.chroma.count(ctx, id)
	if err == nil && stored != want {
		r.fault(suite.ReasonCountMismatch, "the server holds %d vectors, not the %d that were sent", stored, want)
	}
	return stored, err
}

const (
	minRecall       = 0.5
	maxErrorPercent = 1.0
)

// tolerate records a fault for a phase in which too many requests failed. The phases are judged one by one, because a bad
// one could hide among all requests of a run.
func (r *runner) tolerate(what string, failed, of int, why *suite.Tally) {
	if rate := 100 * float64(failed) / float64(of); rate > maxErrorPercent {
		r.fault(suite.ReasonErrorRate, "%s: %d of %d requests failed (%.1f%%, at most %g%% is tolerated): %s", what, failed, of, rate, maxErrorPercent, why)
	}
}

func (r *runner) conclude(ctx context.Context, dir string) (drivers.SuiteResult, error) {
	failed := r.failures.Total()
	if err := r.failures.Unanswered(r.requests-failed, r.req.Endpoints[:1]); err != nil {
		return drivers.SuiteResult{}, err
	}
	rate := 100 * float64(failed) / float64(r.requests)
	r.metrics["errors"], r.metrics["error_rate_percent"] = float64(failed), rate
	r.failures.Report(r.metrics)
	r.faults = append(r.faults, r.failures.Oversized()...)
	if !slices.ContainsFunc(r.faults, func(f drivers.Reason) bool { return f.Reason == suite.ReasonErrorRate }) {
		r.tolerate("all", failed, r.requests, &r.failures)
	}
	if note, short := suite.TooFewSamples("queries of a level", min(r.fewest, r.requests)); short {
		r.notes = append(r.notes, note)
	}
	r.noteQueries()
	if note, ok := r.without.Note(); ok {
		r.notes = append(r.notes, note)
	}
	if n := len(r.req.Endpoints); n > 1 {
		r.note(suite.ReasonOneReplica, "only the first of %d replicas was measured: replicas of Chroma do not share their data", n)
	}
	res := drivers.SuiteResult{
		Simulated: r.req.Simulated, Metrics: r.metrics, Absent: r.absent, Valid: len(r.faults) == 0, Reasons: append(r.faults, r.notes...),
		Versions: map[string]string{}, Window: r.watch.Window(), Inputs: r.sent,
	}
	if v := r.chroma.version(ctx); v != "" {
		res.Versions["chroma_api"] = v
	}
	r.name(&res)
	r.judge(&res)
	if len(r.frontier) == 0 {
		return res, nil
	}
	res.Files = []string{frontierFile}
	return res, writeFrontier(dir, r.frontier)
}
