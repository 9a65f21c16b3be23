package gateway

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers"
	"assay/drivers/suite/loadgen/socket"
)

// stepped is a server whose answers go on by one piece for each time that go on is sent to. It allocates nothing meanwhile.
func stepped(t testing.TB, pieces int) (url string, goOn chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	goOn = make(chan struct{})
	head, piece := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n"), []byte("10\r\ndata: 12345678\n\n\r\n")
	end := []byte("10\r\ndata: 12345678\n\n\r\n0\r\n\r\n")
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		for {
			for line := []byte(nil); string(line) != "{}\n"; {
				if line, err = in.ReadSlice('\n'); err != nil {
					return
				}
			}
			_, _ = c.Write(head)
			for range pieces - 1 {
				<-goOn
				_, _ = c.Write(piece)
			}
			<-goOn
			_, _ = c.Write(end)
		}
	}()
	return "http://" + l.Addr().String(), goOn
}

// TestStraightCosts: what a request and a piece of its answer cost, in calls of the kernel and in memory, once its connections are made.
func TestStraightCosts(t *testing.T) {
	const few, many, times = 10, 410, 20
	cost := func(pieces int) (calls, allocs float64) {
		url, goOn := stepped(t, pieces)
		g, s := straight.gatewayTo(t, drivers.Upstream{URL: url})
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		request, in := []byte("POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{}\n"), make([]byte, 64<<10)
		read := func() {
			if _, err := c.Read(in); err != nil {
				t.Fatal(err)
			}
		}
		ask := func() {
			_, _ = c.Write(request)
			read() // the head
			for range pieces {
				goOn <- struct{}{}
				read()
			}
		}
		ask()
		before, made := g.lines.calls(), mallocs()
		for range times {
			ask()
		}
		return float64(g.lines.calls()-before) / times, float64(mallocs()-made) / times
	}
	calls, allocs := cost(few)
	manyCalls, manyAllocs := cost(many)
	t.Logf("%.1f calls and %.1f allocations for a request of %d pieces; %.3f and %.4f for a piece", calls, allocs, few, (manyCalls-calls)/(many-few), (manyAllocs-allocs)/(many-few))
	if each := (manyCalls - calls) / (many - few); each > 3.1 {
		t.Errorf("a piece costs %.2f calls: more than to wait for it, to read it and to write it", each)
	}
	if rest := calls - 3*few; rest > 9 {
		t.Errorf("a request costs %.1f calls beside its pieces", rest)
	}
	if each := (manyAllocs - allocs) / (many - few); each > 0.02 {
		t.Errorf("a piece takes %.3f allocations", each)
	}
	if allocs > mostOfKept {
		t.Errorf("a request takes %.0f allocations, more than %d", allocs, mostOfKept)
	}
}

// mostOfKept is what net/http takes to read the head of an answer, and what lines takes, with a tenth to spare.
const mostOfKept = 28

// mallocs is how many times this program has allocated. (testing.AllocsPerRun leaves one core, which lines would have.)
func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func (b bundle) calls() (n int) {
	for _, l := range b {
		l.mu.Lock()
		n += l.calls
		l.mu.Unlock()
	}
	return n
}

// TestKeptClients: requests on a connection go straight from the second one on, without net/http, and each server gets its own.
func TestKeptClients(t *testing.T) {
	u := newUpstream(t, nil)
	u.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		u.got.Add(1)
		_, _ = w.Write(b)
	})
	g, s := straight.gatewayTo(t, drivers.Upstream{URL: u.URL})
	g.proxy.Transport = refuser{t}
	var all sync.WaitGroup
	for c := range 20 {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			for n := range 50 {
				body := strings.Repeat("x", (c*n*37)%30000) + fmt.Sprint(c, n) // some are more than lines reads
				resp, err := client.Post(s.URL+"/v1/completions", "application/json", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				if b, err := io.ReadAll(resp.Body); err != nil || string(b) != body {
					t.Errorf("%d bytes came back of %d, %v", len(b), len(body), err)
				}
				_ = resp.Body.Close()
			}
		})
	}
	all.Wait()
	if u.got.Load() != 1000 || heldBy(g) != 20 {
		t.Errorf("the server got %d requests; lines has %d connections", u.got.Load(), heldBy(g))
	}
}

type refuser struct{ t *testing.T }

func (r refuser) RoundTrip(*http.Request) (*http.Response, error) {
	r.t.Error("a request went through the reverse proxy")
	return nil, errNone
}

// TestSlowClient: a client that does not read holds up its own server alone, and gets all in the end.
func TestSlowClient(t *testing.T) {
	const size = 32 << 20
	answer := make([]byte, size)
	for i := range answer {
		answer[i] = byte(rand.N(256))
	}
	for name, length := range map[string]string{"chunked": "", "by length": fmt.Sprint(size)} {
		t.Run(name, func(t *testing.T) {
			var sent atomic.Int64
			slow := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				for rest := answer; len(rest) > 0; rest = rest[4096:] {
					_, _ = w.Write(rest[:4096])
					sent.Add(4096)
				}
			})
			fast := newUpstream(t, says("fast"))
			_, s := straight.gatewayTo(t, drivers.Upstream{Model: "slow", URL: slow.URL}, drivers.Upstream{Model: "fast", URL: fast.URL})
			resp, err := http.Post(s.URL+"/v1/completions", "application/json", strings.NewReader(`{"model":"slow"}`))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			for range 100 {
				if _, text := post(t, s.URL, "", `{"model":"fast"}`); text != "fast" {
					t.Fatal(text)
				}
			}
			if n := sent.Load(); n == size {
				t.Error("the whole answer was taken from the server, and the client has read nothing")
			}
			sum := sha256.New()
			if n, err := io.Copy(sum, resp.Body); err != nil || n != size || [32]byte(sum.Sum(nil)) != sha256.Sum256(answer) {
				t.Errorf("%d bytes came, %v", n, err)
			}
		})
	}
}

// TestLargeRequests: what a server does not take at once is sent as it reads.
func TestLargeRequests(t *testing.T) {
	u := newUpstream(t, nil)
	u.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		_, _ = io.Copy(sum, r.Body)
		fmt.Fprintf(w, "%x", sum.Sum(nil))
	})
	g, s := straight.gatewayTo(t, drivers.Upstream{URL: u.URL})
	g.proxy.Transport = refuser{t}
	body := strings.Repeat("0123456789abcdef", mostOfStraight/16)
	if _, text := post(t, s.URL, "", body); text != fmt.Sprintf("%x", sha256.Sum256([]byte(body))) {
		t.Errorf("the server got something else: %.100s", text)
	}
}

// TestDrain: a gateway that ends finishes the answers that are under way, and ends connections that wait.
func TestDrain(t *testing.T) {
	began, more := make(chan struct{}), make(chan struct{})
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first ")
		if r.Header.Get("Wait") != "" {
			_ = http.NewResponseController(w).Flush()
			close(began)
			<-more
		}
		_, _ = io.WriteString(w, "last")
	})
	g := New(discard())
	straight.set(g, drivers.Upstream{URL: u.URL})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(ctx, l) }()
	waits, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer waits.Close()
	_, _ = io.WriteString(waits, plainPost)
	if got := answered(bufio.NewReader(waits)); !strings.HasPrefix(got, "200 first last") {
		t.Fatal(got)
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+l.Addr().String()+"/v1/completions", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Wait", "1")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	<-began
	stop()
	_ = waits.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := waits.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection that waits: %v", err)
	}
	select {
	case err := <-ended:
		t.Fatalf("it has ended before the answer: %v", err)
	default:
	}
	close(more)
	if b, err := io.ReadAll(resp.Body); string(b) != "first last" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestFloodOfKept: connections that wait make room for others, and lines forgets them.
func TestFloodOfKept(t *testing.T) {
	const most = 8
	u := newUpstream(t, says("hi"))
	g := New(discard())
	g.most = most
	straight.set(g, drivers.Upstream{URL: u.URL})
	s := straight.serve(t, g)
	for range 5 * most {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, plainPost)
		if got := answered(bufio.NewReader(c)); got != "200 hi <nil>" {
			t.Fatal(got)
		}
	}
	if n := heldBy(g); n > 2*most {
		t.Errorf("lines has %d connections", n)
	}
}

// TestServersThatEndIdleConnections: a server that closes connections which wait loses no request, and gets none twice.
func TestServersThatEndIdleConnections(t *testing.T) {
	var got atomic.Int64
	u := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Add(1)
		_, _ = io.Copy(w, r.Body)
	}))
	u.Config.IdleTimeout = 5 * time.Millisecond
	u.Start()
	defer u.Close()
	g, s := straight.gatewayTo(t, drivers.Upstream{URL: u.URL})
	g.proxy.Transport = refuser{t}
	for range 30 {
		time.Sleep(30 * time.Millisecond)
		if code, text := post(t, s.URL, "", "{}"); code != 200 || text != "{}" {
			t.Errorf("%d %s", code, text)
		}
	}
	if got.Load() != 30 {
		t.Errorf("the server got %d requests of 30", got.Load())
	}
}

// TestPipelined: requests that come behind each other in one piece are answered in their order, also those that net/http has read in
// part when its connection goes to lines.
func TestPipelined(t *testing.T) {
	u := newUpstream(t, nil)
	u.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		_, _ = w.Write(b)
	})
	_, s := straight.gatewayTo(t, drivers.Upstream{URL: u.URL})
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	in, all := bufio.NewReader(c), ""
	for n := range 12 {
		body := fmt.Sprint(n) + strings.Repeat("x", 700*n)
		all += fmt.Sprintf("POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	for range 3 {
		_, _ = io.WriteString(c, plainPost)
		if got := answered(in); got != `200 {"n":1} <nil>` {
			t.Fatal(got)
		}
		go func() { _, _ = io.WriteString(c, all) }()
		for n := range 12 {
			if got := answered(in); got != "200 "+fmt.Sprint(n)+strings.Repeat("x", 700*n)+" <nil>" {
				t.Fatalf("answer %d: %d bytes, %.20q … %.60q", n, len(got), got, got[max(0, len(got)-60):])
			}
		}
	}
}

// ends2 are the two ends of a connection.
func ends2(t *testing.T) (theirs, ours *net.TCPConn, fd int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	raw, err := b.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(n uintptr) { fd = int(n) })
	return a.(*net.TCPConn), b.(*net.TCPConn), fd
}

// TestTurns: of a server that has said a lot so much is passed on at a time, and no more.
func TestTurns(t *testing.T) {
	server, _, from := ends2(t)
	reader, writer, to := ends2(t)
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	l := &lines{g: New(discard()), turn: 1, epoll: -1, ends: map[int32]end{}}
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(l.epoll)
	x := &exchange{f: framing{code: 200, left: 1 << 40}, counted: true, client: &client{TCPConn: writer, fd: to, lines: l}}
	x.line = &line{lines: l, fd: from, id: 1, x: x}
	if err := l.register(unix.EPOLL_CTL_ADD, from, 1); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = server.Write(make([]byte, 1<<20)) }()
	for n := 0; n <= pieceSize; time.Sleep(time.Millisecond) {
		if n, err = unix.IoctlGetInt(from, unix.TIOCINQ); err != nil {
			t.Fatal(err)
		}
	}
	x.pump(true)
	if l.calls != 2 {
		t.Errorf("one server got %d calls in its turn", l.calls)
	}
	if n, err := socket.Look(l.epoll, make([]unix.EpollEvent, 1)); n != 1 || err != nil {
		t.Errorf("it is not told that there is more: %d, %v", n, err)
	}
}

// TestFastServer: a server that always has more to say keeps no other one waiting.
func TestFastServer(t *testing.T) {
	piece := make([]byte, 256<<10)
	endless := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})
	other := newUpstream(t, says("other"))
	_, s := straight.gatewayTo(t, drivers.Upstream{Model: "endless", URL: endless.URL}, drivers.Upstream{Model: "other", URL: other.URL})
	resp, err := http.Post(s.URL+"/v1/completions", "application/json", strings.NewReader(`{"model":"endless"}`))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, resp.Body) }()
	for range 20 {
		if _, text := post(t, s.URL, "", `{"model":"other"}`); text != "other" {
			t.Error(text)
		}
	}
	_ = resp.Body.Close()
}
