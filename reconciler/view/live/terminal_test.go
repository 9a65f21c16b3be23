package live

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"golang.org/x/sys/unix"
)

// terminal is a small emulation of one: what it shows, and what has left it at the top.
type terminal struct {
	rows, columns int
	screen        []string // from the top; never more than rows
	row           int      // of the cursor
	past          []string // the scrollback
	unknown       []string // sequences that it does not know
}

// feed takes what was written to the terminal.
func (s *terminal) feed(b []byte) {
	if len(s.screen) == 0 {
		s.screen = []string{""}
	}
	text := string(b)
	for text != "" {
		if n := strings.IndexAny(text, "\x1b\r\n"); n != 0 {
			if n < 0 {
				n = len(text)
			}
			s.print(text[:n])
			text = text[n:]
			continue
		}
		if text[0] != '\x1b' {
			if text[0] == '\n' {
				s.down()
			}
			text = text[1:]
			continue
		}
		end := strings.IndexFunc(text, func(r rune) bool { return r >= 'A' && r <= 'z' && r != '[' })
		s.sequence(text[2:end], text[end])
		text = text[end+1:]
	}
}

func (s *terminal) sequence(argument string, letter byte) {
	n, _ := strconv.Atoi(argument)
	switch {
	case letter == 'A':
		s.row = max(0, s.row-max(n, 1))
	case letter == 'K' && n == 2:
		s.screen[s.row] = ""
	case letter == 'J' && n == 0:
		s.screen = append(s.screen[:s.row], "")
	case letter == 'm':
	default:
		s.unknown = append(s.unknown, argument+string(letter))
	}
}

// print writes from the beginning of a line on: the display writes whole lines.
func (s *terminal) print(text string) {
	for uniseg.StringWidth(text) > s.columns {
		s.unknown = append(s.unknown, "a line of "+strconv.Itoa(uniseg.StringWidth(text))+" columns")
		return
	}
	s.screen[s.row] = text
}

func (s *terminal) down() {
	if s.row++; s.row < len(s.screen) {
		return
	}
	if s.screen = append(s.screen, ""); len(s.screen) > s.rows {
		s.past, s.screen, s.row = append(s.past, s.screen[0]), s.screen[1:], s.rows-1
	}
}

// all is what a user who scrolls up sees.
func (s *terminal) all() []string { return append(append([]string(nil), s.past...), s.screen...) }

// pty is a terminal of the system, and what was written to it.
type pty struct {
	master, slave *os.File
	got           chan []byte
	size          func(rows, columns int)
}

func newPTY(t *testing.T, rows, columns int) *pty {
	t.Helper()
	t.Setenv("TERM", "xterm")
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	n, err1 := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	err2 := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil || err1 != nil || err2 != nil {
		t.Skipf("no terminal can be made here: %v, %v, %v", err, err1, err2)
	}
	t.Cleanup(func() { slave.Close() })
	p := &pty{master: master, slave: slave, got: make(chan []byte, 1), size: func(rows, columns int) {
		_ = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(rows), Col: uint16(columns)})
	}}
	p.size(rows, columns)
	go func() {
		var all []byte
		for buf := make([]byte, 4096); !bytes.Contains(all, []byte("\x04")); {
			n, err := master.Read(buf)
			if err != nil {
				break
			}
			all = append(all, buf[:n]...)
		}
		p.got <- all
	}()
	return p
}

// written ends the pty and returns what was written to it.
func (p *pty) written() []byte {
	fmt.Fprint(p.slave, "\x04")
	return bytes.TrimSuffix(<-p.got, []byte("\x04"))
}
