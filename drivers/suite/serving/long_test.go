package serving

import (
	"context"
	"encoding/csv"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/sse"
)

// A request that has ended takes at most 200 bytes of memory, however long its answer; and what is read back is what was
// added.
func TestBookIsSmall(t *testing.T) {
	const n, tokens = 100_000, 128
	b := newBook(t.TempDir())
	defer b.close()
	events, text := make([]time.Duration, tokens), []byte("one answer like any other, of some length, as it is usual among answers")
	sampleAt := func(i int) sample {
		for k := range events {
			events[k] = time.Duration(i*1000 + k)
		}
		s := sample{index: i, outcome: outcome{sent: 1, ended: time.Duration(i + 1), answer: sse.Answer{Events: events, Text: text[:i%len(text)], Usage: true}}}
		if i%1000 == 7 {
			s.failure = &suite.Failure{Kind: "timeout", Message: "no answer"}
		}
		return s
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range n {
		b.add(sampleAt(n - 1 - i))
	}
	waiting := uint64(pieces * spoolPiece) // at most, of what is not on disk yet
	if used := heap() - before; used > 200*n+waiting {
		t.Errorf("%d bytes a request, and %d that wait for the disk", (used-waiting)/n, waiting)
	}
	i := 0
	err := b.each(func(got sample) error {
		want := sampleAt(i)
		if got.index != i || got.ended != want.ended || !slices.Equal(got.answer.Events, want.answer.Events) ||
			string(got.answer.Text) != string(want.answer.Text) || (got.failure == nil) != (want.failure == nil) {
			t.Fatalf("request %d is %+v, want %+v", i, got, want)
		}
		i++
		return nil
	})
	if err != nil || i != n {
		t.Errorf("%d of %d: %v", i, n, err)
	}
}

// Requests are made a bounded way ahead: each once, in time, and never more than there is room for.
func TestAhead(t *testing.T) {
	var made, taken, most atomic.Int64
	const n, size = 5000, maxAhead / 100
	a, err := newAhead(t.Context(), n, func(k int) (*int, int, error) {
		most.Store(max(most.Load(), made.Add(1)-taken.Load()))
		return &k, size, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := whileMade(t.Context(), a.goOn)
	defer stop()
	for k := range n {
		if got := a.await(ctx, k); got == nil || *got != k {
			t.Fatalf("request %d is %v", k, got)
		}
		taken.Add(1)
		if a.take(k) != nil {
			t.Fatalf("request %d was there twice", k)
		}
	}
	if m := most.Load(); m > 100+1 { // one can be on its way
		t.Errorf("%d were made ahead, room is for 100", m)
	}
	if m := made.Load(); m != n {
		t.Errorf("%d were made of %d", m, n)
	}
}

// A request that cannot be made ends the run with its reason.
func TestAheadFails(t *testing.T) {
	broken := errors.New("no such prompt")
	a, err := newAhead(t.Context(), 1000, func(k int) (*int, int, error) {
		if k == 900 {
			return nil, 0, broken
		}
		return &k, maxAhead / 100, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := whileMade(t.Context(), a.goOn)
	defer stop()
	k := 0
	for ; a.await(ctx, k) != nil; k++ {
	}
	if k != 900 || !errors.Is(context.Cause(ctx), broken) {
		t.Errorf("ended at %d: %v", k, context.Cause(ctx))
	}
}

// A run can be bounded by time: no request begins later, and those in flight are waited for.
func TestDuration(t *testing.T) {
	const limit = 300 * time.Millisecond
	for name, change := range map[string]func(*v1alpha1.Serving){
		"closed loop": func(v *v1alpha1.Serving) { v.Prompts, v.Concurrency = 5000, 3 },
		"open loop":   func(v *v1alpha1.Serving) { v.Prompts, v.Concurrency, v.Rate = 60, 0, 200 },
	} {
		for _, secure := range []bool{false, true} {
			v := spec(func(v *v1alpha1.Serving) {
				v.Dataset, v.Duration = "choice", v1alpha1.Duration(limit)
				change(v)
			})
			f := &flawed{knows: structuredOutputs, pause: time.Millisecond}
			url := serve(t, f)
			if secure { // the loops over net/http
				url = "HTTP" + url[len("http"):]
			}
			res, _, err := measure(t, v, url)
			if err != nil {
				t.Fatal(err)
			}
			n := res.Metrics["completed"]
			if n < 3 || n != float64(len(f.prompts)) || res.Metrics["failed"] != 0 || res.Metrics["duration_s"] < limit.Seconds()/2 {
				t.Errorf("%s: %v requests, the server saw %d, %v failed in %v s", name, n, len(f.prompts), res.Metrics["failed"], res.Metrics["duration_s"])
			}
		}
	}
}

// A run that is stopped leaves its samples and a partial result of what had ended, which is never valid; what had not ended
// did not fail.
func TestPartial(t *testing.T) {
	for name, rate := range map[string]v1alpha1.Rate{"closed loop": 0, "open loop": 100} {
		ctx, cancel := context.WithCancel(t.Context())
		f := &flawed{knows: structuredOutputs, misbehave: func(n int, _ http.ResponseWriter, _ string) bool {
			if n == 12 {
				cancel()
			}
			time.Sleep(5 * time.Millisecond)
			return false
		}}
		dir := t.TempDir()
		req := request0(serve(t, f))
		req.Serving = spec(func(v *v1alpha1.Serving) { v.Dataset, v.Prompts, v.Rate = "choice", 1000, rate })
		if err := durable.Writer.ReplaceRecord(durable.Writer{}, filepath.Join(dir, drivers.RequestFile), req, nil); err != nil {
			t.Fatal(err)
		}
		if err := suite.Run(ctx, dir, "test", suite.Suites{Serving: Suite{}}); err == nil {
			t.Errorf("%s: a run that was stopped has no error", name)
		}
		if _, err := os.Stat(filepath.Join(dir, drivers.ResultFile)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: there is a result: %v", name, err)
		}
		var res drivers.SuiteResult
		if err := durable.ReadRecord(filepath.Join(dir, PartialFile), &res); err != nil {
			t.Fatal(name, err)
		}
		n := int(res.Metrics["completed"])
		if res.Valid || len(res.Reasons) == 0 || res.Reasons[0].Reason != suite.ReasonPartial || n < 1 || n > 1000 || res.Metrics["failed"] != 0 {
			t.Errorf("%s: valid %v, %v, %d completed, %v failed", name, res.Valid, res.Reasons, n, res.Metrics["failed"])
		}
		file, err := os.Open(filepath.Join(dir, CSVFile))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(file).ReadAll()
		_ = file.Close()
		if err != nil || len(rows) != n+1 {
			t.Errorf("%s: %d rows of samples, %v; %d completed", name, len(rows), err, n)
		}
		if _, err := os.Stat(filepath.Join(dir, samplesFile)); err != nil {
			t.Error(err)
		}
	}
}

// What happens between the last answer and the end of a run, per request of 16 tokens.
func BenchmarkConclude(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				req := request0("http://localhost")
				req.Serving = spec(func(v *v1alpha1.Serving) { v.Dataset, v.InputTokens, v.Prompts = "random", 8, n })
				r, err := newRunner(req, func(string) {})
				if err != nil {
					b.Fatal(err)
				}
				dir := b.TempDir()
				r.overlap = suite.NewOverlap(req, dir)
				book := newBook(dir)
				r.digest = newDigest(r, dir, book)
				events := make([]time.Duration, 16)
				for i := range n {
					at := time.Duration(i+1) * time.Millisecond
					for k := range events {
						events[k] = at + time.Duration(k*1_234_567+i%1000)
					}
					book.add(sample{index: i, due: at, free: at, outcome: outcome{sent: at, ended: events[15], answer: sse.Answer{Events: events,
						Text: []byte("sixteen words of an answer that nobody reads"), Usage: true, Prompt: 8, Completion: 16, Finish: "length"}}})
				}
				b.StartTimer()
				_, err = r.conclude(context.Background(), dir)
				r.digest.close()
				book.close()
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
