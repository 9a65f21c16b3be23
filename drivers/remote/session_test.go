package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// line is a connection in memory. Cut breaks it.
type line struct {
	io.Reader
	io.Writer
	cut func()
}

func (l line) Close() error { l.cut(); return nil }

// laptopAndSite runs verb at a site in this process, and returns the laptop's end.
func laptopAndSite(t *testing.T, verb func(context.Context, *Session) int) (l line, served chan error) {
	t.Helper()
	there, toSite := io.Pipe()
	here, toLaptop := io.Pipe()
	cut := func() { _, _ = toSite.Close(), toLaptop.Close(); _, _ = there.Close(), here.Close() }
	served = make(chan error, 1)
	go func() { served <- Serve(context.Background(), there, toLaptop, verb) }()
	if _, err := io.ReadFull(here, make([]byte, len(magic))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cut)
	return line{here, toSite, cut}, served
}

// screen is what a laptop shows.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) { s.mu.Lock(); defer s.mu.Unlock(); return s.b.Write(p) }
func (s *screen) String() string              { s.mu.Lock(); defer s.mu.Unlock(); return s.b.String() }

func typed(args ...string) (Laptop, *screen, *screen) {
	out, errs := &screen{}, &screen{}
	return Laptop{Request: Request{Args: args, Context: "hpc"}, In: strings.NewReader(""), Out: out, Err: errs, Own: func(l net.Listener) net.Listener { return l }}, out, errs
}

// TestAVerb: arguments, streams, terminals and the exit code are those of the laptop.
func TestAVerb(t *testing.T) {
	conn, served := laptopAndSite(t, func(_ context.Context, s *Session) int {
		in, err := io.ReadAll(s.In())
		fmt.Fprintf(s.Out(), "%s of %s with %q %v %s", s.Args(), s.Context(), in, err, strings.Repeat("x", 100_000))
		fmt.Fprintf(s.Err(), "%d %d %d %v", s.out.Columns(), s.errs.Columns(), s.errs.Lines(), s.errs.Plain())
		return 7
	})
	l, out, errs := typed("get", "runs")
	l.In, l.Request.Terminal = strings.NewReader("typed"), Terminal{Err: 132, Lines: 43, Plain: true}
	code, err := Run(conn, l)
	if want := `[get runs] of hpc with "typed" <nil> ` + strings.Repeat("x", 100_000); code != 7 || err != nil || out.String() != want || errs.String() != "0 132 43 true" {
		t.Errorf("%d, %v, %.60q, %q", code, err, out.String(), errs.String())
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// forbidden fails the test when it is read.
type forbidden struct{ t *testing.T }

func (f forbidden) Read([]byte) (int, error) { f.t.Error("standard input was read"); return 0, io.EOF }

// TestInputIsReadWhenItIsWanted: what a script has for its next command stays there.
func TestInputIsReadWhenItIsWanted(t *testing.T) {
	conn, _ := laptopAndSite(t, func(context.Context, *Session) int { return 0 })
	l, _, _ := typed("get", "runs")
	l.In = forbidden{t}
	if code, err := Run(conn, l); code != 0 || err != nil {
		t.Error(code, err)
	}
}

// TestInterrupts: the first ends the verb there, the second does not wait for it, and a connection that breaks ends it too.
func TestInterrupts(t *testing.T) {
	ended := make(chan bool, 3)
	for name, c := range map[string]struct {
		obeys bool
		want  error
		do    func(line, chan os.Signal)
	}{
		"once":  {true, nil, func(_ line, i chan os.Signal) { i <- os.Interrupt }},
		"twice": {false, ErrInterrupted, func(_ line, i chan os.Signal) { i <- os.Interrupt; i <- os.Interrupt }},
		"lost":  {true, ErrLost, func(l line, _ chan os.Signal) { l.cut() }},
	} {
		t.Run(name, func(t *testing.T) {
			stubborn := make(chan struct{})
			conn, _ := laptopAndSite(t, func(ctx context.Context, s *Session) int {
				fmt.Fprint(s.Out(), "begun")
				<-ctx.Done()
				if !c.obeys {
					<-stubborn
				}
				ended <- true
				return 130
			})
			l, out, _ := typed("watch")
			i := make(chan os.Signal)
			l.Interrupt = i
			go func() {
				for !strings.Contains(out.String(), "begun") {
					time.Sleep(time.Millisecond)
				}
				c.do(conn, i)
			}()
			code, err := Run(conn, l)
			if !errors.Is(err, c.want) || c.want == nil && code != 130 {
				t.Errorf("%d, %v, want %v", code, err, c.want)
			}
			close(stubborn)
			<-ended
		})
	}
}

// TestManifestsTravel: with their secrets and files; an edit replaces them; nothing else can be had.
func TestManifestsTravel(t *testing.T) {
	dir, folder := t.TempDir(), t.TempDir()
	write := func(name, text string) File {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Attach(path)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	data := write("data.jsonl", "texts")
	other := write("other.jsonl", "changed while it is on the way")
	other.Size--
	edits := make(chan Manifest)
	conn, _ := laptopAndSite(t, func(ctx context.Context, s *Session) int {
		say := func(v ...any) { fmt.Fprintln(s.Out(), v...) }
		say(s.Secret(v1alpha1.Secret{Env: "A"}))
		say(s.Secret(v1alpha1.Secret{Env: "HOME"}))
		say(s.Fetch("/etc/hostname", folder))
		say(s.Fetch(other.Path, folder))
		to, _ := s.Place(data.Path, folder)
		say(s.Fetch(data.Path, folder), s.Fetch(data.Path, folder), strings.TrimPrefix(to, folder))
		if err := os.Chtimes(filepath.Dir(to), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Error(err)
		}
		if err := s.Fetch(data.Path, folder); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(filepath.Dir(to)); err != nil || info.ModTime().Unix() == 1 {
			t.Errorf("a file that is wanted again can be cleaned as an old one: %v", err)
		}
		got, err := os.ReadFile(to)
		say(string(got), err)
		later := make(chan Manifest, 2)
		s.Edits(func(m Manifest) { later <- m })
		<-later
		say("waiting")
		m := <-later
		v, err := s.Secret(v1alpha1.Secret{Env: "A"})
		say(m.Stamp, v, err)
		return 0
	})
	l, out, _ := typed("apply")
	l.Request.Manifest = &Manifest{Secrets: []Secret{{Env: "A", Value: "one"}}, Attached: []File{data, other}}
	l.Edits = edits
	go func() {
		for !strings.Contains(out.String(), "waiting") {
			time.Sleep(time.Millisecond)
		}
		edits <- Manifest{Stamp: "2", Secrets: []Secret{{Env: "A", Problem: "it is gone"}}}
	}()
	if code, err := Run(conn, l); code != 0 || err != nil {
		t.Fatal(code, err)
	}
	want := "one <nil>\n it was not sent from the machine on which the command was typed\n/etc/hostname was not offered by the laptop\n" +
		"fetching " + other.Path + " from the laptop: replacing " + filepath.Join(folder, other.Sum, "other.jsonl") + ": it changed while it was sent; type the command again\n" +
		"<nil> <nil> /" + data.Sum + "/data.jsonl\ntexts <nil>\n"
	if got := out.String(); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "it is gone\n") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if left, _ := filepath.Glob(folder + "/" + other.Sum + "/*"); left != nil {
		t.Errorf("%v was kept", left)
	}
}

// TestSaves: whole or not at all, and only under the names that were typed.
func TestSaves(t *testing.T) {
	dir := t.TempDir()
	typedName, other := filepath.Join(dir, "a.html"), filepath.Join(dir, "b.html")
	conn, _ := laptopAndSite(t, func(_ context.Context, s *Session) int {
		page := func(w io.Writer) error { _, err := w.Write(bytes.Repeat([]byte("page"), 50_000)); return err }
		fmt.Fprintln(s.Out(), s.Save(other, page))
		fmt.Fprintln(s.Out(), s.Save(typedName, page))
		fmt.Fprintln(s.Out(), s.Save(typedName, func(w io.Writer) error { _, _ = w.Write([]byte("half")); return errors.New("disk") }))
		return 0
	})
	l, out, _ := typed("report")
	l.Saves, l.Replaces = []string{typedName}, true
	if code, err := Run(conn, l); code != 0 || err != nil {
		t.Fatal(code, err)
	}
	if want := other + " is no file that this command was told to write\n<nil>\ndisk\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
	got, err := os.ReadFile(typedName)
	all, _ := os.ReadDir(dir)
	if err != nil || len(got) != 200_000 || len(all) != 1 {
		t.Errorf("%d bytes, %v, %v", len(got), err, all)
	}
	taken, _ := laptopAndSite(t, func(_ context.Context, s *Session) int {
		fmt.Fprint(s.Out(), errors.Is(s.Save(typedName, func(w io.Writer) error { _, err := w.Write([]byte("evil")); return err }), fs.ErrExist))
		return 0
	})
	l, out, _ = typed("site", "import")
	l.Saves = []string{typedName}
	if code, err := Run(taken, l); code != 0 || err != nil || out.String() != "true" {
		t.Error(code, err, out.String())
	}
	if now, err := os.ReadFile(typedName); err != nil || !bytes.Equal(now, got) {
		t.Errorf("a file that was to stay was replaced: %d bytes, %v", len(now), err)
	}
}

// TestPorts: connections to ports of the laptop reach what the site says, many at once, and end on both sides.
func TestPorts(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		_ = http.Serve(server, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	}()
	got := make(chan int, 1)
	conn, _ := laptopAndSite(t, func(ctx context.Context, s *Session) int {
		ports, err := s.Ports([]int{server.Addr().(*net.TCPAddr).Port}, []string{server.Addr().String()})
		if err != nil {
			t.Error(err)
			return 1
		}
		got <- ports[0]
		<-ctx.Done()
		return 0
	})
	l, _, _ := typed("tunnel")
	i := make(chan os.Signal)
	l.Ports, l.Interrupt = true, i
	go func() {
		url := fmt.Sprintf("http://127.0.0.1:%d/", <-got)
		var all sync.WaitGroup
		for n := range 20 {
			all.Go(func() {
				text := strings.Repeat(fmt.Sprint(n), 300_000)
				c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				resp, err := c.Post(url, "text/plain", strings.NewReader(text))
				if err != nil {
					t.Error(err)
					return
				}
				defer resp.Body.Close()
				if b, err := io.ReadAll(resp.Body); string(b) != text || err != nil {
					t.Errorf("%d bytes of %d, %v", len(b), len(text), err)
				}
			})
		}
		all.Wait()
		i <- os.Interrupt
	}()
	if code, err := Run(conn, l); code != 0 || err != nil {
		t.Error(code, err)
	}
}

// TestListener: the port of the laptop is a listener at the site, where none is opened.
func TestListener(t *testing.T) {
	conn, _ := laptopAndSite(t, func(ctx context.Context, s *Session) int {
		l, err := s.Listener()
		if err != nil {
			t.Error(err)
			return 1
		}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "hello from the site at "+l.Addr().String())
		})}
		go func() { <-ctx.Done(); _ = server.Shutdown(context.Background()) }()
		_ = server.Serve(l)
		return 0
	})
	l, _, _ := typed("proxy")
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i := make(chan os.Signal)
	l.Listener, l.Interrupt, l.Request.Listening = port, i, port.Addr().String()
	go func() {
		for range 3 { // over one connection that is kept
			resp, err := http.Get("http://" + port.Addr().String())
			if err != nil {
				t.Error(err)
				break
			}
			if b, err := io.ReadAll(resp.Body); string(b) != "hello from the site at "+port.Addr().String() || err != nil {
				t.Errorf("%q, %v", b, err)
			}
			_ = resp.Body.Close()
		}
		http.DefaultClient.CloseIdleConnections()
		i <- os.Interrupt
	}()
	if code, err := Run(conn, l); code != 0 || err != nil {
		t.Error(code, err)
	}
}
