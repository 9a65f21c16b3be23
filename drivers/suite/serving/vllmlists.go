package serving

import (
	"encoding/json"
	"io"
	"strconv"
)

// vllmList is a field of vLLM's result that holds one entry for each request, failed ones included. entry appends that of a record to b.
type vllmList struct {
	scratch
	name  string
	entry func(b []byte, r *record) ([]byte, error)
	n     int
}

// add appends the entry of a record.
func (c *vllmList) add(r *record) (err error) {
	if c.n++; c.n > 1 {
		c.buf = append(c.buf, ',')
	}
	if c.buf, err = c.entry(c.buf, r); len(c.buf) >= filePiece {
		c.spill()
	}
	return err
}

// WriteTo writes the whole field, with a comma before it.
func (c *vllmList) WriteTo(w io.Writer) (n int64, err error) {
	if _, err = io.WriteString(w, `,"`+c.name+`":[`); err != nil {
		return 0, err
	}
	if n, err = c.scratch.WriteTo(w); err != nil {
		return n, err
	}
	_, err = io.WriteString(w, "]")
	return n, err
}

func vllmLists(d *dataset, dir string) (out []vllmList) {
	add := func(name string, entry func(b []byte, r *record) ([]byte, error)) {
		out = append(out, vllmList{scratch: scratch{dir: dir}, name: name, entry: entry})
	}
	add("input_lens", func(b []byte, r *record) ([]byte, error) { return strconv.AppendInt(b, int64(r.in), 10), nil })
	add("output_lens", func(b []byte, r *record) ([]byte, error) { return strconv.AppendInt(b, int64(r.out), 10), nil })
	add("ttfts", func(b []byte, r *record) ([]byte, error) {
		if r.failure != nil {
			return append(b, '0'), nil
		}
		return appendSeconds(b, r.answer.Events[0]-r.sent), nil
	})
	add("itls", func(b []byte, r *record) ([]byte, error) {
		b = append(b, '[')
		if r.failure == nil {
			for i := 1; i < len(r.answer.Events); i++ {
				if i > 1 {
					b = append(b, ',')
				}
				b = appendSeconds(b, r.answer.Events[i]-r.answer.Events[i-1])
			}
		}
		return append(b, ']'), nil
	})
	add("errors", func(b []byte, r *record) ([]byte, error) {
		if r.failure == nil {
			return append(b, `""`...), nil
		}
		return appendText(b, r.failure.Message), nil
	})
	add("start_times", func(b []byte, r *record) ([]byte, error) { return appendSeconds(b, r.sent), nil })
	// the constraint is null for a free request; correctness is assay's full check, not vLLM's partial one
	add("outputs", func(b []byte, r *record) ([]byte, error) {
		b = append(append(append(b, `{"generated":`...), r.quoted...), `,"expected":`...)
		if r.structured && !d.free { // it would make every request again
			expected, err := json.Marshal(d.expected(r.index))
			if err != nil {
				return b, err
			}
			b = append(b, expected...)
		} else {
			b = append(b, "null"...)
		}
		b = strconv.AppendBool(append(b, `,"correctness":`...), r.verdict == compliant)
		return append(b, '}'), nil
	})
	add("generated_texts", func(b []byte, r *record) ([]byte, error) { return append(b, r.quoted...), nil })
	return out
}
