package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const webManifest = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: shown}
spec:
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 20ms, itl: %s}}
      resources: {time: 1h}
  benchmarks:
    - {name: q, target: llm, repeats: 2, serving: {dataset: choice, prompts: 60, outputTokens: 8, concurrency: 8, seed: 1}}
`

// webProcess is `assay web` with what it printed first: its addresses.
func (w *testWorld) web(args ...string) (addresses []string) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := w.command(ctx, append([]string{"web"}, args...)...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { cancel(); _ = c.Wait() })
	lines := 1
	if len(args) > 0 && args[0] == "--allow-actions" {
		lines = 2
	}
	for scan := bufio.NewScanner(out); len(addresses) < lines && scan.Scan(); {
		addresses = append(addresses, scan.Text())
	}
	if len(addresses) < lines {
		w.t.Fatalf("assay web printed only %q", addresses)
	}
	return addresses
}

// browser is Chromium with what it complained of.
type browser struct {
	t         *testing.T
	ctx       context.Context
	axe       string // the source of axe-core; empty: it is not installed
	complains []string
	checks    int
	width     int64 // of the window between two looks
}

func newBrowser(t *testing.T) *browser {
	path, err := exec.LookPath("chromium")
	if err != nil {
		path, err = exec.LookPath("google-chrome")
	}
	if err != nil {
		if os.Getenv("ASSAY_REQUIRE_CHROMIUM") != "" {
			t.Fatal("Chromium is needed: apt-get install chromium")
		}
		t.Skip("needs chromium: apt-get install chromium")
	}
	b := &browser{t: t, width: 1280}
	if source, err := os.ReadFile(os.Getenv("ASSAY_AXE")); err == nil {
		b.axe = string(source)
	} else if os.Getenv("ASSAY_REQUIRE_AXE") != "" {
		t.Fatalf("axe-core is needed, and ASSAY_AXE names it: %v", err)
	} else {
		t.Log("axe-core is not installed (ASSAY_AXE), so accessibility is not checked by it; make test installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	b.ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	chromedp.ListenTarget(b.ctx, func(e any) {
		switch e := e.(type) {
		case *runtime.EventConsoleAPICalled:
			b.complains = append(b.complains, fmt.Sprint("console: ", e.Type))
		case *runtime.EventExceptionThrown:
			b.complains = append(b.complains, "script: "+e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			b.complains = append(b.complains, "log: "+e.Entry.Text)
		}
	})
	b.run(network.Enable(), log.Enable(), chromedp.EmulateViewport(1280, 900))
	return b
}

func (b *browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval is the value of an expression in the page.
func (b *browser) eval(expression string, to any) {
	b.t.Helper()
	b.run(chromedp.Evaluate(expression, to, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
}

// tabTo presses the tabulator until a link or button is focused whose address, or else text, ends so, and then Enter.
func (b *browser) tabTo(end string) {
	b.t.Helper()
	var seen []string
	for range 80 {
		b.run(chromedp.KeyEvent(kb.Tab))
		var at string
		b.eval(`(e => (e.getAttribute("href") || e.textContent).trim() + (getComputedStyle(e).outlineStyle == "none" && !e.classList.contains("skip") ? " INVISIBLE" : ""))(document.activeElement)`, &at)
		if strings.HasSuffix(at, end) {
			b.run(chromedp.KeyEvent(kb.Enter))
			return
		}
		if seen = append(seen, at); strings.HasSuffix(at, "INVISIBLE") {
			b.t.Errorf("the focus is not to be seen at %q", at)
		}
	}
	b.t.Fatalf("no %s is reached by keys: %q", end, seen)
}

// until waits for an expression to be true.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		var ok bool // a page that is being left answers nothing
		_ = chromedp.Run(b.ctx, chromedp.Evaluate("(() => { try { return Boolean("+expression+") } catch { return false } })()", &ok))
		if ok {
			return
		}
		if time.Now().After(deadline) {
			var text string
			b.eval("location.href + document.body.innerText", &text)
			b.t.Fatalf("no %s: %s", what, text)
		}
	}
}

// looks checks the page as it is now at two widths in two colours.
func (b *browser) looks(name string) {
	b.t.Helper()
	for _, dark := range []bool{false, true} {
		scheme := map[bool]string{true: "dark", false: "light"}[dark]
		b.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		for _, width := range []int64{1280, 390} {
			b.run(chromedp.EmulateViewport(width, 900))
			var wrong []string
			b.eval(`(() => {
				const wrong = [], wide = document.documentElement.clientWidth
				if (document.documentElement.scrollWidth > wide) wrong.push("it is " + document.documentElement.scrollWidth + " wide")
				for (const e of document.querySelectorAll("p, h1, h2, h3, dd, dt, li, summary, label, button, .state"))
					if (e.getBoundingClientRect().right > wide + 1 && !e.closest(".box") && !e.closest(".hidden")) wrong.push("cut: " + e.textContent.trim().slice(0, 40))
				return wrong
			})()`, &wrong)
			if b.axe != "" && (width == 1280) != dark { // colours do not depend on the width
				var found string
				b.run(chromedp.Evaluate(b.axe+"; 0", nil))
				b.eval(`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.target + " " + n.failureSummary).join("; "))))`, &found)
				var all []string
				if err := json.Unmarshal([]byte(found), &all); err != nil {
					b.t.Fatal(err)
				}
				wrong = append(wrong, all...)
				b.checks++
			}
			if len(wrong) > 0 {
				b.t.Errorf("%s at %d pixels, %s:\n%s", name, width, scheme, strings.Join(wrong, "\n"))
			}
			if to := os.Getenv("ASSAY_SCREENSHOTS"); to != "" { // to look at
				var png []byte
				b.run(chromedp.FullScreenshot(&png, 100))
				if err := os.WriteFile(filepath.Join(to, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), png, 0o600); err != nil {
					b.t.Fatal(err)
				}
			}
		}
	}
	b.run(emulation.SetEmulatedMedia(), chromedp.EmulateViewport(b.width, 900))
}

// staysInPlace: when parts are replaced by newer ones, the focus, an opened fold and the order of a table stay.
func (b *browser) staysInPlace() {
	b.t.Helper()
	b.tabTo("Colours: as the system")
	b.until("light colours by key", `document.documentElement.dataset.theme == "light"`)
	b.run(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Enter))
	b.until("the system's colours", `!document.documentElement.dataset.theme`)
	b.eval(`(() => {
		document.querySelector("#jobs-table").open = true
		document.querySelector("#events thead button").click()
		document.querySelector("#events p a").focus()
		window.before = ["timeline", "events"].map(id => document.getElementById(id))
	})()`, nil)
	b.until("newer parts", `window.before.every(e => !e.isConnected)`)
	b.until("fold, order and focus as before", `document.querySelector("#jobs-table").open && document.querySelector("#events thead th").getAttribute("aria-sort") == "ascending" &&
		document.activeElement.getAttribute("href") == "/experiments/shown/events"`)
	b.eval(`document.querySelector("#main").focus()`, nil)
}

// TestWebInChromium: from an empty page by keys alone to an experiment that is applied meanwhile, its runs, and the comparison of
// its two revisions; at two widths, light and dark, without a complaint of the browser or of axe-core.
func TestWebInChromium(t *testing.T) {
	measures(t, 20*time.Second)
	w := newTestWorld(t)
	b := newBrowser(t)
	reads := w.web()[0]
	base, _, _ := strings.Cut(reads, "/?")
	b.run(chromedp.Navigate(reads))
	b.until("address without the token", `location.pathname == "/" && !location.search`)
	b.until("word of what to do", `document.body.innerText.includes("Nothing is declared yet")`)
	b.looks("empty")
	apply := func(itl string) chan string {
		done := make(chan string, 1)
		go func() {
			_, errs, code := w.run("apply", "-f", w.write("shown.yaml", fmt.Sprintf(webManifest, itl)), "--timeout", "1m")
			done <- fmt.Sprint(code, errs)
		}()
		return done
	}
	first := apply("1ms")
	b.until("experiment without a reload", `document.querySelector("a[href='/experiments/shown']")`)
	b.tabTo("/experiments/shown")
	b.until("progress", `document.querySelector("#runs tbody tr") && document.querySelector("#timeline svg")`)
	b.looks("progress")
	b.staysInPlace()
	if said := <-first; !strings.HasPrefix(said, "0") {
		t.Fatal(said)
	}
	b.until("end of the runs", `document.querySelector("#health .state").textContent.includes("Complete")`)
	b.width = 390 // the rest on a phone
	b.run(chromedp.EmulateViewport(b.width, 900))
	second := apply("4ms")
	b.tabTo("/experiments/shown/services/llm")
	b.until("service", `document.querySelector("#log") && document.querySelector("h1").textContent == "llm"`)
	b.looks("service")
	b.tabTo("/experiments/shown")
	b.until("experiment again", `document.querySelector("h1").textContent == "shown"`)
	b.tabTo("/experiments/shown/runs")
	b.until("runs", `document.querySelectorAll("#runs tbody tr").length >= 2`)
	b.looks("runs")
	b.eval(`document.querySelector("#runs tbody tr:last-child a").focus({focusVisible: true})`, nil)
	b.run(chromedp.KeyEvent(kb.Enter))
	b.until("figures of a run", `document.querySelectorAll(".tile").length > 1`)
	b.looks("run")
	if said := <-second; !strings.HasPrefix(said, "0") {
		t.Fatal(said)
	}
	b.tabTo("/experiments/shown")
	b.until("experiment once more", `document.querySelector("h1").textContent == "shown"`)
	b.tabTo("/experiments/shown/compare")
	b.until("comparison", `document.querySelectorAll("#rows tbody tr").length > 1`)
	b.looks("compare")
	b.tabTo("Compare") // the form, by its button
	b.until("comparison by the form", `location.search.includes("a=1") && document.querySelectorAll("#rows tbody tr").length > 1`)
	for _, at := range []string{"/experiments/shown/pareto", "/listeners", "/api"} {
		b.run(chromedp.Navigate(base + at))
		b.until(at, fmt.Sprintf(`location.pathname == %q && document.readyState == "complete"`, at))
		b.looks(filepath.Base(at))
	}
	if len(b.complains) > 0 {
		t.Errorf("the browser complains: %q", b.complains)
	}
	t.Logf("%d pages were given to axe-core", b.checks)
	w.must("delete", "experiment", "shown", "--yes", "--timeout", "1m")
}
