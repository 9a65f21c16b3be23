package live

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"assay/reconciler/view/text"
)

// attacks are what a terminal must not get from others: title, clipboard, cursor, link, direction, an 8-bit sequence.
const attacks = "\x1b]0;owned\a\x1b]52;c;cm0=\x07\x1b[2J\x1b[1A\x1b]8;;http://evil\x1b\\x\u202e\u009b2J\x9b2J\b"

func services(n int, state string, class Class) (out []Row) {
	for i := range n {
		out = append(out, Row{Object: fmt.Sprintf("e/s%03d", i), Kind: "service", State: state, Class: class, Detail: fmt.Sprintf("http://node-%03d:8000", i)})
	}
	return out
}

// TestNothingScrollsAway: 30 rows in a terminal of 10 lines, drawn again and again while they come up and other lines are
// printed; afterwards each line is there once, wherever the user scrolls. With one line a row, as it was, 105 lines were in the
// scrollback after five drawings.
func TestNothingScrollsAway(t *testing.T) {
	p := newPTY(t, 10, 80)
	out := text.NewScreen(p.slave)
	fmt.Fprintln(out, "experiment/e created")
	d := New(out)
	rows := services(30, "Starting", Moving)
	for i := range rows {
		d.Rows(rows)
		rows[i].State, rows[i].Class = "Ready", Done
		if i%7 == 3 {
			fmt.Fprintf(out, "a note in between, number %d\n", i)
		}
	}
	d.Rows(rows)
	d.Close()
	fmt.Fprintln(out, "the summary")
	s := &terminal{rows: 10, columns: 80}
	s.feed(p.written())
	got := s.all()
	if len(s.unknown) > 0 {
		t.Errorf("the terminal was told %q", s.unknown)
	}
	want := []string{"experiment/e created", "a note in between, number 3", "a note in between, number 10", "a note in between, number 17", "a note in between, number 24", "30 services Ready", "the summary", ""}
	if !slices.Equal(got, want) {
		t.Errorf("the user sees\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestResize: a terminal that becomes narrower and lower shows the block once.
func TestResize(t *testing.T) {
	p := newPTY(t, 24, 80)
	d := New(p.slave)
	rows := services(20, "Starting", Moving)
	d.Rows(rows)
	p.size(10, 80)
	d.Redraw()
	lines := d.drawn
	if len(lines) != 9 || d.size != (Size{10, 80}) {
		t.Fatalf("%d lines for %+v", len(lines), d.size)
	}
	p.size(10, 40)
	d.Redraw()
	for _, l := range d.drawn {
		if text.Width(text.Unpainted(l)) > 40 {
			t.Errorf("%q is too wide", l)
		}
	}
	d.Close()
	if got := p.written(); !bytes.Contains(got, []byte("\x1b[9A\x1b[J")) {
		t.Errorf("the block of 9 lines is not taken away: %q", got)
	}
}

// TestOthersDoNotDraw: what servers and schedulers say cannot move the cursor.
func TestOthersDoNotDraw(t *testing.T) {
	p := newPTY(t, 24, 200)
	d := New(p.slave)
	d.Rows([]Row{{Object: "e/llm" + attacks, State: "Failed" + attacks, Detail: attacks}})
	d.Rows([]Row{{Object: "e/llm" + attacks, State: "Ready" + attacks, Detail: attacks}})
	d.Close()
	got := p.written()
	own := strings.NewReplacer("\x1b[2K", "", "\x1b[1A", "", "\r\n", "\n", "\r", "").Replace(text.Unpainted(string(got)))
	if len(own) == len(got) || strings.ContainsAny(own, "\x1b\a\b\u202e\u009b") {
		t.Errorf("the terminal got %q", got)
	}
}

// TestColours: NO_COLOR takes the colours away, and so does a terminal that cannot; CLICOLOR_FORCE brings them everywhere.
func TestColours(t *testing.T) {
	p := newPTY(t, 24, 80)
	var pipe bytes.Buffer
	for _, c := range []struct {
		name, no, force, term string
		tty, pipe             bool
	}{
		{"as it is", "", "", "xterm", true, false},
		{"NO_COLOR", "1", "", "xterm", false, false},
		{"NO_COLOR and CLICOLOR_FORCE", "1", "1", "xterm", false, false},
		{"CLICOLOR_FORCE", "", "1", "xterm", true, true},
		{"CLICOLOR_FORCE=0", "", "0", "xterm", true, false},
		{"dumb", "", "", "dumb", false, false},
	} {
		t.Setenv("NO_COLOR", c.no)
		t.Setenv("CLICOLOR_FORCE", c.force)
		t.Setenv("TERM", c.term)
		if tty, pipe := text.Colours(p.slave), text.Colours(&pipe); tty != c.tty || pipe != c.pipe {
			t.Errorf("%s: terminal %v, pipe %v", c.name, tty, pipe)
		}
	}
	if d := New(p.slave); d.Terminal() {
		t.Error("a dumb terminal is redrawn")
	}
}

// TestLines prints a line when a state or its reason changes, and none when only the detail does.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	d := New(&out)
	for _, line := range []Line{{"e/web", "", "", "queued"}, {"e/web", "Starting", "", "1"}, {"e/web", "Starting", "", "2"}, {"e/web", "Ready", "", "http://n:1"}} {
		d.Lines([]Line{line})
		d.Rows(services(3, "Ready", Done))
	}
	if got := strings.Count(out.String(), "\n"); got != 3 || !strings.Contains(out.String(), "Ready                http://n:1") || strings.Contains(out.String(), " 2\n") {
		t.Errorf("%d lines:\n%s", got, out.String())
	}
	out.Reset()
	for _, line := range []Line{{"e/q", "Waiting", "WaitingForTarget", "llm is not Ready"}, {"e/q", "Waiting", "WaitingForWalltime", "job 7 has 19s left"}, {"e/q", "Waiting", "WaitingForWalltime", "job 7 has 18s left"}} {
		d.Lines([]Line{line})
	}
	if got := out.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "19s left") {
		t.Errorf("why something waits is not printed once:\n%s", got)
	}
}

// TestKeys: a key counts when it is typed, is not shown, and the terminal is afterwards as it was.
func TestKeys(t *testing.T) {
	p := newPTY(t, 24, 80)
	before, err := unix.IoctlGetTermios(int(p.slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	keys, restore := text.Keys(p.slave)
	if _, err := p.master.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	select {
	case k := <-keys:
		if k != 'q' {
			t.Errorf("%q was typed", k)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("a key counts only with the line")
	}
	restore()
	after, err := unix.IoctlGetTermios(int(p.slave.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal was %+v and is %+v, %v", before, after, err)
	}
	if got := p.written(); len(got) > 0 {
		t.Errorf("what was typed is shown: %q", got)
	}
	if keys, restore := text.Keys(&bytes.Buffer{}); keys != nil {
		t.Error("a buffer has keys")
	} else {
		restore()
	}
}

// TestPage: the terminal is as it was when the page is closed, and no line of the page stays.
func TestPage(t *testing.T) {
	var out bytes.Buffer
	page := text.NewPage(&out)
	page.Show([]string{"a", "b"})
	page.Close()
	if got := out.String(); !strings.HasPrefix(got, "\x1b[?1049h\x1b[?25l") || !strings.HasSuffix(got, "\x1b[?25h\x1b[?1049l") || !strings.Contains(got, "\x1b[Ha\x1b[K\r\nb\x1b[K\x1b[J") {
		t.Errorf("%q", got)
	}
}
