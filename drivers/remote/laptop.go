package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// interruptedWithin is how long a verb at the site can take to end, once it was told to.
const interruptedWithin = 2 * time.Minute

// ErrInterrupted marks that the laptop did not wait for the verb to end.
var ErrInterrupted = errors.New("interrupted")

// Laptop is where a verb was typed.
type Laptop struct {
	Request  Request
	In       io.Reader
	Out, Err io.Writer
	Saves    []string // names under which the verb may save files
	Replaces bool     // these files may be there already
	Ports    bool     // the verb may open ports of loopback
	// Listener is the port that was opened for the verb; nil: none. Own keeps other users of the laptop out of ports.
	Listener  net.Listener
	Own       func(net.Listener) net.Listener
	Interrupt <-chan os.Signal // the first ends the verb, the second does not wait for it
	Edits     <-chan Manifest
	Widths    <-chan int // of the terminal, in columns, when it has changed
	Lines     func() int // its height then; nil: not known
}

// Run runs a verb at the other end of c, and returns its exit code. Without one the error is ErrLost or ErrInterrupted.
func Run(c io.ReadWriteCloser, l Laptop) (int, error) {
	p := newPipe(c, c, c.Close)
	defer p.Close()
	t := client(p)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	body, to := io.Pipe()
	defer to.Close()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://site/run", body)
	if err != nil {
		return 0, err
	}
	a := &answerer{Laptop: l, w: &writer{w: to}, post: t.RoundTrip, ctx: ctx}
	sent := make(chan struct{})
	go func() { defer close(sent); _ = a.w.sendJSON(kindRequest, l.Request) }() // what comes back tells of an error
	resp, err := t.RoundTrip(r)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrLost, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%w: assay at the site answers %s", ErrLost, resp.Status)
	}
	for _, f := range l.offered() {
		a.offered(f)
	}
	if l.Listener != nil {
		defer l.Listener.Close()
		go a.serve(l.Listener, 0)
	}
	defer a.closePorts()
	<-sent // nothing comes before it
	code, err := a.until(resp.Body)
	if k, ok := c.(interface{ Kill() }); ok && errors.Is(err, ErrInterrupted) {
		k.Kill()
	}
	return code, err
}

// offered are the files of the request.
func (l Laptop) offered() []File {
	all := l.Request.Attached
	if l.Request.Manifest != nil {
		all = append(all, l.Request.Manifest.Attached...)
	}
	return all
}

// until reads what the site says until the verb has ended, and passes on what happens here meanwhile.
func (a *answerer) until(site io.Reader) (int, error) {
	type result struct {
		code int
		err  error
	}
	done := make(chan result, 1)
	go func() {
		code, err := a.read(site)
		done <- result{code, err}
	}()
	var tooLong <-chan time.Time
	interrupt := a.Interrupt
	for {
		select {
		case r := <-done:
			return r.code, r.err
		case <-tooLong:
			return 0, fmt.Errorf("%w: the command did not end within %s", ErrInterrupted, interruptedWithin)
		case <-interrupt:
			if tooLong != nil {
				return 0, ErrInterrupted
			}
			tooLong = time.After(interruptedWithin)
			if a.Listener != nil {
				_ = a.Listener.Close() // requests under way are finished
			}
			go func() { _ = a.w.send(kindInterrupt, nil) }()
		case m := <-a.Edits:
			for _, f := range m.Attached {
				a.offered(f)
			}
			go func() { _ = a.w.sendJSON(kindManifest, m) }()
		case columns := <-a.Widths:
			t := Terminal{Columns: columns}
			if a.Lines != nil {
				t.Lines = a.Lines()
			}
			go func() { _ = a.w.sendJSON(kindTerminal, t) }()
		}
	}
}

// read obeys frames until the one that ends the verb.
func (a *answerer) read(site io.Reader) (int, error) {
	defer a.stopSaving(io.ErrUnexpectedEOF)
	for {
		k, b, err := readFrame(site, toLaptop)
		if err != nil {
			return 0, fmt.Errorf("%w: %w", ErrLost, noEOF(err))
		}
		if k == kindExit {
			e, err := parse[exit](k, b)
			if err == nil && (e.Code < 0 || e.Code > 255) {
				err = fmt.Errorf("%d is no exit code", e.Code)
			}
			return e.Code, err
		}
		if err := a.obey(k, b); err != nil {
			return 0, err
		}
	}
}
