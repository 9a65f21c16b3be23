package parent

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const secret = "k-0123456789abcdef"

// doorTo is a door in front of a server that notes what reaches it.
func doorTo(t *testing.T) (address string, reached func() []string) {
	t.Helper()
	var mu sync.Mutex
	var seen []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		seen = append(seen, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization")+" "+string(body))
		mu.Unlock()
		for i := range 3 {
			fmt.Fprintf(w, "%s %d\n", r.URL.Path, i)
			w.(http.Flusher).Flush()
		}
	}))
	t.Cleanup(s.Close)
	return serving(t, &Door{Key: secret, To: s.Listener.Addr().String()}), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string{}, seen...)
	}
}

func serving(t *testing.T, d *Door) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { d.Serve(l); close(ended) }()
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// ask sends one request and returns the status and the body.
func ask(t *testing.T, method, url string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(strings.Repeat("x", 10)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestDoor: who has the key gets what the server answers, on one connection for many requests; who has not gets nothing of it.
func TestDoor(t *testing.T) {
	address, reached := doorTo(t)
	base := "http://" + address
	for name, header := range map[string][]string{
		"no key":               nil,
		"a wrong key":          {"Authorization", "Bearer " + secret + "x"},
		"a part of the key":    {"Authorization", "Bearer " + secret[:5]},
		"an empty key":         {"Authorization", "Bearer "},
		"another scheme":       {"Authorization", "Basic " + secret},
		"a key in another one": {"X-Api-Key", secret},
	} {
		for _, path := range []string{"/v1/models", "/invocations", "/", "/metrics"} {
			if status, body := ask(t, "POST", base+path, header...); status != http.StatusUnauthorized || strings.Contains(body, " 0\n") || strings.Contains(body, secret) {
				t.Errorf("%s, %s: %d %s", name, path, status, body)
			}
		}
	}
	if got := reached(); len(got) != 0 {
		t.Fatalf("the server was asked: %v", got)
	}
	for _, header := range [][]string{{"Authorization", "Bearer " + secret}, {"Authorization", "bearer " + secret}, {"X-Chroma-Token", secret}} {
		for range 3 {
			if status, body := ask(t, "POST", base+"/v1/x", header...); status != http.StatusOK || body != "/v1/x 0\n/v1/x 1\n/v1/x 2\n" {
				t.Errorf("%v: %d %q", header, status, body)
			}
		}
	}
	if got := reached(); len(got) != 9 || !strings.HasSuffix(got[0], " xxxxxxxxxx") {
		t.Errorf("%v", got)
	}
}

// TestDoorLimits: a client that says nothing or too much is cut off, and others are served meanwhile.
func TestDoorLimits(t *testing.T) {
	address, _ := doorTo(t)
	var idle []net.Conn
	for range 2000 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprint(c, "GET / HTTP/1.1\r\nA: ")
		idle = append(idle, c)
	}
	if status, _ := ask(t, "GET", "http://"+address+"/v1/x", "Authorization", "Bearer "+secret); status != http.StatusOK {
		t.Errorf("beside idle clients: %d", status)
	}
	long, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer long.Close()
	go func() { // until it is cut off
		_, _ = long.Write(append([]byte("GET / HTTP/1.1\r\nA: "), bytes.Repeat([]byte("a"), 8<<20)...))
	}()
	for _, c := range append(idle[:1], long) {
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		if b, err := bufio.NewReader(c).ReadByte(); err == nil || os.IsTimeout(err) {
			t.Errorf("got %q, %v", b, err)
		}
	}
}

// TestSquatter: what another user's server that took the port would get is nothing.
func TestSquatter(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can listen as another user")
	}
	l := listenAs(t, 65534)
	defer l.Close()
	got := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			b, _ := io.ReadAll(c)
			got <- string(b)
		}
	}()
	d := &Door{Key: secret, To: l.Addr().String()}
	address := serving(t, d)
	if status, body := ask(t, "GET", "http://"+address+"/v1/models", "Authorization", "Bearer "+secret); status != http.StatusServiceUnavailable || !strings.Contains(body, "another user") {
		t.Errorf("%d %s", status, body)
	}
	if b := <-got; b != "" {
		t.Errorf("it got %q", b)
	}
}

// listenAs listens as another user: a socket belongs to the file system user of the thread that makes it.
func listenAs(t *testing.T, uid uintptr) net.Listener {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, uid, 0, 0)
	defer func() { _, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0) }()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// BenchmarkDoor is what the door adds to a request on a connection that stands.
func BenchmarkDoor(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	defer s.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go (&Door{Key: secret, To: s.Listener.Addr().String()}).Serve(l)
	for name, address := range map[string]string{"direct": s.Listener.Addr().String(), "door": l.Addr().String()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				req, _ := http.NewRequest("GET", "http://"+address+"/", nil)
				req.Header.Set("Authorization", "Bearer "+secret)
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		})
	}
}
