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
	r.chroma = newChroma(req.Endpoints[0], token, slices.Max(append([]int{1}, v.Concurrency...)))
	defer r.chroma.http.CloseIdleConnections()
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
	if err := r.measure(ctx, min(v.BatchSize, limits.MaxBatch), limits.Base64); err != nil {
		return drivers.SuiteResult{}, err
	}
	return r.conclude(ctx), nil
}

// check refuses a request that the manifest's defaults were not applied to, and one that nothing can answer.
func check(req drivers.SuiteRequest) error {
	v := req.Vector
	switch {
	case v == nil:
		return fmt.Errorf("the request of benchmark %q has no vector part", req.Benchmark)
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
	bodies   [][]byte
	truth    *truth

	metrics       map[string]float64
	requests      int
	failures      suite.Tally
	faults, notes []drivers.Reason
}

func (r *runner) fault(reason, format string, args ...any) {
	r.faults = append(r.faults, drivers.Reason{Reason: reason, Message: fmt.Sprintf(format, args...)})
}

// prepare makes everything that needs no server, before anything is timed.
func (r *runner) prepare(ctx context.Context) error {
	v := r.spec
	r.progress(fmt.Sprintf("making %d vectors of dimension %d", v.Vectors, v.Dimension))
	var queries matrix
	r.data, queries = clustered(r.req.Seed, v.Vectors, v.Queries, v.Dimension)
	var err error
	if r.bodies, err = queryBodies(queries, v.TopK); err != nil {
		return fmt.Errorf("encode the queries: %w", err)
	}
	step := max(1, v.Queries/10)
	r.truth, err = findTruth(ctx, r.data, queries, v.TopK, distanceIn(v.Space), func(n int) {
		if n%step == 0 {
			r.progress(fmt.Sprintf("found the true neighbours of %d of %d queries", n, v.Queries))
		}
	})
	return err
}

// measure works in a collection of the run's own, which is gone afterwards whatever happens.
func (r *runner) measure(ctx context.Context, batch int, packed bool) (err error) {
	name := collectionName(r.req.Run)
	r.progress("creating collection " + name)
	id, err := r.chroma.create(ctx, name, r.hnsw())
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
	if err := r.store(ctx, id, batch, packed); err != nil {
		return err
	}
	if err := r.phase(ctx, id, "query_sequential", "", 1); err != nil {
		return err
	}
	for _, n := range slices.Compact(slices.Sorted(slices.Values(r.spec.Concurrency))) {
		prefix := fmt.Sprintf("query_c%d", n)
		if err := r.phase(ctx, id, prefix, prefix+"_", n); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) hnsw() map[string]any {
	v := r.spec
	h := map[string]any{"space": "l2"}
	if v.Space != "" {
		h["space"] = v.Space
	}
	for name, n := range map[string]int{"ef_search": v.EFSearch, "ef_construction": v.EFConstruct, "max_neighbors": v.MaxNeighb} {
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

func (r *runner) store(ctx context.Context, id string, batch int, packed bool) error {
	in, err := r.chroma.ingest(ctx, id, r.data, batch, packed, r.progress)
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
	r.metrics["ingest_batch_size"] = float64(batch)
	stored, err := r.chroma.count(ctx, id)
	if err != nil {
		return err
	}
	r.metrics["vectors_stored"] = float64(stored)
	if stored != r.spec.Vectors {
		r.fault("CountMismatch", "the server holds %d vectors, not the %d that were sent", stored, r.spec.Vectors)
	}
	return nil
}

// phase sends all queries by that many workers and adds their metrics: rate, latencies, recall.
func (r *runner) phase(ctx context.Context, id, prefix, recallPrefix string, workers int) error {
	r.progress(fmt.Sprintf("%s: %d queries", prefix, len(r.bodies)))
	suite.Preconnect(ctx, r.chroma.http, []string{r.chroma.api + "/heartbeat"}, min(workers, len(r.bodies)))
	answers, took, err := r.chroma.ask(ctx, id, r.bodies, workers)
	if err != nil {
		return err
	}
	var latencies, recalls []float64
	for q, a := range answers {
		r.requests++
		if a.failure != nil {
			r.failures.Add(a.failure)
			continue
		}
		found, err := idsOf(a.answer)
		if f, bad := errors.AsType[*suite.Failure](err); bad {
			r.failures.Add(f)
			continue
		}
		latencies, recalls = append(latencies, suite.Millis(a.latency)), append(recalls, r.truth.recall(q, found))
	}
	if len(latencies) == 0 {
		r.fault("NothingCompleted", "%s: none of %d queries succeeded", prefix, len(answers))
		return nil
	}
	recall := suite.Mean(recalls)
	r.metrics[prefix+"_qps"] = float64(len(latencies)) / took.Seconds()
	r.metrics[fmt.Sprintf("%srecall_at_%d", recallPrefix, r.spec.TopK)] = recall
	suite.Distribution(r.metrics, prefix, latencies)
	if recall < minRecall {
		r.fault("LowRecall", "%s: recall@%d is %.3f: the server finds less than half of the neighbours (raise efSearch)",
			prefix, r.spec.TopK, recall)
	}
	return nil
}

const (
	minRecall       = 0.5
	maxErrorPercent = 1.0
)

func (r *runner) conclude(ctx context.Context) drivers.SuiteResult {
	failed := r.failures.Total()
	rate := 100 * float64(failed) / float64(r.requests)
	r.metrics["errors"], r.metrics["error_rate_percent"] = float64(failed), rate
	r.failures.Report(r.metrics)
	if rate > maxErrorPercent {
		r.fault("ErrorRate", "%d of %d requests failed (%.1f%%, at most %g%% is tolerated): %s",
			failed, r.requests, rate, maxErrorPercent, &r.failures)
	}
	if note, short := suite.TooFewSamples("queries", r.spec.Queries); short {
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
	return res
}
