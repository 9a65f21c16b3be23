package serving

import (
	"bufio"
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

// filePiece is how much of a file is written at once, in bytes.
const filePiece = 256 << 10

func writeCSV(dir string, records []record, id func(int) string) error {
	return durable.Writer{}.Stream(filepath.Join(dir, CSVFile), 0o600, func(f io.Writer) error {
		w := csv.NewWriter(bufio.NewWriterSize(f, filePiece))
		row := []string{"id", "intended_ns", "sent_ns", "first_ns", "last_ns", "tokens", "chunks", "error"}
		for i := -1; i < len(records); i++ {
			if i >= 0 {
				records[i].row(row, id)
			}
			if err := w.Write(row); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	})
}

// row fills in a row of the file.
func (r *record) row(row []string, id func(int) string) {
	n := len(r.answer.Events)
	row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7] = id(r.index), ns(r.due), ns(r.sent), "", "", "", strconv.Itoa(n), ""
	if n > 0 {
		row[3], row[4] = ns(r.answer.Events[0]), ns(r.answer.Events[n-1])
	}
	if r.answer.Usage {
		row[5] = strconv.Itoa(r.answer.Completion)
	}
	if r.failure != nil {
		row[7] = r.failure.Kind
	}
}

func ns(d time.Duration) string { return strconv.FormatInt(d.Nanoseconds(), 10) }
