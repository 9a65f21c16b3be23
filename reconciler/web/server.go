package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/listen"
	"assay/reconciler/plan"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

const (
	observedFor = time.Second     // all who look within this time share one observation
	plannedFor  = 5 * time.Second // and one plan, which asks the scheduler: at most as often as the site allows
	planStays   = time.Minute     // nobody waits for a newer plan than that
	answerIn    = 30 * time.Second
	mostBody    = 16 << 10 // bytes of a form
	closeWithin = time.Second
)

// Series asks a Prometheus what an expression gave over a time; drivers.ErrUnavailable when none can be asked.
type Series func(ctx context.Context, expression string, from, to time.Time, step time.Duration) ([]drivers.Series, error)

// Options are what a page shows, and who may see it.
type Options struct {
	Store   *store.Store
	Site    v1alpha1.Site
	Version string
	Read    func(context.Context) (view.Snapshot, error) // what there is now, as assay get reads it
	Next    func(context.Context) ([]plan.Step, error)   // what a pass would do now
	Sites   func() ([]view.Object, error)
	Results resultset.Reader
	Series  Series
	Average resultset.Average                                                    // of the values of PromQL gates; drivers.ErrUnavailable when no Prometheus can be asked
	Report  func(ctx context.Context, experiment, format string) ([]byte, error) // html or json, as assay report writes it
	Token   string                                                               // of those who may read
	Act     string                                                               // of those who may also act; empty: nobody may
	// Do carries a wish out, as the verb of that name would, and returns what that said. It can take as long as the verb takes.
	Do func(context.Context, Wish) (said string, err error)
}

// Server is a live page.
type Server struct {
	o        Options
	world    *shared[view.Snapshot]
	next     *shared[[]plan.Step]
	sessions sessions
	wishes   wishes
	events   *store.EventsReader
	heavy    chan struct{} // a place for each answer that reads all runs of an experiment
	ctx      context.Context
	end      context.CancelFunc
}

// New makes a server that ends what it began with ctx.
func New(ctx context.Context, o Options) *Server {
	s := &Server{o: o, heavy: make(chan struct{}, 2), sessions: newSessions(), events: &store.EventsReader{Store: o.Store}}
	s.ctx, s.end = context.WithCancel(ctx)
	s.world = newShared(s.ctx, observedFor, o.Read)
	s.next = newShared(s.ctx, max(plannedFor, o.Site.Spec.Poll.Every.Std()), o.Next)
	s.next.stale = planStays
	return s
}

// Listen opens a port of loopback. Another address is an error: what is shown is for its user alone.
func Listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listening for the live page at %q: %w; write 127.0.0.1:PORT, with port 0 for a free one", address, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("listening for the live page at %s: it is on loopback alone; from your laptop: assay --context NAME web, or ssh -L 8080:127.0.0.1:PORT HOST", address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for the live page: %w; port 0 is a free one", err)
	}
	return l, nil
}

// Serve answers on a listener until ctx ends.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer s.end()
	server := listen.HTTP{Handler: s.Handler(), Hosts: []string{"127.0.0.1", "::1", "localhost"}, Body: mostBody, Took: answerIn}.Serve(l)
	select {
	case err := <-server.Ended:
		return fmt.Errorf("serving the live page: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	if err := server.Shutdown(ending); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("closing the live page: %w", err)
	}
	_ = server.Close() // who still reads has had its time
	return nil
}
