package vector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"assay/api/v1alpha1"
)

// prepare makes everything that needs no server, before this run, or one that is measured at the same time, is timed. Only
// the batches of the ingest are encoded one at a time, between requests, and the queries of a level before it: all of them would
// take as much memory again, and how many a level needs its warm-up says.
func (r *runner) prepare(ctx context.Context, how batches) (err error) {
	if err := r.load(); err != nil {
		return err
	}
	if r.sent, err = r.inputs(); err != nil {
		return err
	}
	r.asker = &asker{seed: r.req.Seed, topK: r.spec.TopK, known: r.queries, centres: r.centres}
	if err := r.neighbours(ctx); err != nil {
		return err
	}
	if err := r.prepareFilters(ctx); err != nil || r.spec.Writes.Inf() {
		return err
	}
	how.firstRow = r.data.rows()
	r.writes, err = prepareWrites(r.extra, how, float64(r.spec.Writes))
	return err
}

func (r *runner) neighbours(ctx context.Context) (err error) {
	v := r.spec
	if v.TruthFile != "" {
		rows, err := readTruth(v.TruthFile, r.queries.rows())
		if err != nil {
			return err
		}
		r.truth = &truth{data: r.data, queries: r.queries, k: v.TopK, measure: distanceIn(v.Space)}
		if err := givenTruth(ctx, r.truth, rows); err != nil {
			return fmt.Errorf("checking the neighbours in %s: %w", v.TruthFile, err)
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
		r.data, r.queries = clustered(r.req.Seed, v.Vectors+v.Later(), v.Queries, v.Dimension)
		r.centres = centresOf(r.req.Seed, v.Vectors+v.Later(), v.Dimension)
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

// filter is a phase with queries among a share of the vectors.
type filter struct {
	name  string // of the phase
	truth *truth
}

// prepareFilters rounds the shares to buckets.
func (r *runner) prepareFilters(ctx context.Context) error {
	var limits []int
	for _, share := range r.spec.Filters {
		limits = append(limits, max(1, int(share*bucketCount+0.5)))
	}
	for _, below := range slices.Compact(slices.Sorted(slices.Values(limits))) {
		f := filter{name: "query_filter_" + strconv.FormatFloat(100*float64(below)/bucketCount, 'f', -1, 64) + "pct"}
		var err error
		if f.truth, err = r.findTruth(ctx, below); err != nil {
			return err
		}
		r.filters = append(r.filters, f)
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

// connectionsAt is how many connections an open loop opens beforehand: one for each request that arrives within a second.
func connectionsAt(rate v1alpha1.Rate) int {
	if rate.Inf() {
		return 1
	}
	return int(min(1024, float64(rate)))
}
