package report

import (
	"bytes"
	"encoding/csv"
	"maps"
	"slices"
	"strconv"

	"assay/reconciler/plain"
	"assay/reconciler/results"
)

// CSV has one row for each run: its identity, what it ran on, its point, its metrics. Columns says what the first ones are; the JSON
// form says what each metric is.
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
	var head []string
	for _, c := range Columns() {
		head = append(head, c.Name)
	}
	for _, p := range ps {
		head = append(head, "point_"+p)
	}
	rows := [][]string{append(head, ms...)}
	for _, row := range r.Runs {
		rows = append(rows, csvRow(row, ps, ms))
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

func csvRow(row results.Row, params, metrics []string) (line []string) {
	for _, c := range Columns() {
		line = append(line, c.of(row))
	}
	for _, p := range params {
		line = append(line, row.Point[p])
	}
	for _, m := range metrics {
		v, ok := row.Metrics[m]
		if !ok {
			line = append(line, "")
			continue
		}
		line = append(line, strconv.FormatFloat(v, 'g', -1, 64))
	}
	return line
}
