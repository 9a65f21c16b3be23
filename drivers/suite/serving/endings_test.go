package serving

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestEndings: ends come out in ascending order, however requests are in order, and what is kept of them in memory is those in flight.
func TestEndings(t *testing.T) {
	const n = 3 * filePiece / endingSize
	for name, c := range map[string]struct{ jitter, most int }{"in order": {0, 100}, "jumbled": {40, n / 10}, "none": {-1, 1}} {
		r := rand.New(rand.NewPCG(1, 2))
		e := &endings{scratch: scratch{dir: t.TempDir()}}
		var want []time.Duration
		for i := 0; i < n && c.jitter >= 0; i++ {
			began := time.Duration(10*i + r.IntN(c.jitter+1))
			ended := began + time.Duration(r.IntN(500))
			e.add(began, ended)
			want = append(want, ended)
			if kept := len(e.open) + len(e.strays); kept > c.most {
				t.Fatalf("%s: %d are kept of %d", name, kept, i)
			}
		}
		slices.Sort(want)
		for range 2 { // it can be read again
			var got []time.Duration
			for w := e.walk(); w.at != never; w.next() {
				got = append(got, w.at)
			}
			if !slices.Equal(got, want) || e.failure != nil {
				t.Errorf("%s: %d ends, want %d: %v", name, len(got), len(want), e.failure)
			}
		}
		e.close()
	}
}

// TestCountedRows: the rows that are compared with the server's tokenizer are found without reading all.
func TestCountedRows(t *testing.T) {
	rows := newTable(t.TempDir())
	defer rows.close()
	var want []time.Duration
	for i := range 3*rowsRead + 100 {
		r := newRecord(answered(i))
		if r.answer.Usage = i%3 > 0; r.answer.Usage && r.failure == nil {
			want = append(want, r.sent)
		}
		rows.add(&r, int64(i))
	}
	if int(rows.told) != len(want) {
		t.Fatalf("%d, want %d", rows.told, len(want))
	}
	for _, k := range []int{0, 1, len(want) / 2, len(want) - 1} {
		if got := rows.countedAt(k); got.sent != want[k] || !got.counted() {
			t.Errorf("the %d-th: %+v, want one sent at %v", k, got, want[k])
		}
	}
}

// TestDraft: a file that was written during a run only gets its name at its end. Where that cannot be, it is copied.
func TestDraft(t *testing.T) {
	for _, draft := range []bool{true, false} {
		dir := t.TempDir()
		s := scratch{dir: dir, draft: draft}
		want := make([]byte, 0, 3*flowPiece)
		for line := []byte("one line of some\n"); len(want) < 2*flowPiece; want = append(want, line...) {
			_, _ = s.Write(line)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
			t.Fatal(entries, err)
		}
		path := filepath.Join(dir, "file")
		if err := s.writeFile(path); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%d bytes, want %d: %v", len(got), len(want), err)
		}
		named, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := s.file.Stat()
		if err != nil || os.SameFile(named, ours) != (s.flow != nil) || s.flow != nil && s.flow.sent < flowPiece {
			t.Errorf("draft %v: the same file %v, %v", draft, os.SameFile(named, ours), err)
		}
		s.close()
	}
}
