package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"assay/reconciler/view"
)

// inline is what the policy of a page forbids.
var inline = regexp.MustCompile(`<script[^>]*>[^<]|<[a-z][^>]* on[a-z]+=|<[a-z][^>]* style=|<style|<img|javascript:`)

// TestEveryAddress: pages need nothing inline, data is JSON, both say when nothing has changed, and text of others stays text.
func TestEveryAddress(t *testing.T) {
	w := newWorld(t)
	pages, data := addresses()
	asked := w.cookie("acts")
	for _, at := range append(pages, "/experiments/e/delete", "/experiments/e/runs/q-2-1-1/rerun", "/experiments/e/runs?limit=2&skip=1&benchmark=q&phase=complete&valid=yes") {
		got := w.ask("GET", at, asked)
		if got.code != 200 || !strings.HasSuffix(strings.TrimSpace(got.body), "</html>") {
			t.Errorf("%s: %d %s", at, got.code, got.body)
		}
		text := strings.ReplaceAll(got.body, "http://javascript:", "")
		if bad := inline.FindString(text); bad != "" && !strings.Contains(bad, "javascript:") {
			t.Errorf("%s has %q", at, bad)
		}
		for _, bad := range []string{"\u202e", "\x1b", `href="javascript`, "<script>", canary} {
			if strings.Contains(got.body, bad) {
				t.Errorf("%s holds %q", at, bad)
			}
		}
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(got.header.Get("Content-Security-Policy"), want) {
				t.Errorf("%s: policy %q", at, got.header.Get("Content-Security-Policy"))
			}
		}
	}
	for _, at := range data {
		got := w.ask("GET", at, bearer("reads"))
		if got.code != 200 || got.header.Get("Content-Type") != "application/json" || !json.Valid([]byte(got.body)) || strings.Contains(got.body, "\u202e") || strings.Contains(got.body, canary) {
			t.Errorf("%s: %d %s %s", at, got.code, got.header, got.body)
		}
	}
	doc := w.ask("GET", "/api", asked).body
	for _, d := range documented() {
		if !strings.Contains(doc, "<code>"+d.Example()+"</code>") {
			t.Errorf("/api does not document %s", d.Path)
		}
	}
	if n := len(documented()); n < len(routes())+len(actions) {
		t.Errorf("%d addresses are documented", n)
	}
	got := w.ask("GET", "/experiments/e/services/llm", asked)
	if !strings.Contains(got.body, "&lt;script&gt;alert(1)") || !strings.Contains(got.body, `\u202e`) || !strings.Contains(got.body, "[REDACTED]") {
		t.Error("hostile text is not shown as text")
	}
	report := w.ask("GET", "/experiments/e/report", asked)
	if p := report.header.Get("Content-Security-Policy"); report.code != 200 || !strings.HasPrefix(p, "sandbox allow-scripts") || strings.Contains(p, "allow-same-origin") || strings.Contains(p, "connect-src") {
		t.Errorf("the report: %d, policy %q", report.code, p)
	}
	if got := w.ask("GET", "/experiments/none/report", asked); got.code != 404 {
		t.Errorf("a report of nothing: %d", got.code)
	}
	same := w.ask("GET", "/api", asked, func(r *http.Request) { r.Header.Set("If-None-Match", w.ask("GET", "/api", asked).header.Get("ETag")) })
	if same.code != http.StatusNotModified || same.body != "" {
		t.Errorf("nothing has changed, and the answer is %d", same.code)
	}
}

// TestTheDataIsThatOfGet: objects are those of assay get -o json, and runs come page by page.
func TestTheDataIsThatOfGet(t *testing.T) {
	w := newWorld(t)
	s, err := view.Read(w.St)
	if err != nil {
		t.Fatal(err)
	}
	for at, f := range map[string]view.Filter{"/experiments/e/runs": {Experiment: "e", Limit: 50}, "/experiments/e/runs?limit=5&skip=3": {Experiment: "e", Limit: 5, Skip: 3}} {
		items, err := s.Objects("runs", f)
		if err != nil {
			t.Fatal(err)
		}
		var list struct {
			Kind  string
			Items []struct{ Metadata view.Metadata }
		}
		if err := json.Unmarshal([]byte(w.ask("GET", apiRoot+at, bearer("reads")).body), &list); err != nil {
			t.Fatal(err)
		}
		if at == "/experiments/e/runs" {
			list.Items = list.Items[1:] // the one that runs is in no folder
		}
		if list.Kind != "List" || len(list.Items) != len(items) {
			t.Fatalf("%s: %d items, want %d", at, len(list.Items), len(items))
		}
	}
	var next upcoming
	if err := json.Unmarshal([]byte(w.ask("GET", apiRoot+"/experiments/e/next", bearer("reads")).body), &next); err != nil {
		t.Fatal(err)
	}
	if len(next.Steps) != 1 || next.Steps[0].Object != "e/llm/0" || len(next.Waiting) != 2 || len(next.Planned) != 1 {
		t.Errorf("next: %+v", next)
	}
	w.now.Runs = nil
	if got := w.ask("GET", apiRoot+"/experiments/none", bearer("reads")); got.code != 404 || !strings.Contains(got.body, "assay get experiments") {
		t.Errorf("%d %s", got.code, got.body)
	}
}

// TestStatisticsOfPages: the comparison calls what differs, and the front is made of what no other point beats.
func TestStatisticsOfPages(t *testing.T) {
	w := newWorld(t)
	var rows []struct {
		Metric    string
		Different bool
	}
	if err := json.Unmarshal([]byte(w.ask("GET", apiRoot+"/experiments/e/compare?a=1&b=2", bearer("reads")).body), &rows); err != nil {
		t.Fatal(err)
	}
	called := 0
	for _, r := range rows {
		if r.Metric == "output_throughput" && r.Different {
			called++
		}
	}
	if called != 2 {
		t.Errorf("twice the throughput is called at %d of 2 points: %+v", called, rows)
	}
	page := w.ask("GET", "/experiments/e/compare", w.cookie("reads")).body // the last two
	for _, want := range []string{"between revision 1 and 2", "better", "output_throughput"} {
		if !strings.Contains(page, want) {
			t.Errorf("the comparison lacks %q", want)
		}
	}
	var t2 trades
	if err := json.Unmarshal([]byte(w.ask("GET", apiRoot+"/experiments/e/pareto", bearer("reads")).body), &t2); err != nil {
		t.Fatal(err)
	}
	if len(t2.Points) != 2 || t2.Revision != 2 {
		t.Fatalf("%+v", t2)
	}
	for i, p := range t2.Points { // c=1: 201 tok/s at 11 ms, c=2: 402 tok/s at 21 ms, on two GPUs
		if p.GPUs != 2 || *p.GPU != float64(201*(i+1)+1-i)/2 && *p.GPU != float64(200*(i+1)+2)/2 || !p.Front || *p.Joules != 0.5 || *p.Power != 300 || p.User < 1000/21.5 || p.User > 1000/10.5 {
			t.Errorf("point %d: %+v, %g tok/s/GPU", i, p, *p.GPU)
		}
	}
	if page := w.ask("GET", "/experiments/e/pareto", w.cookie("reads")).body; !strings.Contains(page, "chart-front") {
		t.Error("the front is not drawn")
	}
	for revision, want := range map[string]string{"2": `"verdict": "GO"`, "1": `"verdict": "NO-GO"`} { // 201 and 402 tok/s, 101 and 202
		if got := w.ask("GET", apiRoot+"/experiments/e/gates?revision="+revision, bearer("reads")); got.code != 200 || !strings.Contains(got.body, want) {
			t.Errorf("gates of revision %s: %d %s", revision, got.code, got.body)
		}
	}
	if got := w.ask("GET", apiRoot+"/experiments/e/compare?a=1&b=77", bearer("reads")); got.code != 404 || !strings.Contains(got.body, "no revision 77") {
		t.Errorf("%d %s", got.code, got.body)
	}
}

// TestWishes: only the token for acting acts, after a question; a wish is an event, is not carried out twice at a time, and says
// what came of it.
func TestWishes(t *testing.T) {
	w := newWorld(t)
	reading, acting := w.cookie("reads"), w.cookie("acts")
	if page := w.ask("GET", "/experiments/e", reading).body; strings.Contains(page, "/experiments/e/delete") {
		t.Error("who may only read is offered to delete")
	}
	if got := w.ask("GET", "/experiments/e/delete", reading); got.code != 403 {
		t.Errorf("who may only read is asked: %d", got.code)
	}
	question := w.ask("GET", "/experiments/e/suspend", acting).body
	_, value, _ := strings.Cut(question, `name="form" value="`)
	value, _, _ = strings.Cut(value, `"`)
	held := make(chan struct{})
	w.does = func(Wish) (string, error) { <-held; return "a line", errors.New("it failed") }
	sent := form(url.Values{"form": {value}})
	if got := w.ask("POST", "/experiments/e/suspend", acting, sent); got.code != http.StatusSeeOther || got.header.Get("Location") != "/experiments/e" {
		t.Fatalf("%d %s", got.code, got.body)
	}
	if got := w.ask("POST", apiRoot+"/experiments/e/suspend", bearer("acts")); got.code != http.StatusConflict {
		t.Errorf("the same wish at the same time: %d", got.code)
	}
	close(held)
	w.does = func(Wish) (string, error) { return "a line", nil }
	got := w.ask("POST", apiRoot+"/experiments/e/runs/q-2-1-1/rerun", bearer("acts"))
	if got.code != 200 || !strings.Contains(got.body, `"state": "Complete"`) || !strings.Contains(got.body, "a line") {
		t.Errorf("%d %s", got.code, got.body)
	}
	if want := (Wish{"rerun", "e", "q-2-1-1"}); len(w.did) != 2 || w.did[0] != (Wish{Verb: "suspend", Experiment: "e"}) || w.did[1] != want {
		t.Errorf("%+v", w.did)
	}
	page := w.ask("GET", "/experiments/e", acting).body
	if !strings.Contains(page, "it failed") || !strings.Contains(page, "/experiments/e/delete") {
		t.Error("the page says not what came of it, or does not offer more")
	}
	events, err := w.St.Events("e")
	if err != nil || len(events) != 3 || events[1].Reason != "Requested" || !strings.HasPrefix(events[1].Message, "web: suspend") || events[2].Object != "run/q-2-1-1" {
		t.Errorf("%+v %v", events, err)
	}
	for _, at := range []string{"/experiments/none/delete", "/experiments/e/runs/none/rerun"} {
		if got := w.ask("POST", apiRoot+at, bearer("acts")); got.code != 404 {
			t.Errorf("%s: %d", at, got.code)
		}
	}
	if len(w.did) != 2 {
		t.Errorf("done: %+v", w.did)
	}
}
