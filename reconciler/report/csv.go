package report

import (
	"bytes"
	"encoding/csv"
	"maps"
	"slices"
	"strconv"
	"time"

	"assay/reconciler/plain"
)

// CSV has one row for each run: its identity, its point, its metrics. Columns of metrics are headed by their names, so that
// programs find them; the JSON form says what each metric is.
func (r Report) CSV() ([]byte, error) {
	params, metrics := map[string]bool{}, map[string]bool{}
	for _, row := range r.Runs {
		for k := range row.Point {
			params[k] = true
		}
		for k := range row.Metrics {
			metrics[k] = true
		}
	}
	ps, ms := slices.Sorted(maps.Keys(params)), slices.Sorted(maps.Keys(metrics))
	head := []string{"experiment", "benchmark", "repeat", "run", "revision", "phase", "valid", "simulated", "engine", "started"}
	for _, p := range ps {
		head = append(head, "point_"+p)
	}
	rows := [][]string{append(head, ms...)}
	for _, row := range r.Runs {
		line := []string{row.Experiment, row.Benchmark, strconv.Itoa(row.Repeat), row.Run, row.Revision, row.Phase, strconv.FormatBool(row.Valid),
			strconv.FormatBool(row.Simulated), row.Engine(), row.Started.UTC().Format(time.RFC3339)}
		for _, p := range ps {
			line = append(line, row.Point[p])
		}
		for _, m := range ms {
			v, ok := row.Metrics[m]
			if !ok {
				line = append(line, "")
				continue
			}
			line = append(line, strconv.FormatFloat(v, 'g', -1, 64))
		}
		rows = append(rows, line)
	}
	for _, row := range rows {
		for i, c := range row {
			row[i] = plain.Cell(c) // a spreadsheet takes some text for formulas
		}
	}
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(rows)
	return b.Bytes(), err
}
