package remote

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers/safefile"
)

// hostileSite is a site that sends frames of its own to a laptop.
func hostileSite(t *testing.T, frames ...string) line {
	t.Helper()
	there, toSite := io.Pipe()
	here, toLaptop := io.Pipe()
	cut := func() { _, _ = toSite.Close(), toLaptop.Close(); _, _ = there.Close(), here.Close() }
	t.Cleanup(cut)
	p := newPipe(there, toLaptop, func() error { return nil })
	server := &http.Server{Protocols: protocols(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/run" {
			t.Errorf("the laptop sent %s", r.URL.Path)
			return
		}
		w.WriteHeader(http.StatusOK)
		for _, f := range frames {
			_, _ = io.WriteString(w, f)
		}
		_ = http.NewResponseController(w).Flush()
		for { // answers, until it is gone
			k, b, err := readFrame(r.Body, map[kind]int{kindRequest: mostRequest, kindPorts: mostSmall, kindSaved: mostSmall, kindInput: mostSmall})
			if err != nil {
				return
			}
			if (k == kindPorts || k == kindSaved) && !strings.Contains(string(b), "error") {
				t.Errorf("the laptop answered %q %s", k, b)
			}
			if k == kindPorts || k == kindSaved {
				_, _ = io.WriteString(w, frame(kindExit, 10, `{"Code":0}`))
				_ = http.NewResponseController(w).Flush()
			}
		}
	})}
	go func() { _ = server.Serve(&one{p: p}) }()
	return line{here, toSite, cut}
}

func jsonFrame(k kind, v any) string {
	b, _ := json.Marshal(v)
	return frame(k, uint32(len(b)), string(b))
}

// TestHostileSite: a laptop gives a site nothing that was not typed, and ends what it does not understand.
func TestHostileSite(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	victim := filepath.Join(dir, ".profile")
	if err := os.WriteFile(victim, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	sum, _, err := safefile.Sum(victim)
	if err != nil {
		t.Fatal(err)
	}
	end := jsonFrame(kindExit, exit{0})
	for name, c := range map[string]struct {
		frames []string
		want   string // of the error; empty: none
	}{
		"a file that was not offered":     {[]string{jsonFrame(kindNeed, need{sum}), end}, ""},
		"a file by its path":              {[]string{jsonFrame(kindNeed, need{"../../" + victim}), end}, ""},
		"another name to save":            {[]string{jsonFrame(kindSave, save{victim}), frame(kindData, 4, "evil"), jsonFrame(kindSaveEnd, ended{})}, ""},
		"a name that leads there":         {[]string{jsonFrame(kindSave, save{"x/../.profile"}), frame(kindData, 4, "evil"), jsonFrame(kindSaveEnd, ended{})}, ""},
		"ports that nobody asked for":     {[]string{jsonFrame(kindAskPorts, askPorts{[]int{18999}})}, ""},
		"data without a file":             {[]string{frame(kindData, 4, "evil")}, "out of turn"},
		"two files at once":               {[]string{jsonFrame(kindSave, save{"a"}), jsonFrame(kindSave, save{"b"})}, "out of turn"},
		"an exit code of another machine": {[]string{jsonFrame(kindExit, exit{4096})}, "no exit code"},
		"no JSON":                         {[]string{frame(kindExit, 3, "{x}")}, "not what it should be"},
		"an unknown frame":                {[]string{frame('?', 0, "")}, "unknown kind"},
		"a frame without end":             {[]string{frame(kindOut, 1<<31, "")}, "which can have"},
		"a request":                       {[]string{frame(kindRequest, 2, "{}")}, "unknown kind"},
	} {
		t.Run(name, func(t *testing.T) {
			l, _, _ := typed("get")
			l.Saves = []string{"typed.html"}
			_, err := Run(hostileSite(t, c.frames...), l)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			left, _ := os.ReadDir(dir)
			if b, err := os.ReadFile(victim); string(b) != "mine" || err != nil || len(left) != 1 {
				t.Errorf("%q %v %v", b, err, left)
			}
		})
	}
}

// TestHostileLaptop: a site does not run what is no request, and says so.
func TestHostileLaptop(t *testing.T) {
	for name, c := range map[string]struct{ first, want string }{
		"no request":           {frame(kindInterrupt, 0, ""), "instead of a request"},
		"no arguments":         {frame(kindRequest, 2, "{}"), "a request of 0 arguments"},
		"no JSON":              {frame(kindRequest, 1, "x"), "not what it should be"},
		"too long":             {frame(kindRequest, mostRequest+1, ""), "which can have"},
		"a file without hash":  {jsonFrame(kindRequest, Request{Args: []string{"get"}, Attached: []File{{Path: "x", Sum: "../../../etc"}}}), "with hash"},
		"a file that is giant": {jsonFrame(kindRequest, Request{Args: []string{"get"}, Attached: []File{{Path: "x", Sum: strings.Repeat("0", 64), Size: MostFile + 1}}}), "a file \"x\""},
	} {
		t.Run(name, func(t *testing.T) {
			conn, _ := laptopAndSite(t, func(context.Context, *Session) int { t.Error("it ran"); return 0 })
			tr := client(newPipe(conn, conn, conn.Close))
			r, err := http.NewRequest(http.MethodPost, "http://site/run", strings.NewReader(c.first))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := tr.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if b, err := io.ReadAll(resp.Body); !strings.Contains(string(b), c.want) || err != nil {
				t.Errorf("%q, %v, want %q", b, err, c.want)
			}
		})
	}
}

// TestNamesStayInTheirFolder: whatever a path is, a file of it lies in the folder of its hash.
func TestNamesStayInTheirFolder(t *testing.T) {
	for path, want := range map[string]string{"/a/b.jsonl": "b.jsonl", "../..": "file", "..": "file", "/": "file", "a/": "a", "a/../../b": "b", "": "file"} {
		if got := base(path); got != want {
			t.Errorf("%q becomes %q, want %q", path, got, want)
		}
	}
	if !errors.Is(Request{}.check(), nil) && (Request{Args: []string{"get"}}).check() != nil {
		t.Error("a plain request is refused")
	}
}
