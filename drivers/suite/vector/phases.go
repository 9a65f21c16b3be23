package vector

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"assay/drivers/durable"
	"assay/drivers/suite"
	"assay/drivers/suite/selfwatch"
)

const frontierFile = "frontier.json"

// most is the highest declared concurrency.
func (r *runner) most() int { return slices.Max(append([]int{1}, r.spec.Concurrency...)) }

// levels measures with one worker, and with each declared number of workers.
func (r *runner) levels(ctx context.Context, id string) error {
	if _, err := r.closed(ctx, id, "query_sequential", "", 1, r.truth); err != nil {
		return err
	}
	if err := r.repeats(ctx, id); err != nil {
		return err
	}
	for _, n := range slices.Compact(slices.Sorted(slices.Values(r.spec.Concurrency))) {
		prefix := fmt.Sprintf("query_c%d", n)
		if _, err := r.closed(ctx, id, prefix, prefix+"_", n, r.truth); err != nil {
			return err
		}
	}
	return nil
}

// point is an entry of the frontier: the recall and the rate of one efSearch.
type point struct {
	EF     int     `json:"ef"`
	Recall float64 `json:"recall"`
	QPS    float64 `json:"qps"`
}

func (r *runner) connect(ctx context.Context, n int) {
	suite.Preconnect(ctx, r.chroma.http, []string{r.chroma.api + "/heartbeat"}, n)
}

// none says that no row is added during the queries.
func none(asked) int { return 0 }

// sum adds the metrics of a phase. before returns how many rows of extra were stored when a query was sent.
func (r *runner) sum(prefix, recallPrefix string, got phase, t *truth, before func(asked) int) point {
	var latencies, inFlight, recalls, intended, late []float64
	busy := got.inFlight()
	var failures suite.Tally
	succeeded := make([]bool, len(got.answers))
	for i, a := range got.answers {
		found, f := a.rows(t)
		if f != nil {
			failures.Add(f)
			continue
		}
		succeeded[i] = true
		behind := suite.Millis(a.sent - a.due)
		latencies, inFlight = append(latencies, suite.Millis(a.latency)), append(inFlight, busy[i])
		if a.scored != unscored {
			recalls = append(recalls, t.recall(int(a.scored), found, r.extra, before(a)))
		}
		intended, late = append(intended, suite.Millis(a.latency)+behind), append(late, behind)
	}
	r.kept(got.answers, succeeded)
	r.requests += len(got.answers)
	r.failures.Merge(&failures)
	r.selfCheck(prefix, got.seen, suite.Mean(latencies), got.lost)
	if len(latencies) == 0 {
		r.fault(suite.ReasonNothingCompleted, "%s: none of %d queries succeeded", prefix, len(got.answers))
		return point{}
	}
	r.tolerate(prefix, failures.Total(), len(got.answers), &failures)
	r.fewest = min(r.fewest, len(latencies))
	if got.took < shortest {
		r.fault(suite.ReasonShortLevel, "%s lasted %s, which is too short for a figure: raise duration to at least %s", prefix, got.took.Round(time.Microsecond), shortest)
	}
	p := point{Recall: suite.Mean(recalls), QPS: float64(len(latencies)) / got.took.Seconds()}
	r.metrics[prefix+"_qps"], r.metrics[prefix+"_queries"] = p.QPS, float64(len(latencies))
	if len(recalls) == 0 {
		r.missing(fmt.Sprintf("%srecall_at_%d", recallPrefix, r.spec.TopK), "no query with known neighbours was answered")
	} else {
		r.metrics[fmt.Sprintf("%srecall_at_%d", recallPrefix, r.spec.TopK)] = p.Recall
	}
	if how := got.grows(); how != "" {
		r.notes = append(r.notes, suite.OverloadedBy(prefix+": "+how))
	} else {
		r.latencies(prefix, latencies, intended, late, inFlight)
	}
	if len(recalls) > 0 && p.Recall < minRecall {
		r.fault(suite.ReasonLowRecall, "%s: recall@%d is %.3f: the server finds less than half of the neighbours (raise efSearch)",
			prefix, r.spec.TopK, p.Recall)
	}
	return p
}

// latencies adds those of a phase: from the send, and in an open loop from when it was due.
func (r *runner) latencies(prefix string, latencies, intended, late, inFlight []float64) {
	suite.Distribution(r.metrics, prefix, latencies)
	r.without = append(r.without, suite.Intervals(r.metrics, prefix, latencies, inFlight)...)
	if slices.Max(late) > 0 {
		suite.Distribution(r.metrics, prefix+"_intended", intended)
		suite.Distribution(r.metrics, prefix+"_send_lateness", late)
	}
}

// atRate measures an open loop: latency at a load that does not wait for the server.
func (r *runner) atRate(ctx context.Context, id string) error {
	if r.spec.Rate.Inf() {
		return nil
	}
	got, err := r.open(ctx, id, "query_rate")
	if err != nil {
		return err
	}
	r.sum("query_rate", "query_rate_", got, r.truth, none)
	return nil
}

// open measures queries at the declared rate, for the time of a level.
func (r *runner) open(ctx context.Context, id, prefix string) (phase, error) {
	n := max(1, int(float64(r.spec.Rate)*r.spec.LevelTime().Seconds()))
	r.progress(fmt.Sprintf("%s: %d queries at %s a second, after a warm-up", prefix, n, r.spec.Rate))
	r.connect(ctx, connectionsAt(r.spec.Rate))
	r.warmUp(ctx, id, prefix, 1, 0)
	l := r.asker.level(prefix, n, 0)
	moments := suite.Arrivals(suite.Rand(r.req.Seed, prefix), n, float64(r.spec.Rate), 1)
	watch, end := selfwatch.Start(0), r.watch.Start(prefix)
	got, err := r.chroma.askAt(ctx, id, l, moments)
	end()
	got.seen = watch.Stop()
	l.asked(len(got.answers))
	return got, err
}

// filtered measures queries among a share of all vectors.
func (r *runner) filtered(ctx context.Context, id string) error {
	for _, f := range r.filters {
		r.metrics[f.name+"_selected_percent"] = 100 * float64(f.truth.selected()) / float64(r.data.rows())
		if _, err := r.closed(ctx, id, f.name, f.name+"_", r.most(), f.truth); err != nil {
			return err
		}
	}
	return nil
}

// sweep measures recall and rate with each efSearch, each in a collection of its own: Chroma goes on with the old value when
// that of a collection is changed.
func (r *runner) sweep(ctx context.Context, how batches) error {
	for _, ef := range slices.Compact(slices.Sorted(slices.Values(r.spec.EFSweep))) {
		err := r.within(ctx, ef, func(id string) error {
			if _, _, err := r.fill(ctx, id, how); err != nil {
				return err
			}
			if _, _, err := r.awaitIndex(ctx, id); err != nil {
				return err
			}
			prefix := fmt.Sprintf("query_ef%d", ef)
			p, err := r.closed(ctx, id, prefix, prefix+"_", r.most(), r.truth)
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
		err = durable.Writer{}.Replace(filepath.Join(dir, frontierFile), append(b, '\n'), nil)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", frontierFile, err)
	}
	return nil
}
