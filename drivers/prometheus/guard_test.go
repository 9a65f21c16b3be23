package prometheus

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"assay/drivers"
)

// ask asks with a token.
func ask(t *testing.T, e *Embedded, path, token string, form url.Values) *http.Response {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, e.URL()+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// TestStrangersAskNothing: not without the token, not with that of scrapers, and not under another name.
func TestStrangersAskNothing(t *testing.T) {
	e := start(t)
	for _, path := range []string{"/", "/api/v1/query?query=1", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels", "/api/v1/label/job/values", "/api/v1/targets",
		"/api/v1/status/buildinfo", "/-/ready", "/-/healthy", "/textfile", "//textfile", "/api/../-/ready"} {
		for _, token := range []string{"", "wrong", scrapeToken} {
			if path == "/textfile" && token == scrapeToken {
				token = queryToken
			}
			resp := ask(t, e, path, token, nil)
			b, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusUnauthorized || strings.Contains(string(b), "assay_own") {
				t.Errorf("%s with %q: %d %s", path, token, resp.StatusCode, b)
			}
		}
	}
	req, err := http.NewRequest(http.MethodGet, e.URL()+"/api/v1/query?query=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example" // whose name a stranger's server made lead here
	req.Header.Set("Authorization", "Bearer "+queryToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a foreign name is answered with %d", resp.StatusCode)
	}
}

// TestTokensGoToAgentsOnly: a service that is scraped is not told the token of agents.
func TestTokensGoToAgentsOnly(t *testing.T) {
	e := start(t)
	var mu sync.Mutex
	given := map[string]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		given[r.URL.Path] = r.Header.Get("Authorization")
		mu.Unlock()
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "/led", http.StatusFound)
			return
		}
		fmt.Fprint(w, "demo 1\n")
	}))
	t.Cleanup(s.Close)
	if err := e.SetTargets(t.Context(), []drivers.Target{{ID: "n1/llm", URL: s.URL + "/service"}, {ID: "n1/node", URL: s.URL + "/agent", Agent: true},
		{ID: "n1/away", URL: s.URL + "/away", Agent: true}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, map[string]string{"/service": "", "/agent": "Bearer " + scrapeToken, "/away": "Bearer " + scrapeToken}, func() map[string]string {
		mu.Lock()
		defer mu.Unlock()
		out := map[string]string{}
		for k, v := range given {
			out[k] = v
		}
		return out
	})
	eventually(t, `"job":"assay"`, func() string { // both pools are one job
		resp := ask(t, e, "/api/v1/query", queryToken, url.Values{"query": {`count by (job) (up)`}})
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if strings.Count(string(b), `"job":"assay"`) == 1 && !strings.Contains(string(b), agents) {
			return `"job":"assay"`
		}
		return string(b)
	})
}

// TestOneQueryIsBounded: a query for all of a large database is refused before it has taken much memory, and so many at a
// time cost little more.
func TestOneQueryIsBounded(t *testing.T) {
	e := start(t)
	const series, samples = 1500, 1500
	from := time.Now().Add(-samples * time.Second)
	app := e.db.Appender(t.Context())
	for i := range series {
		l := labels.FromStrings("__name__", "big", "n", fmt.Sprint(i))
		for k := range samples {
			if _, err := app.Append(0, l, from.Add(time.Duration(k)*time.Second).UnixMilli(), float64(i)); err != nil {
				t.Fatal(err)
			}
		}
		if i%500 == 499 {
			if err := app.Commit(); err != nil {
				t.Fatal(err)
			}
			app = e.db.Appender(t.Context())
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	before := resident(t)
	peak, stop := watchResident(t)
	form := url.Values{"query": {"big"}, "start": {fmt.Sprint(from.Unix())}, "end": {fmt.Sprint(time.Now().Unix())}, "step": {"1s"}}
	var all sync.WaitGroup
	for range 3 * maxQueries {
		all.Go(func() {
			resp := ask(t, e, "/api/v1/query_range", queryToken, form)
			defer resp.Body.Close()
			b, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
			if resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(b), "too many samples") {
				t.Errorf("%d %.200s", resp.StatusCode, b)
			}
		})
	}
	all.Wait()
	close(stop)
	most := <-peak
	t.Logf("%d queries for %d samples each, at most %d at a time: %d MiB resident before, %d MiB at most", 3*maxQueries, series*samples, maxQueries, before>>20, most>>20)
	if grown := most - before; grown > 1<<30 {
		t.Errorf("they took %d MiB", grown>>20)
	}
}

// resident is the memory that this process has, in bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	var size, pages int64
	if err == nil {
		_, err = fmt.Sscan(string(b), &size, &pages)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// watchResident gives the most memory that this process had until stop is closed.
func watchResident(t *testing.T) (peak <-chan int64, stop chan struct{}) {
	out := make(chan int64, 1)
	stop = make(chan struct{})
	go func() {
		most := int64(0)
		for {
			most = max(most, resident(t))
			select {
			case <-stop:
				out <- most
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return out, stop
}
