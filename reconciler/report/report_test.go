package report

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"assay/drivers"
	"assay/drivers/suite/storage"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

const hostile = `<script>alert("x")</script>`

// fixture is a sweep of a serving benchmark with an invalid point, a vector run, storage runs of both engines, and a
// benchmark without a sweep, all of it measured by two revisions.
func fixture(t *testing.T) Report {
	t.Helper()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var rows []results.Row
	add := func(r results.Row) {
		r.Experiment, r.Phase, r.Run = "e", "Complete", fmt.Sprintf("%s-%d-%08x", r.Benchmark, r.Repeat, len(rows))
		r.Started = began.Add(time.Duration(len(rows)) * time.Minute)
		r.Ended = r.Started.Add(30 * time.Second)
		if !r.Valid {
			r.Reasons = []drivers.Reason{{Reason: "ClientLate", Message: hostile}}
		}
		rows = append(rows, r)
	}
	for _, tp := range []string{"1", "2"} {
		for i, c := range []string{"1", "2", "4", "8", "16", "32"} {
			for repeat := 1; repeat <= 3; repeat++ {
				x := float64(int(1)<<i) * (1 + float64(repeat)/50)
				add(results.Row{Benchmark: "structured", Repeat: repeat, Point: map[string]string{"concurrency": c, "tensorParallel": tp}, Revision: "aaaa",
					Valid: tp != "2" || c != "32", Simulated: true, Dir: samples(t, 100, 20+x),
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
	for _, nodes := range []string{"1", "2", "4"} {
		for repeat := 1; repeat <= 3; repeat++ {
			n, _ := strconv.ParseFloat(nodes, 64)
			add(results.Row{Benchmark: "scale", Repeat: repeat, Point: map[string]string{"nodes": nodes}, Revision: "aaaa", Valid: nodes != "4",
				Metrics: map[string]float64{"output_throughput": 100*n + float64(repeat)}})
		}
	}
	older := slices.Clone(rows)
	for i := range older { // a revision that was slower in all
		older[i].Metrics = maps.Clone(older[i].Metrics)
		older[i].Metrics["output_throughput"] *= 0.5
	}
	for _, revision := range []string{"aaaa", "bbbb"} {
		for repeat := 1; repeat <= 8; repeat++ {
			row := results.Row{Benchmark: "steady", Repeat: repeat, Revision: revision, Valid: true, Metrics: map[string]float64{"output_throughput": 100 + float64(repeat)}}
			if revision == "aaaa" {
				row.Metrics["output_throughput"] /= 2
				older = append(older, row)
				continue
			}
			add(row)
		}
	}
	score := results.Row{Benchmark: "changed", Repeat: 1, Valid: true, Metrics: map[string]float64{"score_total": 1}} // its engine, so the two are not compared
	for engine, of := range map[string]*[]results.Row{"native": &older, "io500": &rows} {
		score.Versions = map[string]string{"engine": engine}
		*of = append(*of, score)
	}
	return Build(Input{Experiment: "e " + hostile, Generated: began, Measured: []Measured{{1, "aaaa", older}, {2, "bbbb", rows}}, Revisions: []Revision{{Generation: 1, Hash: "aaaa", Commit: "0123456789abcdef"}, {Generation: 2, Hash: "bbbb"}},
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
	for _, want := range []string{"NO-GO", "Some of these figures are simulated.", "ClientLate 6", "Not counted", "chart-point chart-bad", "chart-line chart-bad", "Highest output tokens/s", "Over revisions", `aria-label="steady: Output tokens/s over revisions"`, `id="frontier-structured"`, `id="ttft-structured"`, `id="timeline-structured"`,
		`id="recall-search"`, `id="phases-io-native-native-true"`, `id="phases-io-io500-io500-false"`, `id="revisions-structured"`, `id="e2el-structured"`, `id="scaling-scale"`, `id="changes"`, "Changes against revision 1", "not valid", "commit 0123456789ab"} {
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
	if body := text[strings.Index(text, "<body>"):]; strings.Contains(body, "NaN") || strings.Contains(body, "Inf") || strings.Contains(body, "∞") {
		t.Error("a number is none")
	}
	if m := regexp.MustCompile(` (on[a-z]+|style)=`).FindString(text); m != "" {
		t.Errorf("the policy forbids %s", m)
	}
}

func TestOtherForms(t *testing.T) {
	r := fixture(t)
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Kind    string
		Runs    []results.Row
		Metrics map[string]entry
	}
	if err := json.Unmarshal(b, &back); err != nil || back.Kind != "Report" || len(back.Runs) != len(r.Runs) {
		t.Errorf("%v %s %d", err, back.Kind, len(back.Runs))
	}
	if e := back.Metrics["ttft_p99_ms"]; e.Unit != "ms" || e.Better != "lower" || e.Samples != 662 || e.Meaning == "" {
		t.Errorf("ttft_p99_ms is described as %+v", e)
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
	for _, want := range []string{"**NO-GO** (1 NO-GO)", "simulated", "6 do not: ClientLate 6", "Highest output tokens/s: **", "## Changes against revision 1", "14 of 33 compared numbers differ from revision 1; 8 have too few repeats to tell.", "+100.00%", "engine io500", "engines native and io500 are never compared", "## Not counted"} {
		if !strings.Contains(md, want) {
			t.Errorf("Markdown lacks %q:\n%.900s", want, md)
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
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
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
	if err := chromedp.Run(ctx, network.Enable(), chromedp.EmulateViewport(1280, 900), chromedp.Navigate("file://"+page)); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{360, 390, 768, 1280} {
		var wrong []string
		if err := chromedp.Run(ctx, chromedp.EmulateViewport(width, 800), chromedp.Evaluate(lookAround, &wrong)); err != nil {
			t.Fatal(err)
		}
		if len(wrong) > 0 {
			t.Errorf("at %d pixels: %s", width, strings.Join(wrong, "; "))
		}
	}
	printed(t, ctx)
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

// lookAround lists what is wrong with the page as it is laid out now: it is wider than the window; a figure is not to be
// seen, or has text beyond its edge; something outside of a box that scrolls is cut.
const lookAround = `(() => {
	const wrong = [], wide = document.documentElement.clientWidth
	if (document.documentElement.scrollWidth > wide) wrong.push("the page is " + document.documentElement.scrollWidth + " wide")
	const figures = document.querySelectorAll("figure svg.chart")
	if (figures.length < 12) wrong.push("only " + figures.length + " figures")
	for (const svg of figures) {
		const id = svg.closest("figure").id || svg.getAttribute("aria-label"), all = svg.getBoundingClientRect()
		if (all.width < 150 || all.height < 90) wrong.push(id + " is " + all.width + " by " + all.height)
		if (!svg.querySelector(".chart-line, .chart-mark, .chart-bar, .chart-dots")) wrong.push(id + " is empty")
		for (const text of svg.querySelectorAll("text")) {
			const r = text.getBoundingClientRect()
			if (r.left < all.left - 1 || r.right > all.right + 1 || r.top < all.top - 1 || r.bottom > all.bottom + 1)
				wrong.push(id + " cuts " + text.textContent)
		}
	}
	for (const e of document.querySelectorAll("p, h1, h2, li, dd, figcaption, .tile, .stack td")) {
		const r = e.getBoundingClientRect()
		if (r.right > wide + 1 && !(wide > 600 && e.closest(".box"))) wrong.push("cut: " + e.textContent.slice(0, 30))
	}
	const first = document.querySelector("#summary").getBoundingClientRect().top
	if (first > 200) wrong.push("the summary begins at " + first)
	return wrong
})()`

// printed checks the layout on paper: boxes do not scroll there, so that nothing is hidden, and all fits the width of A4
// between its margins; the page makes a PDF of some pages.
func printed(t *testing.T, ctx context.Context) {
	t.Helper()
	var hidden []string
	var pdf []byte
	err := chromedp.Run(ctx, emulation.SetEmulatedMedia().WithMedia("print"), chromedp.EmulateViewport(688, 1000), // A4 without its margins
		chromedp.Evaluate(`[...document.querySelectorAll("table, figure, .tile, .banner")].filter(e => {
			const r = e.getBoundingClientRect()
			return r.right > 690 || r.width == 0 || e.closest(".box") && getComputedStyle(e.closest(".box")).overflowX != "visible"
		}).map(e => e.outerHTML.slice(0, 80))`, &hidden),
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			pdf, _, err = cdp.PrintToPDF().WithPreferCSSPageSize(true).Do(ctx)
			return err
		}), emulation.SetEmulatedMedia())
	if err != nil {
		t.Fatal(err)
	}
	if len(hidden) > 0 {
		t.Errorf("on paper cut or hidden: %q", hidden)
	}
	if pages := bytes.Count(pdf, []byte("/Type /Page\n")); pages < 2 || pages > 20 {
		t.Errorf("printed on %d pages", pages)
	}
}

// TestOverloadedRuns: their throughput counts, none of their latencies is drawn, and the table says so.
func TestOverloadedRuns(t *testing.T) {
	rows := []results.Row{{Benchmark: "q", Repeat: 1, Valid: true, Dir: samples(t, 100, 20), Phase: "Complete",
		Reasons: []drivers.Reason{{Reason: drivers.Overloaded}}, Metrics: map[string]float64{"output_throughput": 300}}}
	all := Build(Input{Measured: []Measured{{Rows: rows}}}).Summary
	if marks := all[0].marks(); marks != "1 overloaded: latencies left out" || all[0].Runs != 1 {
		t.Errorf("%q, %d runs", marks, all[0].Runs)
	}
	if figures := distributions("q", all); len(figures) != 0 {
		t.Errorf("%d figures", len(figures))
	}
}
