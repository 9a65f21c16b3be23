package suite

import (
	"fmt"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite/series"
)

// Intervals is IntervalsOf lists: of values in the order in which their requests were sent, and of how many were in flight when
// each was sent, itself among them.
func Intervals(metrics map[string]float64, name string, ms []float64, inFlight []float64) (without Without) {
	if len(ms) == 0 {
		return nil
	}
	return intervals(metrics, name, series.New(ms, inFlight, Tails...))
}

// SeriesOf is a series of these values, that are to be added to it in the order in which their requests were sent.
func SeriesOf(ms *Values) *series.Series {
	return series.Of(series.Sequence{N: ms.Len(), Rank: ms.Rank, Limit: ms.Limit}, Tails...)
}

// IntervalsOf adds the 95 % intervals of the mean, the median and the tails that Distribution has reported, as
// name_p99_ms_lo and _hi. A statistic for which package series finds none has neither; they are returned with why.
func IntervalsOf(metrics map[string]float64, name string, ms *series.Series) (without Without) {
	if ms.N == 0 {
		return nil
	}
	return intervals(metrics, name, ms)
}

func intervals(metrics map[string]float64, name string, values *series.Series) (without Without) {
	add := func(statistic string, i series.Interval, err error) {
		metric := fmt.Sprintf("%s_%s_ms", name, statistic)
		if err != nil {
			without = append(without, missing{metric, err})
			return
		}
		metrics[metric+"_lo"], metrics[metric+"_hi"] = i.Lo, i.Hi
	}
	i, err := values.Percentile(50)
	add("median", i, err)
	for _, p := range Tails {
		if values.N >= v1alpha1.SamplesFor(p) {
			i, err := values.Percentile(p)
			add(fmt.Sprintf("p%g", p), i, err)
		}
	}
	i, err = values.Mean()
	add("mean", i, err)
	return without
}

// missing is a metric without an interval, and why it has none.
type missing struct {
	metric string
	why    error
}

// Without are metrics that have no interval.
type Without []missing

// Note is the note that names them; false when there are none.
func (w Without) Note() (drivers.Reason, bool) {
	if len(w) == 0 {
		return drivers.Reason{}, false
	}
	var names []string
	for _, m := range w {
		names = append(names, m.metric)
	}
	return NewReason(ReasonNoInterval, "no 95 %% interval for %s; the first because of %v", strings.Join(names, ", "), w[0].why), true
}
