package text

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Keys are what is typed on a terminal, key by key and without an echo, until restore is called. Ctrl-C stays a signal. Of what
// is no terminal there are none.
func Keys(in any) (keys <-chan byte, restore func()) {
	f, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, func() {}
	}
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, func() {}
	}
	now := *before
	now.Lflag &^= unix.ICANON | unix.ECHO
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
	if unix.IoctlSetTermios(fd, unix.TCSETS, &now) != nil {
		return nil, func() {}
	}
	to := make(chan byte)
	go func() { // it ends with the program: a read of a terminal cannot be cut short
		defer close(to)
		for b := make([]byte, 1); ; {
			if _, err := f.Read(b); err != nil {
				return
			}
			to <- b[0]
		}
	}()
	return to, func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) }
}

// Page fills a whole terminal, which is as it was when the page is closed.
type Page struct{ out io.Writer }

// NewPage begins a page.
func NewPage(out io.Writer) Page {
	p := Page{Raw(out)}
	_, _ = p.out.Write([]byte("\x1b[?1049h\x1b[?25l"))
	return p
}

// Show replaces what is on the page. The lines fit, and are plain but for colours.
func (p Page) Show(lines []string) {
	text := "\x1b[H"
	for i, l := range lines {
		if i > 0 {
			text += "\r\n"
		}
		text += l + "\x1b[K"
	}
	_, _ = p.out.Write([]byte(text + "\x1b[J"))
}

// Close ends the page.
func (p Page) Close() { _, _ = p.out.Write([]byte("\x1b[?25h\x1b[?1049l")) }
