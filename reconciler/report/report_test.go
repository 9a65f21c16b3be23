package report

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"assay/drivers"
	"assay/drivers/suite/storage"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

const hostile = `<script>alert("x")</script>`

// fixture is a sweep of a serving benchmark with an invalid point, a vector run, storage runs of both engines, and a
// benchmark that two revisions have measured.
func fixture(t *testing.T) Report {
	t.Helper()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var rows []results.Row
	add := func(r results.Row) {
		r.Experiment, r.Phase, r.Run = "e", "Complete", fmt.Sprintf("%s-%d-%08x", r.Benchmark, r.Repeat, len(rows))
		r.Started = began.Add(time.Duration(len(rows)) * time.Minute)
		r.Ended = r.Started.Add(30 * time.Second)
		rows = append(rows, r)
	}
	for _, tp := range []string{"1", "2"} {
		for i, c := range []string{"1", "2", "4", "8", "16", "32"} {
			for repeat := 1; repeat <= 3; repeat++ {
				x := float64(int(1)<<i) * (1 + float64(repeat)/50)
				add(results.Row{Benchmark: "structured", Repeat: repeat, Point: map[string]string{"concurrency": c, "tensorParallel": tp}, Revision: "aaaa",
					Valid: tp != "2" || c != "32", Simulated: true, Dir: samples(t, 100, 20+x), Reasons: []drivers.Reason{{Reason: "ClientLate", Message: hostile}},
					Metrics: map[string]float64{"output_throughput": 300 * x, "ttft_p99_ms": 20 + x*x/10, "ttft_median_ms": 20 + x}})
			}
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "frontier.json"), []byte(`[{"ef":10,"recall":0.8,"qps":2000},{"ef":100,"recall":0.99,"qps":700}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	add(results.Row{Benchmark: "search", Repeat: 1, Revision: "aaaa", Valid: true, Dir: dir, Metrics: map[string]float64{"recall_at_10": 0.99, "query_sequential_qps": 700}})
	for _, engine := range []string{"native", "io500"} {
		var values []storage.Value
		for i, p := range storage.Phases {
			values = append(values, storage.Value{Name: p.Name, Value: float64(i + 1), Seconds: 300})
		}
		add(results.Row{Benchmark: "io-" + engine, Repeat: 1, Revision: "aaaa", Valid: true, Versions: map[string]string{"engine": engine}, Metrics: storage.Metrics(values)})
	}
	for i, engine := range []string{"native", "io500"} { // not to be compared
		add(results.Row{Benchmark: "changed", Repeat: 1, Revision: []string{"aaaa", "bbbb"}[i], Valid: true, Versions: map[string]string{"engine": engine},
			Metrics: map[string]float64{"score_total": 1}})
	}
	for _, revision := range []string{"aaaa", "bbbb"} {
		for repeat := 1; repeat <= 3; repeat++ {
			add(results.Row{Benchmark: "steady", Repeat: repeat, Revision: revision, Valid: true, Metrics: map[string]float64{"output_throughput": 100 + float64(repeat)}})
		}
	}
	return Build(Input{Experiment: "e " + hostile, Generated: began, Rows: rows, Revisions: []Revision{{Generation: 1, Hash: "aaaa", Commit: "0123456789abcdef"}},
		Gates: []gate.Verdict{{Benchmark: "structured", Gate: "ttft.p99 ≤ 500ms", Verdict: gate.NoGo, Reason: "too slow"}}})
}

// samples writes a run directory with n requests.
func samples(t *testing.T, n int, ttft float64) string {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "samples.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintln(f, "id,intended_ns,sent_ns,first_ns,last_ns,tokens,chunks,error")
	for i := range n {
		sent := 1e9 + float64(i)*1e7
		fmt.Fprintf(f, "r-%d,%.0f,%.0f,%.0f,%.0f,8,8,\n", i, sent, sent, sent+(ttft+float64(i%7))*1e6, sent+1e8)
	}
	return dir
}

func TestHTML(t *testing.T) {
	b, err := fixture(t).HTML()
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, want := range []string{"NO-GO", "simulated", "ClientLate", "Not counted", `id="frontier-structured"`, `id="ttft-structured"`, `id="timeline-structured"`,
		`id="recall-search"`, `id="phases-io-native-native-true"`, `id="phases-io-io500-io500-false"`, `id="revisions-steady"`, "not valid", "commit 0123456789ab"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(text, `id="revisions-changed"`) {
		t.Error("two engines in one figure")
	}
	if strings.Contains(text, hostile) {
		t.Error("text of a manifest became markup")
	}
	if m := regexp.MustCompile(`(src|href)="[^"#][^"]*"|url\(|@import`).FindString(text); m != "" {
		t.Errorf("the page refers to %s", m)
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Error("a number is none")
	}
}

func TestOtherForms(t *testing.T) {
	r := fixture(t)
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Kind string
		Runs []results.Row
	}
	if err := json.Unmarshal(b, &back); err != nil || back.Kind != "Report" || len(back.Runs) != len(r.Runs) {
		t.Errorf("%v %s %d", err, back.Kind, len(back.Runs))
	}
	b, err = r.CSV()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil || len(rows) != len(r.Runs)+1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	md := r.Markdown()
	for _, want := range []string{"**NO-GO**", "simulated", "engine io500", "## Not counted"} {
		if !strings.Contains(md, want) {
			t.Errorf("Markdown lacks %q", want)
		}
	}
	for line := range strings.Lines(md) {
		if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|\n") {
			t.Errorf("a row is broken: %q", line)
		}
	}
}

// TestBrowser opens the page in Chromium: nothing is asked of the network, nothing is complained of, and a phone need not
// scroll sideways.
func TestBrowser(t *testing.T) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("needs chromium: apt-get install chromium")
	}
	page := filepath.Join(t.TempDir(), "report.html")
	b, err := fixture(t).HTML()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, b, 0o600); err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	var asked, said []string
	chromedp.ListenTarget(ctx, func(e any) {
		switch e := e.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "file://"+page) {
				asked = append(asked, e.Request.URL)
			}
		case *runtime.EventConsoleAPICalled:
			said = append(said, string(e.Type))
		case *runtime.EventExceptionThrown:
			said = append(said, e.ExceptionDetails.Text)
		}
	})
	var figures, visible int
	if err := chromedp.Run(ctx, network.Enable(), chromedp.EmulateViewport(1280, 900), chromedp.Navigate("file://"+page),
		chromedp.Evaluate(`document.querySelectorAll("figure svg").length`, &figures),
		chromedp.Evaluate(`[...document.querySelectorAll("figure svg")].filter(s => s.getBoundingClientRect().height > 100).length`, &visible)); err != nil {
		t.Fatal(err)
	}
	if figures < 8 || visible != figures {
		t.Errorf("%d figures, %d of them visible", figures, visible)
	}
	for _, width := range []int64{360, 768, 1280} {
		var scroll int64
		if err := chromedp.Run(ctx, chromedp.EmulateViewport(width, 800), chromedp.Evaluate(`document.documentElement.scrollWidth`, &scroll)); err != nil {
			t.Fatal(err)
		}
		if scroll > width {
			t.Errorf("at %d pixels the page is %d wide", width, scroll)
		}
	}
	if len(asked) > 0 || len(said) > 0 {
		t.Errorf("asked for %v, said %v", asked, said)
	}
	if to := os.Getenv("ASSAY_SCREENSHOTS"); to != "" { // to look at
		for _, width := range []int64{390, 1280} {
			var png []byte
			if err := chromedp.Run(ctx, chromedp.EmulateViewport(width, 800), chromedp.FullScreenshot(&png, 90)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(to, fmt.Sprintf("report-%d.jpg", width)), png, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
