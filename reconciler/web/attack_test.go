package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestStrangersGetNothing: every address asks for a token; /healthz says ok and nothing else.
func TestStrangersGetNothing(t *testing.T) {
	w := newWorld(t)
	pages, data := addresses()
	all := append(append(pages, data...), "/static/web.css", "/static/icon.svg", "/experiments/e/report", "/none", "/api/v1/none", "/?token=wrong", "/?token=", "//experiments", "/experiments/../events", "/metrics")
	forged := func(r *http.Request) { r.Header.Set("Cookie", w.sessions.cookie+"=reads") }
	for _, at := range all {
		for who, prove := range map[string]func(*http.Request){"a stranger": func(*http.Request) {}, "a wrong token": bearer("wrong"), "no token": bearer(""), "a token as cookie": forged} {
			if got := w.ask("GET", at, prove); got.code != http.StatusUnauthorized || strings.Contains(got.body, "llm") {
				t.Errorf("%s gets %s: %d", who, at, got.code)
			}
		}
	}
	for _, a := range actions {
		at := strings.NewReplacer("{experiment}", "e", "{run}", "q-2-1-1").Replace(a.at) + "/" + a.verb
		for _, at := range []string{at, apiRoot + at} {
			if got := w.ask("POST", at); got.code != http.StatusUnauthorized {
				t.Errorf("a stranger posts %s: %d", at, got.code)
			}
			if got := w.ask("POST", at, bearer("reads")); got.code != http.StatusForbidden {
				t.Errorf("who may read posts %s: %d", at, got.code)
			}
		}
	}
	if got := w.ask("GET", "/healthz"); got.code != 200 || got.body != "ok\n" {
		t.Errorf("/healthz: %d %q", got.code, got.body)
	}
	if len(w.did) != 0 {
		t.Errorf("done: %+v", w.did)
	}
	w.o.Act = ""
	if got := w.ask("POST", apiRoot+"/experiments/e/delete", bearer("acts")); got.code != http.StatusUnauthorized {
		t.Errorf("without --allow-actions the second token gets %d", got.code)
	}
}

// TestTokensLeaveTheAddress: a token becomes a cookie that scripts cannot read and other sites do not send, and no redirect leads away.
func TestTokensLeaveTheAddress(t *testing.T) {
	w := newWorld(t)
	for at, want := range map[string]string{"/events?token=reads": "/events", "/experiments/e/runs?limit=3&token=reads": "/experiments/e/runs?limit=3",
		"//evil.example/?token=reads": "/", "/%5cevil.example?token=reads": "/%5Cevil.example"} {
		got := w.ask("GET", at)
		cookie, to := got.header.Get("Set-Cookie"), got.header.Get("Location")
		if got.code != http.StatusSeeOther || to != want && to != strings.ToLower(want) || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") || strings.Contains(cookie, "reads") {
			t.Errorf("%s: %d to %q with %q, want %q", at, got.code, to, cookie, want)
		}
		if strings.Contains(got.body+got.header.Get("Referrer-Policy"), "token=") {
			t.Errorf("%s: the answer holds the token", at)
		}
	}
	got := w.ask("POST", "/login", form(url.Values{"token": {"reads"}}))
	if got.code != http.StatusSeeOther || got.header.Get("Location") != "/" {
		t.Errorf("the form for a token: %d", got.code)
	}
	if got := w.ask("POST", "/login", form(url.Values{"token": {"wrong"}})); got.code != http.StatusUnauthorized {
		t.Errorf("a wrong token in the form: %d", got.code)
	}
	for range 3 * mostSessions {
		w.sessions.begin(false)
	}
	if n := len(*w.sessions.all); n > mostSessions {
		t.Errorf("%d sessions", n)
	}
}

// TestOtherSites: their pages cannot act with the cookie of a reader, forms need the token of their own session, and a name that
// somebody lets lead here is not answered.
func TestOtherSites(t *testing.T) {
	w := newWorld(t)
	acting := w.cookie("acts")
	name := strings.TrimPrefix(w.sessions.cookie, "assay-")
	if name == "" {
		t.Fatal("the cookie has no name of its own")
	}
	from := func(key, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(key, value) }
	}
	value := (*w.sessions.all)[0].form
	good := form(url.Values{"form": {value}})
	for what, edits := range map[string][]func(*http.Request){
		"another site":              {acting, good, from("Sec-Fetch-Site", "cross-site")},
		"another port":              {acting, good, from("Sec-Fetch-Site", "same-site")},
		"another origin":            {acting, good, from("Origin", "http://evil.example")},
		"no form":                   {acting},
		"the form of another one":   {acting, form(url.Values{"form": {w.sessions.begin(true)}})},
		"a form without its cookie": {good},
	} {
		if got := w.ask("POST", "/experiments/e/delete", edits...); got.code != http.StatusForbidden && got.code != http.StatusUnauthorized {
			t.Errorf("%s: %d", what, got.code)
		}
	}
	if len(w.did) != 0 {
		t.Errorf("done: %+v", w.did)
	}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx, l) }()
	w.web.URL = "http://" + l.Addr().String()
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	for name, want := range map[string]int{"evil.example": 421, "evil.example:80": 421, "localhost:1": 200, "127.0.0.1": 200, "0.0.0.0": 421} {
		if got := w.ask("GET", "/events", bearer("reads"), host(name)); got.code != want {
			t.Errorf("as %s it answers %d, want %d", name, got.code, want)
		}
	}
	if got := w.ask("GET", "/events?x="+strings.Repeat("x", 40<<10), bearer("reads")); got.code != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a huge query: %d", got.code)
	}
	if got := w.ask("POST", "/login", form(url.Values{"token": {strings.Repeat("x", 1<<20)}})); got.code != http.StatusUnauthorized {
		t.Errorf("a huge form: %d", got.code)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, address := range []string{"0.0.0.0:0", "192.0.2.1:80", ":0", "example.org:1", "nonsense"} {
		if l, err := Listen(address); err == nil {
			l.Close()
			t.Errorf("it listens at %s", address)
		}
	}
}

// TestPathsLeadNowhere: names are no paths, numbers have bounds.
func TestPathsLeadNowhere(t *testing.T) {
	w := newWorld(t)
	for at, want := range map[string]int{
		"/experiments/..%2f..%2fsecrets": 404, "/experiments/e/runs/..%2f..%2f..%2fsecrets%2fkey": 404, "/experiments/e/services/..%2fllm": 404,
		"/static/..%2ftemplates%2flayout.html": 404, "/static/..%2f..%2fweb.go": 404, "/experiments/%00": 404, "/experiments/" + strings.Repeat("a", 3000): 404,
		apiRoot + "/experiments/e/runs?limit=1000000": 400, apiRoot + "/experiments/e/runs?skip=-1": 400, apiRoot + "/experiments/e/runs?limit=x": 400,
		apiRoot + "/experiments/e/services/llm/logs?lines=1e9": 400, apiRoot + "/experiments/e/services/llm/metrics?minutes=0": 400,
		apiRoot + "/experiments/e/compare?a=../x&b=1": 400, apiRoot + "/experiments/e/compare": 400, apiRoot + "/experiments/e/runs?valid=maybe": 400,
		"/experiments/e/runs/q-2-1-1": 200, "/experiments/e/runs?skip=99": 200,
	} {
		if got := w.ask("GET", at, bearer("reads")); got.code != want || strings.Contains(got.body, "package web") {
			t.Errorf("%.80s: %d, want %d: %.200s", at, got.code, want, got.body)
		}
	}
}

// TestOneLookForAll: many who ask at once cost one observation, and one who goes away spoils it for nobody.
func TestOneLookForAll(t *testing.T) {
	var looks atomic.Int32
	s := newShared(t.Context(), time.Minute, func(ctx context.Context) (int32, error) {
		time.Sleep(50 * time.Millisecond)
		return looks.Add(1), ctx.Err()
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.get(gone); err == nil {
		t.Error("who has gone away gets an answer")
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if v, err := s.get(t.Context()); v != 1 || err != nil {
				t.Errorf("%d %v", v, err)
			}
		})
	}
	all.Wait()
	s.stale = time.Hour
	s.at = time.Now().Add(-2 * time.Minute)
	if v, err := s.get(t.Context()); v != 1 || err != nil {
		t.Errorf("while a newer one is found out: %d %v", v, err)
	}
	for looks.Load() < 2 { // the test ends it where it never comes
		time.Sleep(10 * time.Millisecond)
	}
	s.stale = 0
	s.forget()
	if v, err := s.get(t.Context()); v < 3 || err != nil {
		t.Errorf("after a change: %d %v", v, err)
	}
}
