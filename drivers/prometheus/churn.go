package prometheus

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

const (
	// freshSeries bounds how many series one target can begin within freshWithin. A scrape's own limit does not: a target whose
	// names change with every scrape would fill the memory all the same. Three times the largest scrape is a target that was
	// restarted under other labels, twice.
	freshSeries = 300_000
	// freshWithin is how long the database keeps a series in memory at least.
	freshWithin = 2 * time.Hour
)

// churn is a storage that refuses new series of targets that begin too many. Those that are known go on.
type churn struct {
	storage.AppendableV2
	most int
	mu   sync.Mutex
	of   map[string]*begun // by target
}

// begun is how many series a target began since then.
type begun struct {
	since time.Time
	n     int
}

func newChurn(to storage.AppendableV2) *churn {
	return &churn{AppendableV2: to, most: freshSeries, of: map[string]*begun{}}
}

func (c *churn) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &churnAppender{c.AppendableV2.AppenderV2(ctx), c}
}

// begin counts a new series of a target.
func (c *churn) begin(target string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	b := c.of[target]
	if b == nil || now.Sub(b.since) > freshWithin {
		b = &begun{since: now}
		c.of[target] = b
		for id, old := range c.of {
			if now.Sub(old.since) > freshWithin {
				delete(c.of, id)
			}
		}
	}
	if b.n++; b.n > c.most {
		return fmt.Errorf("the target began more than %d series within %s, which is the limit: its names or labels change with every scrape", c.most, freshWithin)
	}
	return nil
}

type churnAppender struct {
	storage.AppenderV2
	c *churn
}

// Append passes on what is of a known series, which has a reference, or of a new one that is allowed. The scraper's own report
// on a target, which has no metric family of the target, always passes.
func (a *churnAppender) Append(ref storage.SeriesRef, ls labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	if ref == 0 && !report[ls.Get(model.MetricNameLabel)] {
		if err := a.c.begin(ls.Get(targetLabel)); err != nil {
			return 0, err
		}
	}
	return a.AppenderV2.Append(ref, ls, st, t, v, h, fh, o)
}

// report are the series in which the scraper says how a scrape went.
var report = map[string]bool{"up": true, "scrape_duration_seconds": true, "scrape_samples_scraped": true,
	"scrape_samples_post_metric_relabeling": true, "scrape_series_added": true}
