package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/drivers"
)

// upstream is a server that counts what reaches it.
type upstream struct {
	*httptest.Server
	got    atomic.Int64
	bodies sync.Map
}

func newUpstream(t *testing.T, answer http.HandlerFunc) *upstream {
	t.Helper()
	u := &upstream{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		u.got.Add(1)
		u.bodies.Store(string(b), true)
		answer(w, r)
	}))
	t.Cleanup(u.Close)
	return u
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// way is how requests reach a server: through the reverse proxy, or straight, once it is known that it keeps its connections.
type way bool

const straight way = true

func bothWays(t *testing.T, test func(*testing.T, way)) {
	t.Run("proxied", func(t *testing.T) { test(t, false) })
	t.Run("straight", func(t *testing.T) { test(t, straight) })
}

// front is where a gateway answers.
type front struct{ URL string }

func (w way) gatewayTo(t testing.TB, all ...drivers.Upstream) (*Gateway, front) {
	t.Helper()
	g := New(discard())
	w.set(g, all...)
	return g, w.serve(t, g)
}

// serve has a gateway answer until the test ends.
func (w way) serve(t testing.TB, g *Gateway) front {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return front{"http://" + l.Addr().String()}
}

// set replaces the servers, and tells the gateway what it would learn of them.
func (w way) set(g *Gateway, all ...drivers.Upstream) {
	g.Set(all)
	for _, s := range g.pool.now().servers {
		for i := range s.ends.kinds {
			if w == straight {
				s.ends.kinds[i].keeps.Store(true)
			}
		}
	}
}

func post(t *testing.T, url, key, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, string(b) + " " + err.Error()
	}
	return resp.StatusCode, string(b)
}

func keyFile(t *testing.T, key string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestStream: a piece of an answer reaches the client before the next one is written.
func TestStream(t *testing.T) { bothWays(t, testStream) }

func testStream(t *testing.T, w way) {
	next := make(chan struct{})
	u := newUpstream(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			<-next
		}
	})
	_, s := w.gatewayTo(t, drivers.Upstream{URL: u.URL})
	resp, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for i := range 3 {
		for lines.Scan() && lines.Text() != fmt.Sprintf("data: %d", i) {
		}
		if lines.Text() != fmt.Sprintf("data: %d", i) {
			t.Fatalf("piece %d is %q", i, lines.Text())
		}
		next <- struct{}{}
	}
}

// TestHandOver: servers come and go under load. No request fails, and none arrives twice.
func TestHandOver(t *testing.T) { bothWays(t, testHandOver) }

func testHandOver(t *testing.T, w way) {
	var all []*upstream
	var seen sync.Map
	var doubled atomic.Int64
	fresh := func() *upstream {
		u := newUpstream(t, nil)
		u.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			if _, twice := seen.LoadOrStore(string(b), true); twice {
				doubled.Add(1)
			}
			for i := range 3 {
				fmt.Fprintf(w, "%d %s\n", i, b)
				w.(http.Flusher).Flush()
				time.Sleep(2 * time.Millisecond)
			}
		})
		all = append(all, u)
		return u
	}
	old := fresh()
	g, s := w.gatewayTo(t, drivers.Upstream{URL: old.URL})
	ctx, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var failed, done atomic.Int64
	for c := range 20 {
		clients.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				body := fmt.Sprintf(`{"model":"m","client":%d,"n":%d}`, c, n)
				if code, text := post(t, s.URL, "", body); code != 200 || strings.Count(text, "\n") != 3 {
					failed.Add(1)
					t.Logf("%d %s", code, text)
				}
				done.Add(1)
			}
		})
	}
	for range 8 {
		time.Sleep(20 * time.Millisecond)
		next := fresh()
		leaves := g.pool.now().servers[0]
		w.set(g, drivers.Upstream{URL: next.URL})
		drained(t, g, leaves)
		old.Config.SetKeepAlivesEnabled(false)
		if err := old.Config.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		old = next
	}
	stop()
	clients.Wait()
	t.Logf("%d requests over 8 hand-overs", done.Load())
	if failed.Load() > 0 || doubled.Load() > 0 || done.Load() < 100 {
		t.Errorf("%d failed, %d arrived twice, of %d", failed.Load(), doubled.Load(), done.Load())
	}
}

// drained waits until nothing is under way at a server that was left out: its job lives on for that.
func drained(t *testing.T, g *Gateway, s *server) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		g.pool.mu.Lock()
		n := s.inFlight
		g.pool.mu.Unlock()
		if n == 0 {
			return
		}
	}
	t.Fatal("its last requests do not end")
}

// TestRefused: a server that refuses connections costs no request; without any the request waits, and then gets 503.
func TestRefused(t *testing.T) { bothWays(t, testRefused) }

func testRefused(t *testing.T, w way) {
	dead := newUpstream(t, says("dead"))
	dead.Close()
	alive := newUpstream(t, says("alive"))
	g, s := w.gatewayTo(t, drivers.Upstream{URL: dead.URL}, drivers.Upstream{URL: alive.URL})
	for range 20 {
		if code, text := post(t, s.URL, "", "{}"); code != 200 || text != "alive" {
			t.Fatalf("%d %s", code, text)
		}
	}
	g.Wait = 50 * time.Millisecond
	w.set(g)
	if code, text := post(t, s.URL, "", "{}"); code != http.StatusServiceUnavailable || !strings.Contains(text, "no server is Ready") {
		t.Errorf("%d %s", code, text)
	}
	g.Wait = time.Minute
	go func() {
		time.Sleep(50 * time.Millisecond)
		w.set(g, drivers.Upstream{URL: alive.URL})
	}()
	if code, text := post(t, s.URL, "", "{}"); code != 200 || text != "alive" {
		t.Errorf("one that waited: %d %s", code, text)
	}
}

// TestBrokenOff: what was sent is not sent again.
func TestBrokenOff(t *testing.T) { bothWays(t, testBrokenOff) }

func testBrokenOff(t *testing.T, w way) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var asked atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(c).ReadString('\n')
			asked.Add(1)
			_ = c.Close()
		}
	}()
	other := newUpstream(t, says("other"))
	g, s := w.gatewayTo(t, drivers.Upstream{URL: "http://" + l.Addr().String()})
	if code, text := post(t, s.URL, "", "{}"); code != http.StatusBadGateway || !strings.Contains(text, "not sent again") {
		t.Errorf("%d %s", code, text)
	}
	if asked.Load() != 1 {
		t.Errorf("it was sent %d times", asked.Load())
	}
	w.set(g, drivers.Upstream{URL: other.URL})
	if code, _ := post(t, s.URL, "", "{}"); code != 200 {
		t.Errorf("afterwards: %d", code)
	}
}

// TestKeys: without the key of a server nobody reaches it, and each server only gets those who have its own.
func TestKeys(t *testing.T) { bothWays(t, testKeys) }

func testKeys(t *testing.T, w way) {
	a, b := newUpstream(t, says("a")), newUpstream(t, says("b"))
	_, s := w.gatewayTo(t, drivers.Upstream{Model: "a", URL: a.URL, Key: keyFile(t, "key-of-a")}, drivers.Upstream{Model: "b", URL: b.URL, Key: keyFile(t, "key-of-b")},
		drivers.Upstream{Model: "c", URL: b.URL, Key: "/no/such/file"})
	for _, c := range []struct {
		key, model string
		code       int
		text       string
	}{
		{"", "a", 401, ""}, {"wrong", "a", 401, ""}, {"key-of-a", "a", 200, "a"}, {"key-of-b", "b", 200, "b"}, {"key-of-a", "b", 401, ""}, {"key-of-a", "x", 404, ""},
		{"\n", "c", 0, ""}, {"key-of-b", "c", 401, ""},
	} {
		code, text := post(t, s.URL, c.key, `{"model":"`+c.model+`"}`)
		if code != c.code || c.text != "" && text != c.text {
			t.Errorf("key %q, model %s: %d %s", c.key, c.model, code, text)
		}
	}
	if a.got.Load() != 1 || b.got.Load() != 1 {
		t.Errorf("the servers were asked %d and %d times", a.got.Load(), b.got.Load())
	}
}

// TestModels: with several models, one list names them all; requests that name one go there.
func TestModels(t *testing.T) { bothWays(t, testModels) }

func testModels(t *testing.T, w way) {
	a, b := newUpstream(t, says("a")), newUpstream(t, says("b"))
	_, s := w.gatewayTo(t, drivers.Upstream{Model: "a", URL: a.URL}, drivers.Upstream{Model: "b", URL: b.URL})
	resp, err := http.Get(s.URL + "/v1/models")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	list, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(list), `"id":"a"`) || !strings.Contains(string(list), `"id":"b"`) {
		t.Errorf("the list: %s", list)
	}
	for _, m := range []string{"a", "b", "b"} {
		if _, text := post(t, s.URL, "", `{"model":"`+m+`"}`); text != m {
			t.Errorf("model %s went to %s", m, text)
		}
	}
}

// TestFewest: requests go where the fewest are in flight.
func TestFewest(t *testing.T) { bothWays(t, testFewest) }

func testFewest(t *testing.T, w way) {
	hold := make(chan struct{})
	slow := newUpstream(t, func(http.ResponseWriter, *http.Request) { <-hold })
	fast := newUpstream(t, says("fast"))
	g, s := w.gatewayTo(t, drivers.Upstream{URL: slow.URL})
	var waiting sync.WaitGroup
	waiting.Go(func() { post(t, s.URL, "", "{}") })
	for g.pool.flying() == 0 {
		time.Sleep(time.Millisecond)
	}
	w.set(g, drivers.Upstream{URL: slow.URL}, drivers.Upstream{URL: fast.URL})
	for range 10 {
		if _, text := post(t, s.URL, "", "{}"); text != "fast" {
			t.Errorf("it went to %q", text)
		}
	}
	close(hold)
	waiting.Wait()
	for began := time.Now(); g.pool.flying() > 0 && time.Since(began) < 10*time.Second; time.Sleep(time.Millisecond) {
	} // the client has its answer before the gateway is done with it
	if n := g.pool.flying(); n != 0 {
		t.Errorf("%d requests are in flight in the end", n)
	}
}

// TestFollow: the servers are those of the file; a damaged one changes nothing.
func TestFollow(t *testing.T) {
	u := newUpstream(t, says("u"))
	g, s := way(false).gatewayTo(t)
	g.Wait = 5 * time.Second
	path := filepath.Join(t.TempDir(), "servers.json")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(drivers.UpstreamText([]drivers.Upstream{{URL: u.URL}}))
	failed := make(chan error, 10)
	go g.Follow(t.Context(), path, func(err error) { failed <- err })
	if code, _ := post(t, s.URL, "", "{}"); code != 200 {
		t.Errorf("%d", code)
	}
	write(`[{"url": "ftp://x"}]`)
	if err := <-failed; !strings.Contains(err.Error(), "ftp://x") {
		t.Error(err)
	}
	if code, _ := post(t, s.URL, "", "{}"); code != 200 {
		t.Errorf("after a damaged list: %d", code)
	}
	for path, want := range map[string]string{"/-/live": "live", "/-/metrics": "assay_gateway_upstreams 1"} {
		resp, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !strings.Contains(string(b), want) {
			t.Errorf("%s: %s", path, b)
		}
	}
}
