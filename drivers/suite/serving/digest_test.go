package serving

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/sse"
	"assay/drivers/suite/series"
)

// digesting is a run of so many requests of four tokens of which nothing has ended yet.
func digesting(t *testing.T, n int) (*digest, *book) {
	t.Helper()
	dir := t.TempDir()
	req := request0("http://localhost")
	v := spec(nil)
	v.Dataset, v.InputTokens, v.OutputTokens, v.Prompts = "random", 8, 4, n
	req.Serving = v
	r, err := newRunner(req, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	b := newBook(dir)
	r.overlap, r.digest = suite.NewOverlap(req, dir), newDigest(r, dir, b)
	t.Cleanup(func() { r.digest.close(); b.close(); r.client.close() })
	return r.digest, b
}

// answered is request i: they are sent at times that are nearly in order, and some end much later than others.
func answered(i int) sample {
	at := time.Duration(i+1)*time.Millisecond - time.Duration(i%3)*1500*time.Microsecond
	took := time.Duration(i*7919%100_003+1000) * time.Microsecond
	s := sample{index: i, due: at, free: at, outcome: outcome{sent: at, ended: at + took, behind: time.Duration(i % 90)}}
	if i%1000 == 7 {
		s.failure = &suite.Failure{Kind: "timeout", Message: "no answer"}
		return s
	}
	s.answer = sse.Answer{Events: []time.Duration{at + took/4, at + took/2, at + 3*took/4, at + took}, Text: []byte("four words of text"), Finish: "length",
		Model: "org/tiny", Usage: true, Prompt: 8, Completion: 4, Said: sse.Said{First: at + took/4, Last: at + took, Events: 4}}
	return s
}

// onDiskAll waits until all full pieces are.
func (s *spool) onDiskAll() {
	for int(s.onDisk.Load()) < len(s.begins)-1 {
		runtime.Gosched()
	}
}

func ms(i int) time.Duration { return time.Duration(i) * time.Millisecond }

// TestDigestIsSmall: what a run keeps of a request in memory until the result is made is the place where it lies on disk while it waits for its
// turn, and then nothing. At ten million requests that is below 300 MB. Nothing is allocated for one.
func TestDigestIsSmall(t *testing.T) {
	const n = 300_000
	d, b := digesting(t, n)
	heap := func() (kept, allocations uint64) {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, m.Mallocs
	}
	good, failed := answered(0), answered(7)
	add := func(i int) {
		one := good // its buffers are used again, as the client's are
		if i%1000 == 7 {
			one = failed
		}
		one.index, one.due, one.free, one.sent, one.ended = i, one.due+ms(i), one.free+ms(i), one.sent+ms(i), one.ended+ms(i)
		for k := range one.answer.Events {
			one.answer.Events[k] = one.sent + ms(k)
		}
		b.add(one)
	}
	for i := range 100_000 { // what is there in any case
		add(i)
	}
	b.spool.onDiskAll()
	d.takeUntil(func() bool { return true })
	kept, allocations := heap()
	const late = 2000
	for i := 100_001; i < n-late; i++ { // none of them is whole before the one that comes late
		add(i)
	}
	waiting, _ := heap()
	if more := int64(waiting) - int64(kept) - pieces*spoolPiece; more > 9*200_000 {
		t.Errorf("%d bytes for each request that waits for its turn", more/200_000)
	}
	for i := n - late; i < n; i++ {
		add(i)
	}
	add(100_000)
	for i := range 2 * spoolPiece / enteredSize { // so that it lies on disk, too
		add(n + i)
	}
	b.spool.onDiskAll()
	d.takeUntil(func() bool { return true })
	if taken := d.len(); d.err != nil || taken < n-blockOf {
		t.Errorf("%d of %d are taken before the end: %v", taken, n, d.err)
	}
	if err := d.finish(); err != nil || d.len() < n {
		t.Fatal(d.len(), err)
	}
	d.r.before.Mono = 1
	sum, _, err := d.r.result(t.Context())
	if err != nil || sum.completed == 0 {
		t.Fatal(err)
	}
	end, all := heap()
	if more := int64(end) - int64(kept) - pieces*spoolPiece; more > 2*n {
		t.Errorf("%d bytes a request until the end", more/n)
	}
	if each := float64(all-allocations) / 200_000; each > 0.05 {
		t.Errorf("%.2f allocations a request", each)
	}
	runtime.KeepAlive(d)
}

// TestFollow: while a run goes on its samples are taken, and those that were not are taken at its end, each once.
func TestFollow(t *testing.T) {
	const n = 5000
	d, b := digesting(t, n)
	stop := d.follow()
	for i := range n {
		b.add(answered(i))
	}
	begun := func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.next > 1
	}
	for until := time.Now().Add(20 * time.Second); !begun() && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
	stop()
	if d.err != nil || d.len() == 0 || d.len() >= n {
		t.Errorf("%d of %d are taken before the end: %v", d.len(), n, d.err)
	}
	if err := errors.Join(d.finish(), d.writeSamples()); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(d.dir, CSVFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != n+1 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for i, row := range rows[1:] {
		if row[0] != "r-"+strconv.Itoa(i) {
			t.Fatalf("row %d is of %s", i, row[0])
		}
	}
}

// TestDigestTwin: the statistics of requests that are read one at a time are those of lists of all of them, whatever the order in which they
// were sent and ended.
func TestDigestTwin(t *testing.T) {
	const n = 20_000
	d, b := digesting(t, n)
	var records []record
	order := rand.New(rand.NewPCG(1, 2)).Perm(n)
	for _, i := range order {
		b.add(answered(i))
	}
	for i := range n {
		records = append(records, newRecord(answered(i)))
	}
	if err := d.finish(); err != nil {
		t.Fatal(err)
	}
	sent := slices.Clone(records)
	slices.SortStableFunc(sent, func(a, b record) int { return cmp.Compare(a.sent, b.sent) })
	k := 0
	d.sum.line().each(func(r *row, others int) {
		want := 0
		for i := max(0, k-200); i < k; i++ { // nothing takes longer
			if sent[i].ended > sent[k].sent {
				want++
			}
		}
		if r.sent != sent[k].sent || r.ended != sent[k].ended || others != want {
			t.Fatalf("the %d-th that was sent: %+v with %d others, want %v with %d", k, *r, others, sent[k].sample, want)
		}
		k++
	})
	var ttft, inFlight []float64
	d.sum.line().each(func(r *row, others int) {
		if r.ok {
			ttft, inFlight = append(ttft, r.ttft), append(inFlight, float64(others+1))
		}
	})
	m := map[string]float64{}
	d.sum.intervals(m)
	for _, p := range []float64{50, 99} {
		want, err := series.New(ttft, inFlight, 99).Percentile(p)
		name := "ttft_p99_ms"
		if p == 50 {
			name = "ttft_median_ms"
		}
		if err == nil && (m[name+"_lo"] != want.Lo || m[name+"_hi"] != want.Hi) {
			t.Errorf("%s lies in %v to %v, want %+v", name, m[name+"_lo"], m[name+"_hi"], want)
		}
	}
	if want := suite.ValuesOf(ttft).Percentile(99); d.sum.ttft.Percentile(99) != want || d.sum.completed != len(ttft) {
		t.Errorf("p99 %v, want %v; %d completed", d.sum.ttft.Percentile(99), want, d.sum.completed)
	}
}

// TestNames: a server that answers with another model and another reason each time does not fill the memory.
func TestNames(t *testing.T) {
	var n names
	for i := range 5 * mostNames {
		n.number("model " + strconv.Itoa(i))
	}
	if len(n.list) != mostNames+1 || n.list[n.number("another")] != manyNames || n.list[n.number("model 3")] != "model 3" {
		t.Errorf("%d are kept", len(n.list))
	}
}

// TestFilesAreLeft: a run without a result leaves nothing under a name, nor anything else.
func TestFilesAreLeft(t *testing.T) {
	d, b := digesting(t, 10_000)
	for i := range 10_000 {
		b.add(answered(i))
	}
	b.spool.onDiskAll()
	d.takeUntil(func() bool { return true })
	if d.len() == 0 {
		t.Fatal("nothing was taken")
	}
	d.close()
	if left, err := filepath.Glob(filepath.Join(d.dir, "*")); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	if left, err := os.ReadDir(d.dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestAppendMillis: milliseconds are written as strconv writes them.
func TestAppendMillis(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		for _, v := range []float64{suite.Millis(time.Duration(r.Int64N(1 << r.IntN(60)))), r.Float64(), -r.Float64(), float64(r.IntN(1000)), r.Float64() * 1e18} {
			if got, want := string(appendMillis(nil, v)), strconv.FormatFloat(v, 'f', -1, 64); got != want {
				t.Fatalf("%v is written %s, want %s", v, got, want)
			}
		}
	}
}

// TestAppendSeconds: seconds are written to the nanosecond, without zeros at the end.
func TestAppendSeconds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		d := time.Duration(r.Int64N(1<<r.IntN(60))) * time.Duration([]int64{1, 10, 1e3, 1e6}[r.IntN(4)])
		want := strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%09d", d/time.Second, d%time.Second), "0"), ".")
		if got := string(appendSeconds(nil, d)); d >= 0 && got != want {
			t.Fatalf("%v is written %s, want %s", d, got, want)
		}
	}
}
