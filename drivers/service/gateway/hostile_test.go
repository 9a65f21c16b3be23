package gateway

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/drivers"
)

// raw is a server that answers every request with the bytes that answer gives, and then ends the connection if last.
func raw(t *testing.T, last bool, answer func(n int64) string) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	return accepting(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			if _, err := io.WriteString(c, answer(asked.Add(1))); err != nil || last {
				return
			}
		}
	}), asked
}

// TestHostileServers: what a server says wrong reaches no client as something right, and nothing of it reaches the next one.
func TestHostileServers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, c := range map[string]struct {
		says string
		last bool
		code int
		body string // with the error behind it
	}{
		"well":                     {ok + "Content-Length: 2\r\n\r\nhi", false, 200, "hi"},
		"chunked":                  {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", false, 200, "hi"},
		"chunked and a length":     {ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", false, 200, "hi"},
		"to the end":               {ok + "\r\nhi", true, 200, "hi"},
		"goes on first":            {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi", false, 200, "hi"},
		"nothing":                  {"HTTP/1.1 204 No Content\r\n\r\n", false, 204, ""},
		"no length, and no body":   {ok + "Content-Length: 0\r\n\r\n", false, 200, ""},
		"two answers":              {ok + "Content-Length: 2\r\n\r\nhi" + ok + "Content-Length: 6\r\n\r\nsecret", false, 200, "hi"},
		"two chunked answers":      {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + ok + "Content-Length: 6\r\n\r\nsecret", false, 200, "hi"},
		"a body where none may be": {"HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nsecret", false, 204, ""},
		"cut in a body":            {ok + "Content-Length: 9\r\n\r\nhi", true, 200, "hi unexpected EOF"},
		"cut in a chunk":           {ok + "Transfer-Encoding: chunked\r\n\r\n9\r\nhi", true, 200, "hi unexpected EOF"},
		"cut behind a chunk":       {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", true, 200, "hi unexpected EOF"},
		"a bad chunk":              {ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nX\r\n", true, 200, "hi unexpected EOF"},
		"two lengths":              {ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi", true, 502, "not sent again"},
		"a negative length":        {ok + "Content-Length: -2\r\n\r\nhi", true, 502, "not sent again"},
		"another coding":           {ok + "Transfer-Encoding: gzip\r\n\r\nhi", true, 502, "not sent again"},
		"another protocol":         {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", true, 502, "not sent again"},
		"goes on for ever":         {strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100), true, 502, "not sent again"},
		"an endless head":          {ok + strings.Repeat("X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", 200000), true, 502, "not sent again"},
		"an endless line":          {ok + strings.Repeat("x", 12<<20), true, 502, "not sent again"},
		"no head":                  {"\r\n\r\n", true, 502, "not sent again"},
		"no HTTP":                  {"220 smtp ready\r\n\r\n", true, 502, "not sent again"},
		"a status of two digits":   {"HTTP/1.1 20 OK\r\n\r\n", true, 502, "not sent again"},
		"nothing at all":           {"", true, 502, "not sent again"},
	} {
		t.Run(name, func(t *testing.T) {
			bothWays(t, func(t *testing.T, w way) {
				url, asked := raw(t, c.last, func(n int64) string { return c.says })
				_, s := w.gatewayTo(t, drivers.Upstream{URL: url})
				for n := range int64(3) {
					code, text := post(t, s.URL, "", `{"n":1}`)
					if code != c.code || !strings.HasPrefix(text, c.body) && !strings.Contains(text, c.body) || strings.Contains(text, "secret") || c.code == 200 && text != c.body {
						t.Errorf("request %d: %d %q", n, code, text)
					}
					if asked.Load() != n+1 {
						t.Errorf("request %d was sent %d times in all", n, asked.Load())
					}
				}
			})
		})
	}
}

// TestFieldsOfConnections: fields that concern one connection pass neither way, and what the gateway says of the client is its own.
func TestFieldsOfConnections(t *testing.T) {
	bothWays(t, func(t *testing.T, w way) {
		var got atomic.Pointer[http.Request]
		u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
			got.Store(r)
			w.Header()["Connection"] = []string{"X-Hop"}
			w.Header().Set("X-Hop", "1")
			w.Header().Set("Keep-Alive", "timeout=5")
			w.Header().Set("X-End", "1")
			_, _ = io.WriteString(w, "hi")
		})
		_, s := w.gatewayTo(t, drivers.Upstream{URL: u.URL})
		for range 2 { // the second one is read by lines
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/completions", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{"X-End": "2", "X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Forwarded-Host": "evil", "X-Forwarded-Proto": "https", "User-Agent": "me"} {
				r.Header.Set(name, value)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.Header.Get("X-Hop") != "" || resp.Header.Get("Keep-Alive") != "" || resp.Header.Get("X-End") != "1" || len(resp.Header["Date"]) != 1 {
				t.Errorf("the answer has %v", resp.Header)
			}
			h := got.Load().Header
			if h.Get("Forwarded") != "" || h.Get("X-Forwarded-For") != "127.0.0.1" || "http://"+h.Get("X-Forwarded-Host") != s.URL || h.Get("X-Forwarded-Proto") != "http" ||
				h.Get("X-End") != "2" || h.Get("User-Agent") != "me" || "http://"+got.Load().Host != u.URL {
				t.Errorf("the server got %v", h)
			}
		}
	})
}

const plainPost = "POST /v1/completions HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"n\":1}"

// TestHostileClients: on a connection that lines has, every other request gets the answer that net/http gives it.
func TestHostileClients(t *testing.T) {
	for name, in := range map[string]string{
		"plain":                    plainPost,
		"another method":           "GET /v1/x HTTP/1.1\r\nHost: a\r\n\r\n",
		"two at once":              plainPost + plainPost,
		"two hosts":                "POST /x HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n",
		"no host":                  "POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
		"a bad host":               "POST /x HTTP/1.1\r\nHost: a b\r\nContent-Length: 0\r\n\r\n",
		"chunked":                  "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"chunked and a length":     "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"another coding":           "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"two lengths":              "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"a signed length":          "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}",
		"a field without a name":   "POST /x HTTP/1.1\r\nHost: a\r\n: x\r\nContent-Length: 2\r\n\r\n{}",
		"a name with a space":      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\n{}",
		"a folded field":           "POST /x HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
		"a field with a NUL":       "POST /x HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
		"lines that end in LF":     "POST /x HTTP/1.1\nHost: a\nContent-Length: 2\n\n{}",
		"an old version":           "POST /x HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
		"another version":          "POST /x HTTP/3.0\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
		"an absolute path":         "POST http://evil/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
		"a query":                  "POST /x?a=b;c HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
		"our own path":             "POST /-/live HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
		"our own path, other ways": "POST /%2d/live HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
		"closes":                   "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
		"expects":                  "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/2":                   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"a large head":             "POST /x HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("y", 40<<10) + "\r\nContent-Length: 2\r\n\r\n{}",
		"no HTTP":                  "hello\r\n\r\n",
		"a TLS hello":              "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
	} {
		for how, pause := range map[string]time.Duration{"whole": 0, "in halves": 20 * time.Millisecond} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				if proxied, straight := transcript(t, false, in, pause), transcript(t, straight, in, pause); proxied != straight {
					t.Errorf("net/http: %s\nlines: %s", proxied, straight)
				}
			})
		}
	}
}

// transcript is what a server gets, and a client, that sends in behind a plain request, and a last one.
func transcript(t *testing.T, w way, in string, pause time.Duration) string {
	t.Helper()
	var served sync.Map
	u := newUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		served.Store(fmt.Sprint(r.Method, " ", r.URL), true)
		fmt.Fprintf(w, "%s %s", r.Method, r.URL)
	})
	g, s := w.gatewayTo(t, drivers.Upstream{URL: u.URL})
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	out := bufio.NewReader(c)
	_, _ = io.WriteString(c, plainPost)
	got := answered(out)
	if n := heldBy(g); w == straight && n != 1 {
		t.Fatalf("lines has %d connections", n)
	}
	in += "POST /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	_, _ = io.WriteString(c, in[:len(in)/3])
	time.Sleep(pause)
	_, _ = io.WriteString(c, in[len(in)/3:]) // it can be closed by now
	for next := "x"; next != ""; {
		next = answered(out)
		got += " | " + next
	}
	var all []string
	served.Range(func(k, _ any) bool { all = append(all, k.(string)); return true })
	u.bodies.Range(func(k, _ any) bool { all = append(all, k.(string)); return true })
	slices.Sort(all)
	return fmt.Sprintf("%s; the server got %q, %d in all", got, all, u.got.Load())
}

// answered is the next answer on a connection; empty when there is none.
func answered(in *bufio.Reader) string {
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return ""
	}
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode == http.StatusBadRequest {
		err = nil // what was not read yet resets the connection
	}
	return fmt.Sprint(resp.StatusCode, " ", string(body), " ", err)
}

// heldBy is how many clients' connections lines has.
func heldBy(g *Gateway) (n int) {
	for _, l := range g.lines {
		l.mu.Lock()
		for _, e := range l.ends {
			if _, ok := e.(*client); ok {
				n++
			}
		}
		l.mu.Unlock()
	}
	return n
}

// TestNextAgainstNetHTTP: a request that lines reads itself is one that net/http reads alike; what goes to the server is the same one
// again, and nothing else.
func TestNextAgainstNetHTTP(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	g := New(discard())
	straight.set(g, drivers.Upstream{URL: "http://server"})
	const alphabet = " \t\r\n:;,=-+_/.?%#@0123456789azAZ\x00\x7f\xffCTHX"
	taken := 0
	for range 60000 {
		in := []byte(plainPost)
		for range r.IntN(4) {
			switch at := r.IntN(len(in)); r.IntN(3) {
			case 0:
				in[at] = alphabet[r.IntN(len(alphabet))]
			case 1:
				in = append(in[:at:at], append([]byte{alphabet[r.IntN(len(alphabet))]}, in[at:]...)...)
			default:
				in = append(in[:at:at], in[at+1:]...)
			}
		}
		n, ok := nextOf(in)
		if !ok {
			continue
		}
		taken++
		from := bufio.NewReader(bytes.NewReader(in))
		want, err := http.ReadRequest(from)
		if err != nil {
			t.Fatalf("%q: net/http: %v", in, err)
		}
		body, err := io.ReadAll(want.Body)
		if left, _ := io.ReadAll(from); err != nil || len(left) > 0 || n.path != want.URL.Path || n.host != want.Host || string(n.body) != string(body) || want.Close {
			t.Fatalf("%q: %v, %q is left, %v", in, err, left, n)
		}
		s := g.pool.now().servers[0]
		sent := append(g.appendRest(n.appendFields(g.appendLine(nil, s, n.path), g.dropped(s)), s, "1.2.3.4", n.host, len(n.body)), n.body...)
		from = bufio.NewReader(bytes.NewReader(sent))
		again, err := http.ReadRequest(from)
		if err != nil {
			t.Fatalf("%q was sent as %q: %v", in, sent, err)
		}
		body, err = io.ReadAll(again.Body)
		if left, _ := io.ReadAll(from); err != nil || len(left) > 0 || again.URL.Path != n.path || again.Host != "server" || string(body) != string(n.body) ||
			again.Header.Get("Content-Type") != want.Header.Get("Content-Type") {
			t.Fatalf("%q was sent as %q", in, sent)
		}
	}
	t.Logf("%d were taken", taken)
	if taken < 1000 {
		t.Error("too few to mean anything")
	}
}
