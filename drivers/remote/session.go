package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Session is what a verb at the site gets from the laptop on which it was typed.
type Session struct {
	request Request
	w       *writer
	in      *farInput
	out     *farOutput
	errs    *farOutput
	ctx     context.Context // ends with the verb
	done    chan struct{}   // closed once the verb has ended

	mu        sync.Mutex
	manifest  *Manifest
	edits     func(Manifest) // gets later ones
	secrets   map[Secret]Secret
	attached  map[string]File   // by path
	placed    map[string]string // places here that PlaceAll has named -> paths on the laptop
	waiting   map[string]*transfer
	forwards  []string // addresses that the laptop's ports lead to
	ports     chan gotPorts
	saved     chan ended
	accepting *listener
}

func newSession() *Session {
	return &Session{done: make(chan struct{}), secrets: map[Secret]Secret{}, attached: map[string]File{}, placed: map[string]string{}, waiting: map[string]*transfer{},
		ports: make(chan gotPorts, 1), saved: make(chan ended, 1), accepting: newListener()}
}

// ended is closed once the verb has ended, or at once when none has begun.
func (s *Session) ended(begun bool) <-chan struct{} {
	if begun {
		return s.done
	}
	c := make(chan struct{})
	close(c)
	return c
}

// run answers POST /run.
func (s *Session) run(ctx context.Context, w http.ResponseWriter, r *http.Request, verb func(context.Context, *Session) int) {
	defer close(s.done)
	flush := http.NewResponseController(w).Flush
	s.w = &writer{w: w, flush: flush}
	defer s.w.end()
	s.in = newFarInput(s.w)
	w.WriteHeader(http.StatusOK)
	if flush() != nil {
		return
	}
	k, b, err := readFrame(r.Body, toSite)
	if err == nil && k != kindRequest {
		err = fmt.Errorf("a frame %q instead of a request", byte(k))
	}
	if err == nil {
		s.request, err = parse[Request](k, b)
	}
	if err == nil {
		err = s.request.check()
	}
	if err != nil {
		_ = s.w.send(kindErr, []byte("assay: the laptop sent "+err.Error()+"\n"))
		_ = s.w.sendJSON(kindExit, exit{1})
		return
	}
	t := s.request.Terminal
	s.out, s.errs = newFarOutput(s.w, kindOut, t.Out, t), newFarOutput(s.w, kindErr, t.Err, t)
	s.in.terminal = t.In
	s.remember(s.request.Manifest, s.request.Attached)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.ctx = ctx
	go s.listenToLaptop(r.Body, cancel)
	code := make(chan int, 1)
	go func() { code <- verb(ctx, s) }() // not here, where HTTP would hide a panic
	e := exit{<-code}
	s.accepting.end()
	_ = s.w.sendJSON(kindExit, e)
}

// listenToLaptop reads frames until the laptop is gone, which ends the verb.
func (s *Session) listenToLaptop(body io.Reader, cancel func()) {
	defer cancel()
	defer s.in.deliver(input{End: true})
	for {
		k, b, err := readFrame(body, toSite)
		if err == nil {
			err = s.take(k, b, cancel)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				_ = s.w.send(kindErr, []byte("assay: the laptop sent "+err.Error()+"\n"))
			}
			return
		}
	}
}

func (s *Session) take(k kind, b []byte, cancel func()) error {
	switch k {
	case kindInterrupt:
		cancel()
		return nil
	case kindInput:
		in, err := parse[input](k, b)
		s.in.deliver(in)
		return err
	case kindTerminal:
		t, err := parse[Terminal](k, b)
		s.out.resize(t)
		s.errs.resize(t)
		return err
	case kindManifest:
		m, err := parse[Manifest](k, b)
		if err == nil {
			err = m.check()
		}
		if err == nil {
			s.remember(&m, nil)
		}
		return err
	case kindPorts:
		p, err := parse[gotPorts](k, b)
		return errors.Join(err, offer(s.ports, p))
	case kindSaved:
		e, err := parse[ended](k, b)
		return errors.Join(err, offer(s.saved, e))
	}
	return fmt.Errorf("a second frame %q", byte(k))
}

// offer hands an answer to who asked for it.
func offer[T any](to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	default:
		return errors.New("an answer that nobody asked for")
	}
}

// Args is the command as it was typed, without the program's name.
func (s *Session) Args() []string { return s.request.Args }

// Context is its name on the laptop.
func (s *Session) Context() string { return s.request.Context }

// Save writes a file on the laptop, under a name that was typed there; fs.ErrExist where that is taken and may not be replaced.
func (s *Session) Save(name string, write func(io.Writer) error) error {
	if err := s.w.sendJSON(kindSave, save{name}); err != nil {
		return err
	}
	e := ended{}
	err := write(s.w.stream(kindData))
	if err != nil {
		e.Error = err.Error()
	}
	if err := s.w.sendJSON(kindSaveEnd, e); err != nil {
		return err
	}
	select {
	case got := <-s.saved:
		if err == nil {
			err = got.err()
		}
		return err
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}
