package export

import (
	"cmp"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"assay/reconciler/results"
)

// rowGroup bounds the rows that are held in memory.
const rowGroup = 64 << 10

func writeParquet(f *folder, s Set) error {
	err := f.stream("runs.parquet", func(w io.Writer) error { return parquetRuns(w, s) })
	if err != nil {
		return err
	}
	return f.stream("samples.parquet", func(w io.Writer) error { return parquetSamples(w, s) })
}

// column is one of runs.parquet: how it is written, and its value in a run; nil: null.
type column struct {
	node  parquet.Node
	value func(results.Row) any
}

// columns are those of all runs together.
func columns(s Set) map[string]column {
	text := func(get func(results.Row) string) column {
		return column{parquet.Encoded(parquet.String(), &parquet.RLEDictionary), func(r results.Row) any { return get(r) }}
	}
	at := func(get func(results.Row) time.Time) column {
		return column{parquet.Timestamp(parquet.Microsecond), func(r results.Row) any {
			if t := get(r); !t.IsZero() {
				return t.UnixMicro()
			}
			return nil
		}}
	}
	flag := func(get func(results.Row) bool) column {
		return column{parquet.Leaf(parquet.BooleanType), func(r results.Row) any { return get(r) }}
	}
	number := func(get func(results.Row) int64) column {
		return column{parquet.Int(64), func(r results.Row) any { return get(r) }}
	}
	out := map[string]column{
		"experiment": text(func(r results.Row) string { return cmp.Or(r.Experiment, s.Experiment) }), "benchmark": text(func(r results.Row) string { return r.Benchmark }),
		"run": text(func(r results.Row) string { return r.Run }), "revision": text(func(r results.Row) string { return r.Revision }),
		"commit": text(func(r results.Row) string { return r.Commit }), "phase": text(func(r results.Row) string { return r.Phase }),
		"job_id": text(func(r results.Row) string { return r.JobID }), "nodes": text(func(r results.Row) string { return strings.Join(r.Nodes, ",") }),
		"deployment": text(func(r results.Row) string { return r.Deployment }), "point": text(results.Row.PointName), "reasons": text(reasons),
		"repeat": number(func(r results.Row) int64 { return int64(r.Repeat) }), "seed": number(func(r results.Row) int64 { return r.Seed }),
		"valid": flag(func(r results.Row) bool { return r.Valid }), "simulated": flag(func(r results.Row) bool { return r.Simulated }),
		"started": at(func(r results.Row) time.Time { return r.Started }), "ended": at(func(r results.Row) time.Time { return r.Ended }),
	}
	for _, r := range s.Rows {
		for name := range r.Metrics {
			key := name
			if _, taken := out[name]; taken {
				key = "metric." + name
			}
			out[key] = column{parquet.Leaf(parquet.DoubleType), func(r results.Row) any { return present(r.Metrics, name) }}
		}
		for name := range r.Point {
			out["point."+name] = column{parquet.String(), func(r results.Row) any { return present(r.Point, name) }}
		}
		for name := range r.Versions {
			out["version."+name] = column{parquet.String(), func(r results.Row) any { return present(r.Versions, name) }}
		}
	}
	return out
}

func present[V any](m map[string]V, name string) any {
	if v, ok := m[name]; ok {
		return v
	}
	return nil
}

// reasons are why a run is not valid, and what a reader has to know, in words.
func reasons(r results.Row) string {
	var out []string
	for _, why := range r.Reasons {
		out = append(out, why.Reason)
	}
	return strings.Join(out, ",")
}

func parquetRuns(to io.Writer, s Set) error {
	all := columns(s)
	root := parquet.Group{}
	for name, c := range all {
		root[name] = parquet.Optional(c.node)
	}
	schema := parquet.NewSchema("runs", root)
	w := parquet.NewWriter(to, schema, parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(rowGroup))
	for _, r := range s.Rows {
		var row parquet.Row
		for i, path := range schema.Columns() { // sorted by name
			v, defined := all[path[0]].value(r), 1
			if v == nil {
				defined = 0
			}
			row = append(row, parquet.ValueOf(v).Level(0, defined, i))
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

// request is a row of samples.parquet.
type request struct {
	Run        string   `parquet:"run,dict"`
	Index      int64    `parquet:"index"`
	SentAt     int64    `parquet:"sent,timestamp(microsecond)"`
	Due        float64  `parquet:"due_ms"`
	Sent       float64  `parquet:"sent_ms"`
	Late       float64  `parquet:"late_ms"`
	TTFT       *float64 `parquet:"ttft_ms,optional"`
	E2EL       *float64 `parquet:"e2el_ms,optional"`
	In         *int64   `parquet:"input_tokens,optional"`
	Out        *int64   `parquet:"output_tokens,optional"`
	Chunks     *int64   `parquet:"chunks,optional"`
	Structured bool     `parquet:"structured"`
	Verdict    *string  `parquet:"verdict,optional,dict"`
	Outcome    string   `parquet:"outcome,dict"`
}

func parquetSamples(to io.Writer, s Set) error {
	w := parquet.NewGenericWriter[request](to, parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(rowGroup))
	batch := make([]request, 0, 1024)
	flush := func() error {
		_, err := w.Write(batch)
		batch = batch[:0]
		return err
	}
	for _, r := range s.Rows {
		err := eachSample(r, func(q sample) error {
			batch = append(batch, request{r.Run, q.Index, q.Wall / 1000, q.Due, q.Sent, q.Late, q.TTFT, q.E2EL, q.In, q.Out, q.Chunks, q.Structured, q.Verdict, q.Outcome})
			if len(batch) == cap(batch) {
				return flush()
			}
			return nil
		})
		if err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return errors.Join(flush(), w.Close())
}
