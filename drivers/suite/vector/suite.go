package vector

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
)

// Suite implements drivers.Suite.
type Suite struct{}

// Run measures the Chroma server that req names. Replicas of Chroma do not share their data, so it is the first one
// that is measured. Its error says why no honest result exists: the server cannot be reached or takes no collection,
// or not a single vector could be stored.
func (Suite) Run(ctx context.Context, req drivers.SuiteRequest, dir string, progress func(string)) (drivers.SuiteResult, error) {
	if err := check(req); err != nil {
		return drivers.SuiteResult{}, err
	}
	v := req.Vector
	r := &runner{req: req, spec: v, progress: progress, metrics: map[string]float64{}}
	token, err := drivers.ReadToken(req.TokenFile)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	r.chroma = newChroma(req.Endpoints[0], token, slices.Max(append([]int{1, connectionsAt(v.Rate)}, v.Concurrency...)))
	defer r.chroma.http.CloseIdleConnections()
	if r.chroma.tell, err = newTelemetry(ctx, req.Experiment, req.Benchmark, req.Endpoints[0]); err != nil {
		return drivers.SuiteResult{}, fmt.Errorf("prepare telemetry: %w", err)
	}
	defer r.chroma.tell.close(ctx)
	limits, err := r.chroma.limits(ctx)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	if limits.MaxBatch <= 0 {
		limits.MaxBatch = v.BatchSize
	}
	if err := r.prepare(ctx); err != nil {
		return drivers.SuiteResult{}, err
	}
	if v.Encoding == "base64" && !limits.Base64 {
		return drivers.SuiteResult{}, errors.New("the server does not take base64: remove encoding")
	}
	how := batches{size: min(v.BatchSize, limits.MaxBatch), packed: limits.Base64 && v.Encoding != "json", buckets: len(v.Filters) > 0}
	beside := suite.NewBeside(req, dir)
	if err := beside.Begin(ctx, progress); err != nil {
		return drivers.SuiteResult{}, err
	}
	if err := errors.Join(r.measure(ctx, how), beside.End()); err != nil {
		return drivers.SuiteResult{}, err
	}
	res, err := r.conclude(ctx, dir)
	if err == nil {
		beside.Report(&res)
	}
	return res, err
}

// check refuses a request that the manifest's defaults were not applied to, and one that nothing can answer.
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
	bodies   [][]byte
	truth    *truth

	metrics       map[string]float64
	frontier      []point
	requests      int
	failures      suite.Tally
	faults, notes []drivers.Reason
}

// connectionsAt is how many requests of an open loop may well be under way: what arrives within a second.
func connectionsAt(rate v1alpha1.Rate) int {
	if rate.Inf() {
		return 1
	}
	return int(min(1024, float64(rate)))
}

func (r *runner) fault(reason, format string, args ...any) {
	r.faults = append(r.faults, drivers.Reason{Reason: reason, Message: fmt.Sprintf(format, args...)})
}

// prepare makes everything that needs no server, before anything is timed.
func (r *runner) prepare(ctx context.Context) error {
	v := r.spec
	if err := r.load(); err != nil {
		return err
	}
	var err error
	if r.bodies, err = queryBodies(r.queries, v.TopK, 0); err != nil {
		return fmt.Errorf("encode the queries: %w", err)
	}
	if v.TruthFile != "" {
		r.truth = &truth{data: r.data, queries: r.queries, k: v.TopK, measure: distanceIn(v.Space)}
		rows, err := readIvecs(v.TruthFile, r.queries.rows())
		if err == nil {
			err = givenTruth(r.truth, rows)
		}
		if err != nil {
			return fmt.Errorf("the neighbours of %s: %w", v.TruthFile, err)
		}
		return nil
	}
	r.truth, err = r.findTruth(ctx, 0)
	return err
}

// load makes the vectors and the queries, or reads them.
func (r *runner) load() (err error) {
	v := r.spec
	if v.File == "" {
		r.progress(fmt.Sprintf("making %d vectors of dimension %d", v.Vectors, v.Dimension))
		more := 0
		if !v.Writes.Inf() { // enough for the time that the queries take, and as much again
			more = int(2 * float64(v.Writes) * float64(v.Queries) / float64(v.Rate))
		}
		r.data, r.queries = clustered(r.req.Seed, v.Vectors+more, v.Queries, v.Dimension)
		r.data, r.extra = r.data.split(v.Vectors)
		return nil
	}
	r.progress("reading " + v.File)
	if r.data, err = readVectors(v.File, v.Vectors); err != nil {
		return err
	}
	if r.queries, err = readVectors(v.QueryFile, v.Queries); err != nil {
		return err
	}
	if r.queries.dim != r.data.dim {
		return fmt.Errorf("the vectors of %s have %d numbers, the queries of %s %d", v.File, r.data.dim, v.QueryFile, r.queries.dim)
	}
	if !v.Writes.Inf() { // the last tenth is kept for them
		r.data, r.extra = r.data.split(r.data.rows() - r.data.rows()/10)
		if v.TruthFile != "" {
			return errors.New("with writes a tenth of the vectors is stored late, so truthFile does not fit: remove one")
		}
	}
	if v.TopK > r.data.rows() {
		return fmt.Errorf("the benchmark asks for the %d nearest of %d vectors", v.TopK, r.data.rows())
	}
	return nil
}

func (r *runner) findTruth(ctx context.Context, below int) (*truth, error) {
	t := &truth{data: r.data, queries: r.queries, k: r.spec.TopK, measure: distanceIn(r.spec.Space), below: below}
	n := r.queries.rows()
	step := max(1, n/10)
	return t, findTruth(ctx, t, func(done int) {
		if done%step == 0 {
			r.progress(fmt.Sprintf("found the true neighbours of %d of %d queries", done, n))
		}
	})
}

// measure goes through all phases.
func (r *runner) measure(ctx context.Context, how batches) error {
	err := r.within(ctx, r.spec.EFSearch, func(id string) error {
		if err := r.store(ctx, id, how); err != nil {
			return err
		}
		for _, step := range []func() error{
			func() error { return r.awaitIndex(ctx, id) }, func() error { return r.levels(ctx, id) }, func() error { return r.atRate(ctx, id) },
			func() error { return r.filtered(ctx, id) }, func() error { return r.duringWrites(ctx, id, how) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.sweep(ctx, how)
}

// within works in a collection of the run's own, which is gone afterwards whatever happens.
func (r *runner) within(ctx context.Context, ef int, f func(id string) error) error {
	name := collectionName(r.req.Run)
	r.progress("creating collection " + name)
	id, err := r.chroma.create(ctx, name, r.hnsw(ef))
	if err != nil {
		return err
	}
	defer func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		if derr := r.chroma.delete(late, name); derr != nil {
			r.notes = append(r.notes, drivers.Reason{Reason: "CollectionLeft", Message: derr.Error()})
		}
	}()
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

// collectionName is unique for each attempt of a run, and legal: letters, digits, dots, dashes; no such sign at an end.
func collectionName(run string) string {
	clean := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			return c
		}
		return '-'
	}, run)
	return fmt.Sprintf("assay-%.200s-%08x", clean, rand.Uint32())
}

func (r *runner) store(ctx context.Context, id string, how batches) error {
	in, err := r.chroma.ingest(ctx, id, r.data, how, r.progress)
	if err != nil {
		return err
	}
	r.requests += in.requests
	r.failures.Merge(&in.failures)
	if in.acked == 0 {
		return fmt.Errorf("no vector could be stored: %s", &in.failures)
	}
	r.metrics["ingest_vectors_per_s"] = float64(in.acked) / in.busy.Seconds()
	r.metrics["ingest_s"] = in.busy.Seconds()
	r.metrics["ingest_batch_size"] = float64(how.size)
	return r.counted(ctx, id, "vectors_stored", r.data.rows())
}

// counted asks the server how many vectors it holds.
func (r *runner) counted(ctx context.Context, id, metric string, want int) error {
	stored, err := r.chroma.count(ctx, id)
	if err != nil {
		return err
	}
	r.metrics[metric] = float64(stored)
	if stored != want {
		r.fault("CountMismatch", "the server holds %d vectors, not the %d that were sent", stored, want)
	}
	return nil
}

const (
	minRecall       = 0.5
	maxErrorPercent = 1.0
)

func (r *runner) conclude(ctx context.Context, dir string) (drivers.SuiteResult, error) {
	failed := r.failures.Total()
	rate := 100 * float64(failed) / float64(r.requests)
	r.metrics["errors"], r.metrics["error_rate_percent"] = float64(failed), rate
	r.failures.Report(r.metrics)
	if rate > maxErrorPercent {
		r.fault("ErrorRate", "%d of %d requests failed (%.1f%%, at most %g%% is tolerated): %s",
			failed, r.requests, rate, maxErrorPercent, &r.failures)
	}
	if note, short := suite.TooFewSamples("queries", r.queries.rows()); short {
		r.notes = append(r.notes, note)
	}
	if n := len(r.req.Endpoints); n > 1 {
		r.notes = append(r.notes, drivers.Reason{Reason: "OneReplica", Message: fmt.Sprintf(
			"only the first of %d replicas was measured: replicas of Chroma do not share their data", n)})
	}
	res := drivers.SuiteResult{
		Simulated: r.req.Simulated, Metrics: r.metrics, Valid: len(r.faults) == 0, Reasons: append(r.faults, r.notes...),
		Versions: map[string]string{},
	}
	if v := r.chroma.version(ctx); v != "" {
		res.Versions["chroma_api"] = v
	}
	if len(r.frontier) == 0 {
		return res, nil
	}
	res.Files = []string{frontierFile}
	return res, writeFrontier(dir, r.frontier)
}
