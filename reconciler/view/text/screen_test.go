package text

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// attacks are what a terminal must not get from others: title, clipboard, cursor, link, direction, an 8-bit sequence.
const attacks = "\x1b]0;owned\a\x1b]52;c;cm0=\x07\x1b[2J\x1b[1A\x1b]8;;http://evil\x1b\\x\u202e\u009b2J\x9b2J\b"

// TestScreen shows the text of others as it is, without what it could do.
func TestScreen(t *testing.T) {
	var out bytes.Buffer
	s := NewScreen(&out)
	fmt.Fprintf(s, "last end: %s\n", attacks)
	if got := out.String(); strings.ContainsAny(got, "\x1b\a\b\u202e\u009b") || !strings.Contains(got, `\u001b]52;c;`) || !strings.HasSuffix(got, "\n") {
		t.Errorf("%q", got)
	}
	if Raw(s) != &out || Raw(&out) != &out {
		t.Error("the stream below is another")
	}
	if IsTerminal(s) {
		t.Error("a buffer is a terminal")
	}
}

// TestTerminal draws on a real one: its own sequences pass, those of others do not.
func TestTerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	defer master.Close()
	n, err1 := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	err2 := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil || err1 != nil || err2 != nil {
		t.Skipf("no terminal can be made here: %v, %v, %v", err, err1, err2)
	}
	defer slave.Close()
	s := NewScreen(slave)
	if !IsTerminal(s) {
		t.Fatal("a terminal is none")
	}
	l := NewLive(s)
	lines := []Line{{Object: "e/llm" + attacks, State: "Failed" + attacks, Detail: attacks}}
	l.Show(lines)
	l.Show(lines)
	Table(s, []string{"NAME"}, [][]string{{attacks}})
	fmt.Fprintln(s, attacks)
	fmt.Fprintln(s, "end")
	var got []byte
	for buf := make([]byte, 4096); !bytes.Contains(got, []byte("\nend")); {
		n, err := master.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	own := strings.NewReplacer("\x1b[2K", "", "\x1b[1A", "", "\r\n", "\n").Replace(string(got))
	if len(own) == len(got) || strings.ContainsAny(own, "\x1b\a\b\r\u202e\u009b") {
		t.Errorf("the terminal got %q", got)
	}
	if lines[0].Detail != attacks {
		t.Error("what is shown was changed")
	}
}
