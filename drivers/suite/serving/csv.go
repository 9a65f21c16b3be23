package serving

import (
	"encoding/csv"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"assay/drivers/durable"
)

// CSVFile has one row a request, for checking the client against a server's own record by X-Request-Id. Times are
// nanoseconds of CLOCK_MONOTONIC on the client's host; empty when it did not happen.
const CSVFile = "samples.csv"

func writeCSV(dir string, records []record, id func(int) string) error {
	rows := [][]string{{"id", "intended_ns", "sent_ns", "first_ns", "last_ns", "tokens", "chunks", "error"}}
	for i := range records {
		r := &records[i]
		row := []string{id(r.index), ns(r.due), ns(r.sent), "", "", "", strconv.Itoa(len(r.answer.Events)), ""}
		if n := len(r.answer.Events); n > 0 {
			row[3], row[4] = ns(r.answer.Events[0]), ns(r.answer.Events[n-1])
		}
		if r.answer.Usage {
			row[5] = strconv.Itoa(r.answer.Completion)
		}
		if r.failure != nil {
			row[7] = r.failure.Kind
		}
		rows = append(rows, row)
	}
	return durable.Writer{}.Stream(filepath.Join(dir, CSVFile), 0o600, func(f io.Writer) error { return csv.NewWriter(f).WriteAll(rows) })
}

func ns(d time.Duration) string { return strconv.FormatInt(d.Nanoseconds(), 10) }
