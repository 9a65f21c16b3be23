package vector

import "testing"

// FuzzIDs: an answer to a query is a failure, or no more rows than it has bytes.
func FuzzIDs(f *testing.F) {
	for _, s := range []string{`{"ids":[["0","17","3"]],"distances":null}`, `{"ids":[["a"]]}`, `{"ids":[[],[]]}`, `{"ids":[["99999999999999999999"]]}`, `{"ids":[null]}`, `[]`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		rows, failure := idsOf(answer)
		if failure != nil && (rows != nil || len(failure.Message) > 10*len(answer)+200) || len(rows) > len(answer) {
			t.Errorf("%q: %d rows, %v", answer, len(rows), failure)
		}
	})
}
