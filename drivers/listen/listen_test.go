package listen

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const secret = "QW7KD2T5N4LZ6YHRA3MVXC2EBU"

// TestMain is also the program that connects as another user.
func TestMain(m *testing.M) {
	if to := os.Getenv("LISTEN_TEST_CONNECT"); to != "" {
		c, err := net.Dial("tcp", to)
		if err == nil {
			_, err = io.Copy(os.Stdout, c)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// guarded serves "hello" to those who know the secret.
func guarded(t *testing.T, h HTTP) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if h.Handler == nil {
		h.Handler = Guard(func() string { return secret }, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
				return
			}
			fmt.Fprint(w, "hello")
		}))
	}
	s := h.Serve(l)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (s *Server) address() string { return s.Listener.Addr().String() }

// ask makes one request on a connection of its own.
func ask(address, token string, body io.Reader) (int, string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	r, err := http.NewRequest(http.MethodPost, "http://"+address+"/", body)
	if err != nil {
		return 0, "", err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// closed waits until the other end has closed a connection.
func closed(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, err := io.Copy(io.Discard, c)
	timeout, ok := err.(net.Error)
	return err == nil || !ok || !timeout.Timeout()
}

func TestNobodyGetsAnythingWithoutTheToken(t *testing.T) {
	s := guarded(t, HTTP{})
	for _, given := range []string{"", "wrong", secret[:len(secret)-1], secret + "x", strings.ToLower(secret)} {
		if code, body, err := ask(s.address(), given, nil); err != nil || code != http.StatusUnauthorized || strings.Contains(body, "hello") {
			t.Errorf("%q: %d %s %v", given, code, body, err)
		}
	}
	if code, body, err := ask(s.address(), secret, nil); err != nil || code != 200 || body != "hello" {
		t.Errorf("%d %s %v", code, body, err)
	}
	basic := dial(t, s.address())
	r, _ := http.NewRequest("GET", "http://x/", nil)
	r.SetBasicAuth("anybody", secret)
	if err := r.Write(basic); err != nil {
		t.Fatal(err)
	}
	if resp, err := http.ReadResponse(bufio.NewReader(basic), r); err != nil || resp.StatusCode != 200 {
		t.Errorf("as a password: %v %v", resp, err)
	}
	none := guarded(t, HTTP{Handler: Guard(func() string { return "" }, http.NotFoundHandler())})
	if code, _, err := ask(none.address(), "", nil); err != nil || code != http.StatusUnauthorized {
		t.Errorf("a server whose token is not known yet answers %d %v", code, err)
	}
}

// TestAFloodOfIdleConnections: 2,000 connections that say nothing, twice; each time others are still served, and only few stay.
func TestAFloodOfIdleConnections(t *testing.T) {
	const flood = 2000
	s := guarded(t, HTTP{})
	keeps := dial(t, s.address())
	reader := bufio.NewReader(keeps)
	again := func() {
		t.Helper()
		fmt.Fprintf(keeps, "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", secret)
		resp, err := http.ReadResponse(reader, nil)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("a connection that had proved itself: %v %v", resp, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
	}
	again()
	served := 0
	for i := range flood {
		c, err := net.Dial("tcp", s.address())
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer c.Close()
		if i%100 == 99 {
			again()
			if code, _, err := ask(s.address(), secret, nil); err != nil || code != 200 {
				t.Fatalf("after %d idle connections: %d %v", i+1, code, err)
			}
			served++
		}
	}
	strangers, known := s.Listener.Open()
	for wait := 0; known > 1 && wait < 100; wait++ { // for the last answer's connection to be seen closed
		time.Sleep(20 * time.Millisecond)
		strangers, known = s.Listener.Open()
	}
	if strangers > mostConns || known != 1 || s.Listener.Cut() < flood-2*mostConns {
		t.Errorf("%d strangers and %d others are left, %d were cut", strangers, known, s.Listener.Cut())
	}
	t.Logf("%d idle connections: %d cut, %d left; %d of %d new requests and %d on an old connection were served", flood, s.Listener.Cut(), strangers, served, served, served+1)
}

// TestSlowHeaders: connections that send a header byte by byte are closed when its time is over, and disturb nobody.
func TestSlowHeaders(t *testing.T) {
	s := guarded(t, HTTP{})
	var slow []net.Conn
	for range 100 {
		c := dial(t, s.address())
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nX-Slow: "); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, c)
	}
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
			for _, c := range slow {
				_, _ = io.WriteString(c, "a") // to one that was closed
			}
		}
	}()
	if code, _, err := ask(s.address(), secret, nil); err != nil || code != 200 {
		t.Errorf("%d %v", code, err)
	}
	for i, c := range slow {
		if !closed(c) {
			t.Fatalf("connection %d is still open", i)
		}
	}
}

// endless is a body that has no end, and counts what was read of it.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(b []byte) (int, error) {
	if e.read.Add(int64(len(b))) > 10<<30 {
		return 0, io.EOF
	}
	return len(b), nil
}

// TestAnEndlessBody: 10 GB are refused after little of it, with and without the token.
func TestAnEndlessBody(t *testing.T) {
	s := guarded(t, HTTP{})
	for _, token := range []string{"", secret} {
		body := &endless{}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		code, _, err := ask(s.address(), token, body)
		runtime.ReadMemStats(&after)
		if err == nil && code != http.StatusUnauthorized && code != http.StatusRequestEntityTooLarge { // or the connection was reset meanwhile
			t.Errorf("answered %d", code)
		}
		if sent, made := body.read.Load(), after.TotalAlloc-before.TotalAlloc; sent > 32<<20 || made > 32<<20 {
			t.Errorf("%d bytes were sent, and %d allocated", sent, made)
		} else {
			t.Logf("token %v: %d bytes left the sender, %d were allocated, %d %v", token != "", sent, made, code, err)
		}
	}
	huge := strings.Repeat("x", 64<<10)
	c := dial(t, s.address())
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nX: "+huge+"\r\n\r\n") // it can be reset meanwhile
	if b, _ := io.ReadAll(c); !bytes.Contains(b, []byte(" 431 ")) && len(b) > 0 {
		t.Errorf("a header of 64 KiB is answered by %.80q", b)
	}
}

func TestOtherNamesAreRefused(t *testing.T) {
	s := guarded(t, HTTP{Hosts: []string{"127.0.0.1", "localhost"}})
	for host, want := range map[string]int{"127.0.0.1:80": 200, "localhost": 200, "evil.example": 421, "127.0.0.1.evil.example:80": 421, "": 400} {
		c := dial(t, s.address())
		fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", host, secret)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if host == "" && err == nil && resp.StatusCode == 421 {
			continue
		}
		if err != nil || resp.StatusCode != want {
			t.Errorf("%q: %v %v, want %d", host, resp, err, want)
		}
	}
}

// TestAnOpenServer keeps the connections whose requests it is answering, and closes those that wait.
func TestAnOpenServer(t *testing.T) {
	hold := make(chan struct{})
	var in atomic.Int32
	s := guarded(t, HTTP{Open: true, Most: 4, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		in.Add(1)
		<-hold
		fmt.Fprint(w, "hello")
	})})
	got := make(chan error, 3)
	for range 3 {
		go func() {
			code, _, err := ask(s.address(), "", nil)
			if err == nil && code != 200 {
				err = fmt.Errorf("answered %d", code)
			}
			got <- err
		}()
	}
	for in.Load() < 3 {
		time.Sleep(time.Millisecond)
	}
	for range 100 {
		dial(t, s.address())
	}
	for s.Listener.Cut() < 90 {
		time.Sleep(time.Millisecond)
	}
	close(hold)
	for range 3 {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
}

// TestOurs tells a connection of our own user from one of another.
func TestOurs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	own := dial(t, l.Addr().String())
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := Ours(c); !ours || err != nil {
		t.Errorf("our own: %v %v", ours, err)
	}
	own.Close()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if ours, _ := Ours(c); !ours {
			break // one that was closed belongs to nobody
		}
	}
	if ours, err := Ours(c); ours || err != nil {
		t.Errorf("one that was closed: %v %v", ours, err)
	}
	if os.Getuid() != 0 {
		t.Skip("another user needs root")
	}
	self, err := os.ReadFile("/proc/self/exe") // where that user can read it
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "listen")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/connect", self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(dir + "/connect")
	cmd.Env = []string{"LISTEN_TEST_CONNECT=" + l.Addr().String()}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64321, Gid: 64321}}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := Ours(c); ours || err != nil {
		t.Errorf("another user's: %v %v", ours, err)
	}
	_ = c.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
