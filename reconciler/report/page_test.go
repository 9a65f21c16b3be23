package report

import (
	"context"
	"encoding/json"
	"fmt"
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
	"github.com/chromedp/cdproto/log"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"assay/drivers"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// everyColumn is a report of 12 points that has every column of a serving benchmark, over 12 revisions.
func everyColumn(t *testing.T) Report {
	t.Helper()
	in := Input{Experiment: "llama", Generated: time.Unix(1e9, 0), Gates: []gate.Verdict{{Benchmark: "q", Gate: "ttft.p99 <= 500ms", Verdict: gate.Go, Reason: "210 [200, 220]"}, {Benchmark: "q", Gate: "errors", Verdict: gate.Inconclusive, Reason: "1 run"}}}
	dir := samples(t, 100, 20)
	for rev := range 12 {
		m := Measured{Generation: int64(rev + 1), Hash: fmt.Sprintf("%012x", rev+1)}
		in.Revisions = append(in.Revisions, Revision{Generation: m.Generation, Hash: m.Hash, Commit: fmt.Sprintf("%012x", rev*7919+1234567), Author: "Ann", Subject: "tune the scheduler"})
		for i, c := range []string{"1", "2", "4", "8", "16", "32"} {
			for k, tp := range []string{"1", "2"} {
				for repeat := range 3 {
					one := row(map[string]string{"concurrency": c, "tensorParallel": tp}, repeat+1, map[string]float64{})
					for n, metric := range results.Catalogue() {
						if (metric.Prominence >= results.Column || slices.Contains(power, metric.Name)) && (metric.Suite == "serving" && metric.Group != results.Searched || metric.Suite == "") && !strings.Contains(metric.Name, "<") {
							one.Metrics[metric.Name] = float64((n+1)*(i+1)*100) * (1 + float64(repeat)/100 + float64(rev/7)/10)
						}
					}
					one.Run, one.Simulated, one.Dir = fmt.Sprintf("%s-%d", one.Run, rev), true, dir
					one.Metrics["tpot_median_ms"] = float64(2+i) / float64(k+1) * (1 + float64(repeat)/100)
					one.Hardware = []drivers.Node{{Name: "n1", CPU: "EPYC", GPUs: slices.Repeat([]drivers.GPU{{Model: "H200"}}, k+1)}}
					if one.Valid = c != "32" || tp == "2" || repeat > 0; !one.Valid {
						one.Reasons = []drivers.Reason{{Reason: "ClientLate", Message: "requests were sent 12 ms late"}}
					}
					m.Rows = append(m.Rows, one)
				}
			}
		}
		in.Measured = append(in.Measured, m)
	}
	return Build(in)
}

// browser opens a page in Chromium, for so long. What the console says is an error of the test.
func browser(t *testing.T, r Report, most time.Duration) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("needs chromium: apt-get install chromium")
	}
	page := filepath.Join(t.TempDir(), "report.html")
	b, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, b, 0o600); err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, most)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	chromedp.ListenTarget(ctx, func(e any) {
		switch e := e.(type) {
		case *runtime.EventConsoleAPICalled:
			t.Errorf("the console says %s", e.Type)
		case *runtime.EventExceptionThrown:
			t.Errorf("a script failed: %s", e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			t.Errorf("the console says %s", e.Entry.Text)
		}
	})
	do(t, ctx, log.Enable(), emulation.SetFocusEmulationEnabled(true), chromedp.EmulateViewport(1280, 900), chromedp.Navigate("file://"+page))
	return ctx
}

func do(t *testing.T, ctx context.Context, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// ask evaluates an expression once the page has been laid out.
func ask[T any](t *testing.T, ctx context.Context, expression string) (out T) {
	t.Helper()
	wait := `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(` + expression + `))))`
	do(t, ctx, chromedp.Evaluate(wait, &out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return out
}

func theme(name string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}})
}

// TestPage looks at one page in one browser, for what takes time is to start it.
func TestPage(t *testing.T) {
	ctx := browser(t, everyColumn(t), 3*time.Minute)
	for _, c := range []struct {
		name string
		test func(*testing.T, context.Context)
	}{{"no column is cut", noColumnIsCut}, {"contrast", contrast}, {"keys", keys}, {"without scripts", withoutScripts}, {"paper", paper}} {
		t.Run(c.name, func(t *testing.T) {
			do(t, ctx, emulation.SetScriptExecutionDisabled(false), emulation.SetEmulatedMedia(), chromedp.EmulateViewport(1280, 900), chromedp.Reload())
			c.test(t, ctx)
		})
	}
}

// noColumnIsCut: with every column that a benchmark can have, all tables fit a screen of 1280 pixels, headings stay in sight, and a
// phone has nothing wider than itself outside of a box that scrolls.
func noColumnIsCut(t *testing.T, ctx context.Context) {
	const cut = `[...document.querySelectorAll(".box")].filter(b => b.scrollWidth > b.clientWidth + 1).map(b => b.getAttribute("aria-label") + " " + b.scrollWidth + " > " + b.clientWidth)`
	if wide := ask[[]string](t, ctx, cut); len(wide) > 0 {
		t.Errorf("at 1280 pixels: %q", wide)
	}
	if n := ask[int](t, ctx, `document.querySelectorAll("#table-q thead th").length`); n < 15 {
		t.Errorf("only %d columns", n)
	}
	do(t, ctx, chromedp.Evaluate(`document.querySelector("#changes tbody tr:last-child").scrollIntoView()`, nil))
	if top := ask[float64](t, ctx, `document.querySelector("#changes thead th").getBoundingClientRect().top`); top < -1 || top > 1 {
		t.Errorf("the headings of a long table are at %v", top)
	}
	do(t, ctx, chromedp.EmulateViewport(390, 800))
	if wide := ask[int](t, ctx, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("at 390 pixels the page is %d wide", wide)
	}
	if wide := ask[[]string](t, ctx, cut); !slices.ContainsFunc(wide, func(s string) bool { return strings.HasPrefix(s, "q, by point") }) || len(wide) != 1 {
		t.Errorf("at 390 pixels these scroll: %q", wide)
	}
}

// contrasts lists the texts whose colour is too near to what is behind them, by WCAG AA.
const contrasts = `(() => {
	const rgb = c => (c.match(/[\d.]+/g) || []).map(Number)
	const over = (top, under) => { const a = top[3] ?? 1; return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a)) }
	const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
	const ground = e => {
		const layers = []
		for (; e; e = e.parentElement) layers.unshift(rgb(getComputedStyle(e).backgroundColor))
		return layers.reduce((under, top) => over(top, under), [255, 255, 255])
	}
	const bad = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
	let texts = 0
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement
		if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.tagName == "title") continue
		texts++
		const style = getComputedStyle(e), under = ground(e), ink = over(rgb(e instanceof SVGElement ? style.fill : style.color), under)
		const [a, b] = [light(ink), light(under)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05)
		const large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700
		if (ratio < (large ? 3 : 4.5)) bad.add(e.tagName + "." + (e.getAttribute("class") || "") + " " + ratio.toFixed(2) + ": " + walk.currentNode.data.trim().slice(0, 20))
	}
	return [String(texts), light(ground(document.body)) < 0.1 ? "dark" : "light", ...bad]
})()`

// contrast: in both themes, as the reader's system asks for them, every text can be read; and paper is always light.
func contrast(t *testing.T, ctx context.Context) {
	for _, name := range []string{"light", "dark"} {
		do(t, ctx, theme(name))
		got := ask[[]string](t, ctx, contrasts)
		if len(got) > 2 || got[1] != name || len(got[0]) < 3 {
			t.Errorf("%s: %q", name, got)
		}
	}
	do(t, ctx, emulation.SetEmulatedMedia().WithMedia("print").WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
	if got := ask[[]string](t, ctx, contrasts); len(got) > 2 || got[1] != "light" {
		t.Errorf("on paper: %q", got)
	}
}

// keys: a table is sorted and filtered, colours are switched, and the points of a chart are gone through, by key alone.
func keys(t *testing.T, ctx context.Context) {
	const first = `[...document.querySelectorAll("#table-q tbody tr:not([hidden])")].map(r => r.cells[0].firstChild.data.trim() + " " + r.cells[3].dataset.sort).slice(0, 1)[0]`
	const button = `#table-q thead th:nth-child(4) button`
	least := ask[string](t, ctx, first)
	do(t, ctx, chromedp.Focus(button), chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter))
	if most, sort := ask[string](t, ctx, first), ask[string](t, ctx, `document.querySelector("`+button+`").parentElement.getAttribute("aria-sort")`); most == least || !strings.HasPrefix(most, "concurrency=32") || sort != "descending" {
		t.Errorf("%s, sorted %s: %s", least, sort, most)
	}
	do(t, ctx, chromedp.Focus(`#table-q .filter input`), chromedp.KeyEvent("concurrency=8 parallel=2"))
	if rows, said := ask[int](t, ctx, `document.querySelectorAll("#table-q tbody tr:not([hidden])").length`), ask[string](t, ctx, `document.querySelector("#table-q output").textContent`); rows != 1 || said != "1 of 12 rows" {
		t.Errorf("%d rows are left, it says %q", rows, said)
	}
	do(t, ctx, chromedp.Focus(`.theme`), chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter), chromedp.Reload())
	if dark := ask[string](t, ctx, `document.documentElement.dataset.theme + " " + getComputedStyle(document.body).backgroundColor`); dark != "dark rgb(20, 24, 29)" {
		t.Errorf("after a reload: %s", dark)
	}
	const tip = `(box => box.hidden ? "" : box.textContent)(document.querySelector(".chart-tip"))`
	do(t, ctx, chromedp.Focus(`#frontier-q .chart-point[tabindex="0"]`))
	one := ask[string](t, ctx, tip)
	do(t, ctx, chromedp.KeyEvent(kb.ArrowRight))
	two := ask[string](t, ctx, tip)
	if !strings.Contains(one, "tensorParallel=1\nconcurrency=1\nOutput tokens/s: ") || !strings.Contains(two, "tensorParallel=1\nconcurrency=2\n") || !strings.Contains(one, "3 runs, 95 % interval") {
		t.Errorf("tips %q, %q", one, two)
	}
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
	if left := ask[string](t, ctx, tip); left != "" {
		t.Errorf("Escape left %q", left)
	}
}

// withoutScripts: every row and every figure is there, and no control that does nothing.
func withoutScripts(t *testing.T, ctx context.Context) {
	do(t, ctx, emulation.SetScriptExecutionDisabled(true), chromedp.Reload())
	var buttons, rows, figures int
	do(t, ctx, chromedp.Evaluate(`document.querySelectorAll("button, input").length`, &buttons), chromedp.Evaluate(`document.querySelectorAll("#table-q tbody tr").length`, &rows),
		chromedp.Evaluate(`[...document.querySelectorAll("svg.chart")].filter(s => s.getBoundingClientRect().height > 50).length`, &figures))
	if buttons != 0 || rows != 12 || figures < 5 {
		t.Errorf("%d controls, %d rows, %d figures", buttons, rows, figures)
	}
}

// paper: a table of many columns is printed on a sheet on its side, which it fits; what is folded on a screen is printed.
func paper(t *testing.T, ctx context.Context) {
	var pdf []byte
	do(t, ctx, emulation.SetEmulatedMedia().WithMedia("print"), chromedp.EmulateViewport(1016, 700)) // A4 on its side without its margins
	if wide := ask[int](t, ctx, `document.querySelector("#table-q table").scrollWidth`); wide > 1016 {
		t.Errorf("the table is %d wide", wide)
	}
	if narrow := ask[int](t, ctx, `document.querySelector("#table-q tbody td").clientWidth`); narrow < 80 {
		t.Errorf("the names of points have %d pixels", narrow)
	}
	do(t, ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = cdp.PrintToPDF().WithPreferCSSPageSize(true).Do(ctx)
		return err
	}))
	sides := map[bool]int{}
	for _, m := range regexp.MustCompile(`/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]`).FindAllStringSubmatch(string(pdf), -1) {
		w, _ := strconv.ParseFloat(m[1], 64)
		h, _ := strconv.ParseFloat(m[2], 64)
		sides[w > h]++
	}
	if sides[true] == 0 || sides[true] > 2 || sides[false] < 5 {
		t.Errorf("%d sheets on their sides, %d upright", sides[true], sides[false])
	}
	if closed := ask[int](t, ctx, `(dispatchEvent(new Event("beforeprint")), document.querySelectorAll("details:not([open])").length)`); closed > 0 {
		t.Errorf("%d folds are closed on paper", closed)
	}
}

// TestAxe: axe-core, where it is (ASSAY_AXE names its axe.min.js), finds nothing: dark on a screen, light on a phone.
func TestAxe(t *testing.T) {
	path := os.Getenv("ASSAY_AXE")
	if path == "" {
		t.Skip("needs axe-core: ASSAY_AXE=/path/to/axe.min.js")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx := browser(t, fixture(t), 5*time.Minute)
	do(t, ctx, chromedp.Evaluate(string(axe)+";undefined", nil))
	for name, width := range map[string]int64{"dark": 1280, "light": 390} { // colours do not depend on the width
		do(t, ctx, theme(name), chromedp.EmulateViewport(width, 900))
		found := ask[json.RawMessage](t, ctx, `axe.run({resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => r.violations.map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " + n.failureSummary)]))`)
		if string(found) != "[]" {
			t.Errorf("%s at %d: %s", name, width, found)
		}
	}
}
