package bounded

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// endless sends zeros until the client has gone, up to 10 GB, and counts them.
func endless(sent *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		piece := make([]byte, 1<<20)
		for range 10 << 10 {
			n, err := w.Write(piece)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

func get(t *testing.T, c *http.Client, url string) ([]byte, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer s3cret-key")
	req.Header.Set("X-Chroma-Token", "s3cret-key")
	req.Header.Set("Cookie", "session=s3cret-key")
	res, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return b, res, err
}

// TestTenGigabytes reads no more of an answer than its limit, and says so; an honest one beside it is whole.
func TestTenGigabytes(t *testing.T) {
	var sent atomic.Int64
	hostile, honest := serve(t, endless(&sent)), serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1<<20)) })
	c := Client(Options{Limit: 1 << 20})
	defer c.CloseIdleConnections()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b, _, err := get(t, c, hostile)
	runtime.ReadMemStats(&after)
	large, ok := errors.AsType[*TooLarge](err)
	if !ok || large.Limit != 1<<20 || len(b) != 1<<20 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("%d bytes were allocated for it", used)
	}
	if sent.Load() > 64<<20 { // what the kernel's buffers took
		t.Errorf("%d bytes were taken from it", sent.Load())
	}
	if b, _, err := get(t, c, honest); len(b) != 1<<20 || err != nil {
		t.Errorf("the honest answer, which is as large as the limit: %d bytes, %v", len(b), err)
	}
}

// TestBudget ends the answers of a run that are too many together; what one more request grants is theirs.
func TestBudget(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1000)) })
	budget := NewBudget(1500)
	c := Client(Options{Budget: budget})
	defer c.CloseIdleConnections()
	for i, want := range []bool{false, true, true} {
		_, _, err := get(t, c, url)
		if large, ok := errors.AsType[*TooLarge](err); ok != want || ok && !large.Run {
			t.Errorf("answer %d: %v", i, err)
		}
	}
	budget.Grant(1 << 20)
	if _, _, err := get(t, c, url); err != nil {
		t.Errorf("after a grant: %v", err)
	}
}

// TestHeadersAndCompression: endless headers end, and a body that claims to be compressed is not unpacked.
func TestHeadersAndCompression(t *testing.T) {
	c := Client(Options{})
	defer c.CloseIdleConnections()
	headers := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := http.NewResponseController(w).Hijack()
		defer conn.Close()
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for err == nil {
			_, err = io.WriteString(conn, "X-Filler: "+strings.Repeat("y", 4000)+"\r\n")
		}
	})
	if _, _, err := get(t, c, headers); err == nil {
		t.Error("endless headers were taken")
	}
	bomb := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("it asks for %s", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for range 64 {
			_, _ = z.Write(make([]byte, 1<<20))
		}
		_ = z.Close()
	})
	if b, _, err := get(t, c, bomb); len(b) > 1<<20 || err != nil {
		t.Errorf("the bomb has %d bytes, %v", len(b), err)
	}
}

// TestRedirects takes credentials nowhere: to another port of the same host it does not go, to the same origin without them.
func TestRedirects(t *testing.T) {
	var seen []http.Header
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { seen = append(seen, r.Header) })
	var there []http.Header
	first := ""
	first = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other+"/", http.StatusTemporaryRedirect)
		case "/here":
			http.Redirect(w, r, first+"/end", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, first+"/loop", http.StatusFound)
		default:
			there = append(there, r.Header)
		}
	})
	c := Client(Options{})
	defer c.CloseIdleConnections()
	if _, res, err := get(t, c, first+"/away"); err != nil || res.StatusCode != http.StatusTemporaryRedirect || len(seen) > 0 {
		t.Errorf("to another port: %v, which saw %v", err, seen)
	}
	if _, res, err := get(t, c, first+"/here"); err != nil || res.StatusCode != http.StatusOK || len(there) != 1 {
		t.Fatalf("to the same origin: %v", err)
	}
	for name, values := range there[0] {
		if strings.Contains(strings.Join(values, " "), "s3cret-key") {
			t.Errorf("the redirect carries %s: %s", name, values)
		}
	}
	if _, _, err := get(t, c, first+"/loop"); err == nil {
		t.Error("a loop is followed for ever")
	}
	stay := Client(Options{Stay: true})
	defer stay.CloseIdleConnections()
	if _, res, err := get(t, stay, first+"/here"); err != nil || res.StatusCode != http.StatusFound {
		t.Errorf("one that stays: %v", err)
	}
}

func TestOrigin(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"http://h/x", "http://H:80/y", true}, {"https://h:443", "https://h", true}, {"http://h", "https://h", false},
		{"http://h:1", "http://h:2", false}, {"http://h", "http://h.evil", false}, {"http://u:p@h", "http://h", true},
	} {
		a, _ := url.Parse(c.a)
		b, _ := url.Parse(c.b)
		if (origin(a) == origin(b)) != c.same {
			t.Errorf("%s and %s: %s, %s", c.a, c.b, origin(a), origin(b))
		}
	}
}

// TestPrograms: one that prints without end is ended, and its errors are cut.
func TestPrograms(t *testing.T) {
	run := func(script string) *exec.Cmd {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		t.Cleanup(cancel)
		c := exec.CommandContext(ctx, "sh", "-c", script)
		c.WaitDelay = time.Second
		return c
	}
	out, errs, err := Output(run("trap '' PIPE; echo said >&2; while :; do echo 0123456789; done 2>/dev/null"), 1000)
	if large, ok := errors.AsType[*TooLarge](err); !ok || large.Limit != 1000 || len(out) != 1000 || errs != "said\n" {
		t.Errorf("%d bytes, %q, %v", len(out), errs, err)
	}
	out, errs, err = Output(run("head -c 100000000 /dev/zero >&2; printf ok; exit 3"), 1000)
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 3 || string(out) != "ok" || len(errs) != maxErrors {
		t.Errorf("%q and %d bytes of errors, %v", out, len(errs), err)
	}
	if out, err := Combined(run("echo a; echo b >&2"), 1000); string(out) != "a\nb\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := Combined(run("yes"), 1000); !errors.As(err, new(*TooLarge)) {
		t.Errorf("yes: %v", err)
	}
	if _, _, err := Output(exec.Command("/nowhere/at/all"), 1000); err == nil {
		t.Error("a program that is not there has run")
	}
}

func TestTail(t *testing.T) {
	tail := &Tail{Limit: 5}
	for _, s := range []string{"ab", "cdef", "", "0123456789", "x"} {
		if n, err := tail.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if got := tail.String(); got != "6789x" {
		t.Errorf("%q", got)
	}
}
