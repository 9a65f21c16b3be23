package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// segmentOf is a first segment that holds these contents as they would be written.
func segmentOf(t testing.TB, contents ...[]byte) []byte {
	head, err := checked(segmentHead{durable.Schema, 1})
	if err != nil {
		t.Fatal(err)
	}
	b := append(head, '\n')
	for _, c := range contents {
		b = append(append(b, withSum(c)...), '\n')
	}
	return b
}

func endedRun() FinishedRun {
	return finishedRun(plan.Run{ID: "q-1-0123abcd", Experiment: "exp", Key: "k", Benchmark: "q", Target: "llm", Phase: v1alpha1.RunFailed, Message: "it \"failed\"\n",
		Tries: []plan.Try{{}}, Created: time.Unix(1, 0).UTC(), Ended: time.Unix(2, 0).UTC(), Result: &drivers.SuiteResult{Error: "e"}})
}

// FuzzSegment: of a file of ended runs only what was written is read: the lines that are accepted are the bytes of the file
// up to where the next one goes. Anything else is damaged, newer, or the tail of a writer that was killed.
func FuzzSegment(f *testing.F) {
	line, err := runLine(endedRun())
	if err != nil {
		f.Fatal(err)
	}
	whole := append(segmentOf(f), append(line, '\n')...)
	f.Add(whole, true)
	f.Add(whole[:len(whole)-7], true)
	f.Add(whole[:len(whole)-7], false)
	f.Add(append(bytes.ToUpper(whole[:8]), whole[8:]...), true)
	f.Add(append([]byte("0"), whole...), true)
	f.Add(segmentOf(f), false)
	f.Add([]byte("\n"), true)
	f.Fuzz(func(t *testing.T, b []byte, last bool) {
		path := filepath.Join(t.TempDir(), segmentName(1))
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		var lines []byte
		at, err := readSegment(path, 1, last, func(c []byte) error {
			lines = append(append(lines, withSum(c)...), '\n')
			return nil
		})
		switch {
		case err != nil:
			if !errors.Is(err, durable.ErrDamaged) && !errors.Is(err, durable.ErrNewer) {
				t.Errorf("%q: %v", b, err)
			}
		case at.size > int64(len(b)) || at.size < int64(len(b)) && !(at.torn && last):
			t.Errorf("%d bytes of %d, torn %v", at.size, len(b), at.torn)
		case !bytes.HasSuffix(b[:at.size], lines):
			t.Errorf("%q was read as %q", b, lines)
		}
	})
}

// FuzzFinishedRun: a run that a line holds is summed up the same way once its line is written again.
func FuzzFinishedRun(f *testing.F) {
	line, err := runLine(endedRun())
	if err != nil {
		f.Fatal(err)
	}
	what, _ := content(line)
	f.Add(shortPart(what), longPart(what))
	f.Add([]byte(`{"id":"a","p":"Complete","c":-9223372036854775808,"e":9223372036854775807}`), []byte(`{"id":"a","created":"0001-01-01T00:00:00Z"}`))
	f.Add([]byte(`null`), []byte(`null`))
	f.Fuzz(func(t *testing.T, short, long []byte) {
		if bytes.ContainsAny(short, "\n\t") || bytes.ContainsRune(long, '\n') {
			t.Skip("the content of a line has one tab, and no end of a line")
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, segmentName(1)), segmentOf(t, bytes.Join([][]byte{short, long}, []byte("\t"))), 0o600); err != nil {
			t.Fatal(err)
		}
		past, _, err := (&Store{}).readPast(dir)
		if err != nil && !errors.Is(err, durable.ErrDamaged) || err == nil && past.Len() != 1 {
			t.Fatalf("%q: %d runs, %v", short, past.Len(), err)
		}
		var r FinishedRun
		if json.Unmarshal(long, &r) != nil {
			return
		}
		line, err := runLine(r)
		if err != nil {
			return // a time that JSON has no form for
		}
		what, ok := content(line)
		var again FinishedRun
		if err := json.Unmarshal(longPart(what), &again); !ok || err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if twice, err := runLine(again); err != nil || !bytes.Equal(twice, line) || !cmp.Equal(again.sum(), r.sum(), cmpopts.EquateEmpty()) {
			t.Errorf("(first, then)\n%s\n%s\n%v", line, twice, err)
		}
	})
}

// FuzzEvents: what is no event is left out, and there are never more events than lines.
func FuzzEvents(f *testing.F) {
	f.Add([]byte(`{"time":"2026-11-23T18:48:33Z","type":"Normal","experiment":"e","object":"service/s","reason":"r","message":"m","count":1,"happening":"n/7"}` + "\n" + `{"time":` + "\n{}\n"))
	f.Add([]byte("null\n[]\n{\"happening\":\"n/18446744073709551616\"}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "events.jsonl"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		s := &Store{dir: dir}
		events, err := s.Events("")
		told, err2 := s.Told()
		if lines := bytes.Count(b, []byte("\n")) + 1; err != nil || err2 != nil || len(events) > lines || len(told) > lines {
			t.Errorf("%q: %d events, %d nonces, %v %v", b, len(events), len(told), err, err2)
		}
	})
}
