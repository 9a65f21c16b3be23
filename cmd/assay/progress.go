package main

import (
	"fmt"
	"time"
)

// progressLine is one line on standard error that says how far something is: redrawn on a terminal, now and then elsewhere.
type progressLine struct {
	a     *app
	tty   bool
	total int
	next  time.Time
}

func newProgress(a *app, total int) *progressLine {
	return &progressLine{a: a, tty: isTerminal(a.err), total: total, next: time.Now().Add(10 * time.Second)}
}

func (p *progressLine) show(done int, what string) {
	switch {
	case p.tty && done == p.total:
		fmt.Fprint(p.a.err, "\r\x1b[2K")
	case p.tty:
		fmt.Fprintf(p.a.err, "\r\x1b[2K%d of %d files  %.80s", done, p.total, what)
	case time.Now().After(p.next):
		p.a.say("%d of %d files", done, p.total)
		p.next = time.Now().Add(10 * time.Second)
	}
}

// bytesWord is a size for people.
func bytesWord(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/1024, 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", v, units[i])
}
