package vector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"assay/drivers"
	"assay/drivers/suite"
)

const (
	frontierFile = "frontier.json"
	indexWithin  = 10 * time.Minute
)

// awaitIndex waits until the server says that everything is indexed and gives the same answer twice.
func (r *runner) awaitIndex(ctx context.Context, id string) error {
	r.progress("waiting for the index")
	ctx, cancel := context.WithTimeoutCause(ctx, indexWithin, fmt.Errorf("the index was not ready within %s", indexWithin))
	defer cancel()
	began := time.Now()
	last := ""
	for {
		answer, f := r.chroma.raw(ctx, shortTimeout, "POST", queryPath(id), r.bodies[0])
		if (f != nil || string(answer) == last) && r.chroma.indexed(ctx, id) >= 1 { // a failing query shows soon enough
			r.metrics["index_ready_s"] = time.Since(began).Seconds()
			return nil
		}
		last = string(answer)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// most is the highest level of concurrency.
func (r *runner) most() int { return slices.Max(append([]int{1}, r.spec.Concurrency...)) }

// levels measures one after the other, and with each number of workers.
func (r *runner) levels(ctx context.Context, id string) error {
	_, err := r.closed(ctx, id, "query_sequential", "", 1, r.bodies, r.truth)
	if err != nil {
		return err
	}
	for _, n := range slices.Compact(slices.Sorted(slices.Values(r.spec.Concurrency))) {
		prefix := fmt.Sprintf("query_c%d", n)
		if _, err := r.closed(ctx, id, prefix, prefix+"_", n, r.bodies, r.truth); err != nil {
			return err
		}
	}
	return nil
}

// point is an entry of the frontier: what recall costs.
type point struct {
	EF     int     `json:"ef"`
	Recall float64 `json:"recall"`
	QPS    float64 `json:"qps"`
}

// closed sends all queries by that many workers and adds their metrics: rate, latencies, recall, cost.
func (r *runner) closed(ctx context.Context, id, prefix, recallPrefix string, workers int, bodies [][]byte, t *truth) (point, error) {
	r.progress(fmt.Sprintf("%s: %d queries", prefix, len(bodies)))
	r.connect(ctx, min(workers, len(bodies)))
	before := suite.Look()
	answers, took, err := r.chroma.ask(ctx, id, bodies, workers)
	if err != nil {
		return point{}, err
	}
	r.cost(prefix, before)
	return r.sum(prefix, recallPrefix, answers, took, t, func(int) int { return 0 }), nil
}

func (r *runner) connect(ctx context.Context, n int) {
	suite.Preconnect(ctx, r.chroma.http, []string{r.chroma.api + "/heartbeat"}, n)
}

// cost adds the CPU that the client has used since before, in percent of one core.
func (r *runner) cost(prefix string, before suite.Moment) {
	after := suite.Look()
	if wall := after.At.Sub(before.At); wall > 0 && after.Own > before.Own {
		r.metrics[prefix+"_client_cpu_percent"] = 100 * float64(after.Own-before.Own) / float64(wall)
	}
}

// sum adds the metrics of a phase. Before says how many rows of extra were stored when an answer's query was sent.
func (r *runner) sum(prefix, recallPrefix string, answers []asked, took time.Duration, t *truth, before func(i int) int) point {
	var latencies, recalls, intended, late []float64
	for i, a := range answers {
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
		behind := suite.Millis(a.sent - a.due)
		latencies, recalls = append(latencies, suite.Millis(a.latency)), append(recalls, t.recall(i%t.queries.rows(), found, r.extra, before(i)))
		intended, late = append(intended, suite.Millis(a.latency)+behind), append(late, behind)
	}
	if len(latencies) == 0 {
		r.fault("NothingCompleted", "%s: none of %d queries succeeded", prefix, len(answers))
		return point{}
	}
	recall := suite.Mean(recalls)
	p := point{Recall: recall, QPS: float64(len(latencies)) / took.Seconds()}
	r.metrics[prefix+"_qps"] = p.QPS
	r.metrics[fmt.Sprintf("%srecall_at_%d", recallPrefix, r.spec.TopK)] = recall
	suite.Distribution(r.metrics, prefix, latencies)
	if slices.Max(late) > 0 {
		suite.Distribution(r.metrics, prefix+"_intended", intended)
		suite.Distribution(r.metrics, prefix+"_send_lateness", late)
	}
	if recall < minRecall {
		r.fault("LowRecall", "%s: recall@%d is %.3f: the server finds less than half of the neighbours (raise efSearch)",
			prefix, r.spec.TopK, recall)
	}
	return p
}

// atRate measures an open loop: latency at a load that does not wait for the server.
func (r *runner) atRate(ctx context.Context, id string) error {
	if r.spec.Rate.Inf() {
		return nil
	}
	answers, took, err := r.open(ctx, id, "query_rate")
	if err != nil {
		return err
	}
	r.sum("query_rate", "query_rate_", answers, took, r.truth, func(int) int { return 0 })
	return nil
}

func (r *runner) open(ctx context.Context, id, prefix string) ([]asked, time.Duration, error) {
	r.progress(fmt.Sprintf("%s: %d queries at %s a second", prefix, len(r.bodies), r.spec.Rate))
	r.connect(ctx, connectionsAt(r.spec.Rate))
	moments := suite.Arrivals(suite.Rand(r.req.Seed, prefix), len(r.bodies), float64(r.spec.Rate), 1)
	before := suite.Look()
	answers, took, err := r.chroma.askAt(ctx, id, r.bodies, moments)
	r.cost(prefix, before)
	return answers, took, err
}

// filtered measures queries among a share of all vectors.
func (r *runner) filtered(ctx context.Context, id string) error {
	for _, share := range r.spec.Filters {
		below := max(1, int(share*bucketCount+0.5))
		t, err := r.findTruth(ctx, below)
		if err != nil {
			return err
		}
		bodies, err := queryBodies(r.queries, r.spec.TopK, below)
		if err != nil {
			return err
		}
		prefix := "query_filter_" + strconv.FormatFloat(100*share, 'f', -1, 64) + "pct"
		if _, err := r.closed(ctx, id, prefix, prefix+"_", r.most(), bodies, t); err != nil {
			return err
		}
	}
	return nil
}

// sweep measures what recall costs, by efSearch: each in a collection of its own, since Chroma goes on with the old value
// when that of a collection is changed.
func (r *runner) sweep(ctx context.Context, how batches) error {
	for _, ef := range slices.Compact(slices.Sorted(slices.Values(r.spec.EFSweep))) {
		err := r.within(ctx, ef, func(id string) error {
			in, err := r.chroma.ingest(ctx, id, r.data, how, r.progress)
			if err != nil {
				return err
			}
			r.requests += in.requests
			r.failures.Merge(&in.failures)
			if err := r.awaitIndex(ctx, id); err != nil {
				return err
			}
			prefix := fmt.Sprintf("query_ef%d", ef)
			p, err := r.closed(ctx, id, prefix, prefix+"_", r.most(), r.bodies, r.truth)
			if p.EF = ef; p.QPS > 0 {
				r.frontier = append(r.frontier, p)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func writeFrontier(dir string, points []point) error {
	b, err := json.MarshalIndent(points, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, frontierFile), append(b, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", frontierFile, err)
	}
	return nil
}

// duringWrites measures an open loop of queries while vectors are added. What was acknowledged before a query was sent
// has to be found by it.
func (r *runner) duringWrites(ctx context.Context, id string, how batches) error {
	if r.spec.Writes.Inf() {
		return nil
	}
	rate := float64(r.spec.Writes)
	how.firstRow, how.size = r.data.rows(), max(1, min(how.size, int(rate/10)))
	writing, stop := context.WithCancel(ctx)
	defer stop()
	var in ingested
	var log []written
	var wg sync.WaitGroup
	began := time.Now()
	wg.Go(func() { log = r.chroma.write(writing, id, r.extra, how, rate, &in) })
	answers, took, err := r.open(ctx, id, "query_writing")
	stop()
	wg.Wait()
	if err != nil {
		return err
	}
	r.requests += in.requests
	r.failures.Merge(&in.failures)
	offset := time.Since(began) - took // the queries began that much later, at most
	r.sum("query_writing", "query_writing_", answers, took, r.truth, func(i int) int {
		return stored(log, answers[i].sent)
	})
	r.metrics["writes_per_s"] = float64(in.acked) / (took + offset).Seconds()
	if got := r.metrics["writes_per_s"]; got < 0.9*rate {
		r.notes = append(r.notes, drivers.Reason{Reason: "SlowWrites", Message: fmt.Sprintf("%.0f vectors a second were added, not the %.0f that were asked for", got, rate)})
	}
	return r.counted(ctx, id, "vectors_stored_at_the_end", r.data.rows()+in.acked)
}

// stored is how many rows had been acknowledged at a moment. The writer's clock begins before the queries', so that its
// moments are never too early.
func stored(log []written, at time.Duration) (rows int) {
	for _, w := range log {
		if w.at <= at {
			rows = w.rows
		}
	}
	return rows
}
