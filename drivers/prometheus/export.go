package prometheus

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"assay/drivers/durable"
)

// Export writes all samples of an experiment that the database holds, as gzipped OpenMetrics text. The file appears
// whole or not at all. `promtool tsdb create-blocks-from openmetrics` makes a database of it again.
func (e *Embedded) Export(ctx context.Context, experiment, path string) error {
	err := durable.Writer{}.Stream(path, 0o600, func(f io.Writer) error {
		z := gzip.NewWriter(f)
		w := bufio.NewWriter(z)
		return errors.Join(e.write(ctx, experiment, w), w.Flush(), z.Close())
	})
	if err != nil {
		return fmt.Errorf("exporting the metrics of %s: %w", experiment, err)
	}
	return nil
}

func (e *Embedded) write(ctx context.Context, experiment string, w *bufio.Writer) error {
	q, err := e.db.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return err
	}
	defer q.Close()
	match := labels.MustNewMatcher(labels.MatchEqual, "experiment", experiment)
	set := q.Select(ctx, true, nil, match)
	var it chunkenc.Iterator
	for set.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := set.At()
		name := seriesText(s.Labels())
		it = s.Iterator(it)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			if kind != chunkenc.ValFloat {
				continue // what we scrape has no native histograms
			}
			t, v := it.At()
			_, _ = w.WriteString(name)
			_, _ = w.WriteString(number(v))
			_ = w.WriteByte(' ')
			_, _ = w.WriteString(strconv.FormatFloat(float64(t)/float64(time.Second/time.Millisecond), 'f', 3, 64))
			_ = w.WriteByte('\n') // bufio keeps the first error for Flush
		}
		if err := it.Err(); err != nil {
			return err
		}
	}
	_, _ = w.WriteString("# EOF\n")
	return set.Err()
}

// seriesText is name{label="value",…} and a space. A name that is not of letters, digits and underscores, such as
// OpenTelemetry's with their dots, is quoted: {"name","label"="value",…}.
func seriesText(l labels.Labels) string {
	var out []byte
	sep := byte('{')
	if name := l.Get(model.MetricNameLabel); model.LegacyValidation.IsValidMetricName(name) {
		out = append(out, name...)
	} else {
		out = quoted(append(out, sep), name)
		sep = ','
	}
	l.Range(func(one labels.Label) {
		if one.Name == model.MetricNameLabel {
			return
		}
		out = append(out, sep)
		if model.LegacyValidation.IsValidLabelName(one.Name) {
			out = append(out, one.Name...)
		} else {
			out = quoted(out, one.Name)
		}
		out = quoted(append(out, '='), one.Value)
		sep = ','
	})
	if sep == ',' {
		out = append(out, '}')
	}
	return string(append(out, ' '))
}

// quoted appends s in quotes.
func quoted(out []byte, s string) []byte {
	out = append(out, '"')
	for _, c := range []byte(s) {
		switch c {
		case '\\', '"':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}

func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
