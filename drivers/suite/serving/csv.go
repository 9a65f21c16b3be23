package serving

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// CSVFile has one row a request, for checking the client against a server's own record by X-Request-Id. Times are
// nanoseconds of CLOCK_MONOTONIC on the client's host; empty when it did not happen.
const CSVFile = "samples.csv"

const csvHead = "id,intended_ns,sent_ns,first_ns,last_ns,tokens,chunks,error\n"

// csvRow makes rows. prefix is what the ids of all requests begin with, as a field.
type csvRow struct{ prefix []byte }

// append adds the row of a request.
func (c *csvRow) append(b []byte, r *record) []byte {
	quoted := bytes.HasSuffix(c.prefix, []byte(`"`))
	b = append(b, bytes.TrimSuffix(c.prefix, []byte(`"`))...)
	if b = strconv.AppendInt(b, int64(r.index), 10); quoted {
		b = append(b, '"')
	}
	n := len(r.answer.Events)
	number := func(v int64, has bool) {
		if b = append(b, ','); has {
			b = strconv.AppendInt(b, v, 10)
		}
	}
	var first, last time.Duration
	if n > 0 {
		first, last = r.answer.Events[0], r.answer.Events[n-1]
	}
	number(int64(r.due), true)
	number(int64(r.sent), true)
	number(int64(first), n > 0)
	number(int64(last), n > 0)
	number(int64(r.answer.Completion), r.answer.Usage)
	number(int64(n), true)
	if b = append(b, ','); r.failure != nil {
		b = appendField(b, r.failure.Kind)
	}
	return append(b, '\n')
}

// appendField adds a field as encoding/csv writes it.
func appendField(b []byte, field string) []byte {
	if !strings.ContainsAny(field, ",\"\r\n") && !strings.HasPrefix(field, " ") {
		return append(b, field...)
	}
	return append(append(append(b, '"'), strings.ReplaceAll(field, `"`, `""`)...), '"')
}
