package serving

import (
	"encoding/csv"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// TestCSV checks the client's moments against the server's own: every request arrived after it was sent and before its
// first token.
func TestCSV(t *testing.T) {
	f := &flawed{knows: structuredOutputs, misbehave: func(n int, w http.ResponseWriter, _ string) bool {
		if n == 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return n == 3
	}}
	_, dir, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Dataset, v.Rate = "choice", 500 }), serve(t, f))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(dir, CSVFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 21 || rows[0][0] != "id" {
		t.Fatalf("%v %v", rows, err)
	}
	failed := 0
	for _, row := range rows[1:] {
		at, ok := f.arrived.Load(row[0])
		if !ok {
			t.Fatalf("the server saw no %s", row[0])
		}
		var ns [5]time.Duration
		for i := 1; i < 5; i++ {
			n, _ := strconv.ParseInt(row[i], 10, 64) // empty where there was none
			ns[i] = time.Duration(n)
		}
		if ns[1] == 0 || ns[2] < ns[1] || at.(time.Duration) < ns[2] {
			t.Errorf("intended, sent, arrived out of order: %v %v", row, at)
		}
		if row[7] != "" {
			failed++
			if row[7] != "http_503" || row[3] != "" || row[5] != "" {
				t.Errorf("a failed request: %v", row)
			}
			continue
		}
		if ns[3] < at.(time.Duration) || ns[4] < ns[3] || row[5] == "0" || row[6] == "0" {
			t.Errorf("arrived, first, last out of order: %v %v", row, at)
		}
	}
	if failed != 1 {
		t.Errorf("%d rows failed", failed)
	}
}
