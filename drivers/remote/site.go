package remote

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"sync/atomic"
	"time"
)

// endsWithin is how long a verb at the site goes on without a laptop.
const endsWithin = time.Minute

// Serve runs one verb for a laptop that speaks through in and out, and returns when the laptop is gone. The context of run ends
// with an interrupt, and when the connection does.
func Serve(ctx context.Context, in io.Reader, out io.Writer, run func(context.Context, *Session) int) error {
	if _, err := io.WriteString(out, magic); err != nil {
		return err
	}
	p := newPipe(in, out, func() error { return nil })
	s := newSession()
	var begun atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("POST /run", func(w http.ResponseWriter, r *http.Request) {
		if begun.Swap(true) {
			http.Error(w, "one verb runs here", http.StatusConflict)
			return
		}
		s.run(ctx, w, r, run)
	})
	mux.HandleFunc("POST /file/{sum}", s.receiveFile)
	mux.HandleFunc("POST /stream/{number}", s.serveStream)
	server := &http.Server{Handler: mux, Protocols: protocols(), HTTP2: settings(), ErrorLog: log.New(io.Discard, "", 0)}
	stop := context.AfterFunc(ctx, func() { // the verb has it too, and says how it ended
		time.Sleep(endsWithin)
		_ = p.Close()
	})
	defer stop()
	err := server.Serve(&one{p: p})
	select {
	case <-s.ended(begun.Load()):
	case <-time.After(endsWithin): // a verb that is told to end gives back its lease, say
	}
	if errors.Is(err, http.ErrServerClosed) || p.isClosed() {
		return nil
	}
	return err
}

func (p *pipe) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}
