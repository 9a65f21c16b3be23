package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
)

// deadFor is how long assay may call something Ready that is dead; grace is what our own sampling may be late.
const (
	deadFor = 30 * time.Second
	grace   = 3 * time.Second
)

// watch observes all the time.
type watch struct {
	w      *world
	j      *journal
	client *http.Client

	mu      sync.Mutex
	probes  map[string]*probe    // by URL
	healthy map[string]bool      // service -> Ready, in full, and answering, when last sampled
	why     map[string]string    // service -> what is missing
	sampled time.Time            // when the last sample began
	double  map[string]time.Time // seat -> since when it has two live jobs
	both    map[string]time.Time // seat -> since when its data folder has two servers
}

// probe is how a server answered lately.
type probe struct {
	wanted  time.Time // last named by a listing
	ok      time.Time // last answer; zero: none yet
	failing time.Time // first failure since then; zero: it answers
	err     string
}

func newWatch(w *world, j *journal) *watch {
	return &watch{w: w, j: j, client: &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
		probes: map[string]*probe{}, healthy: map[string]bool{}, why: map[string]string{}, double: map[string]time.Time{}, both: map[string]time.Time{}}
}

// begin starts all loops; they end with ctx.
func (s *watch) begin(ctx context.Context) {
	saved := 0
	every(ctx, 500*time.Millisecond, s.folders)
	every(ctx, time.Second, s.doubles)
	every(ctx, time.Second, s.ask)
	every(ctx, 2*time.Second, func() { s.sample(ctx) })
	every(ctx, 3*time.Second, func() { s.w.history.remember(s.w.state) })
	every(ctx, 8*time.Second, func() {
		if s.w.saveSlurm(saved) == nil {
			saved++
		}
	})
	every(ctx, time.Second, func() {
		for _, end := range s.w.controller.ends() {
			s.j.violated("the controller lives", end, "%s", end)
		}
	})
}

func every(ctx context.Context, d time.Duration, do func()) {
	go func() {
		for do(); sleep(ctx, d); do() {
		}
	}()
}

// ask probes every server that a listing named within the last minute.
func (s *watch) ask() {
	s.mu.Lock()
	all := maps.Clone(s.probes)
	s.mu.Unlock()
	var open sync.WaitGroup
	for url, p := range all {
		open.Go(func() {
			begun := time.Now()
			err := s.answers(url)
			s.mu.Lock()
			defer s.mu.Unlock()
			switch {
			case time.Since(p.wanted) > time.Minute:
				delete(s.probes, url)
			case err == nil:
				p.ok, p.failing, p.err = begun, time.Time{}, ""
			case p.failing.IsZero():
				p.failing, p.err = begun, err.Error()
			}
		})
	}
	open.Wait()
}

func (s *watch) answers(url string) error {
	r, err := s.client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<16))                     // its text does not matter
	if r.StatusCode != http.StatusOK && r.StatusCode != http.StatusUnauthorized { // a server that asks for its key lives
		return fmt.Errorf("status %d", r.StatusCode)
	}
	return nil
}

// sample types `assay get services` and compares it with what the servers answer.
func (s *watch) sample(ctx context.Context) {
	begun := time.Now()
	items, err := get[v1alpha1.ServiceStatus](ctx, s.w, "services")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sampled = begun
	clear(s.healthy)
	clear(s.why)
	if err != nil {
		for name := range wantedServices {
			s.why[name] = err.Error()
		}
		return
	}
	for name := range wantedServices {
		s.why[name] = "not listed"
	}
	for _, item := range items {
		name := item.Metadata.Experiment + "/" + item.Metadata.Name
		s.why[name] = s.judge(name, item.Status, begun)
		s.healthy[name] = s.why[name] == ""
	}
	s.files()
	for _, d := range s.pending() {
		d.back = begun
	}
}

// files compares what the status files say, at the moment that they name, with what the servers answered.
func (s *watch) files() {
	paths, _ := filepath.Glob(filepath.Join(s.w.state, "status", "*.json")) // the pattern is well formed
	for _, path := range paths {
		var e v1alpha1.ExperimentStatus
		if durable.ReadRecord(path, &e) != nil {
			continue // a fault has damaged it
		}
		for _, v := range e.Services {
			s.judge(e.Name+"/"+v.Name, v, e.Observed)
		}
	}
}

// judge says what a service lacks to be up, or nothing; and finds what is called Ready and is dead.
func (s *watch) judge(name string, v v1alpha1.ServiceStatus, begun time.Time) string {
	why := ""
	if c := v1alpha1.Find(v.Conditions, v1alpha1.Ready); c.Status != v1alpha1.True {
		why = fmt.Sprintf("Ready is %s: %s %s", c.Status, c.Reason, c.Message)
	}
	if len(v.Seats) != wantedServices[name] {
		why = fmt.Sprintf("%d seats, want %d", len(v.Seats), wantedServices[name])
	}
	for _, seat := range v.Seats {
		if seat.Endpoint == "" || !seat.Ready {
			why = fmt.Sprintf("seat %s is %s %s", seat.Seat, seat.Phase, seat.Reason)
			continue
		}
		url := seat.Endpoint + probed(name)
		p := s.probes[url]
		if p == nil {
			p = &probe{}
			s.probes[url] = p
		}
		p.wanted = time.Now()
		if p.ok.IsZero() || !p.failing.IsZero() {
			why = fmt.Sprintf("seat %s does not answer on %s: %s", seat.Seat, url, p.err)
		}
		// It is asked once more: assay can see that it is back before the next round of questions here does.
		if !p.failing.IsZero() && begun.Sub(p.failing) > deadFor+grace && s.answers(url) != nil {
			s.j.violated("nothing dead is called Ready for longer than 30 s", url+p.failing.String(), "%s seat %s nonce %s is called Ready, and has not answered on %s for %.1f s: %s",
				name, seat.Seat, seat.Nonce, url, begun.Sub(p.failing).Seconds(), p.err)
		}
	}
	return why
}

// pending are the faults that are undone, and whose services are back with this sample.
func (s *watch) pending() (out []*done) {
	s.j.mu.Lock()
	defer s.j.mu.Unlock()
	for _, d := range s.j.faults {
		if d.undone.IsZero() || !d.back.IsZero() || !s.sampled.After(d.undone) {
			continue
		}
		wanted := d.services
		if len(wanted) == 0 {
			for name := range wantedServices {
				wanted = append(wanted, name)
			}
		}
		all := true
		for _, name := range wanted {
			all = all && s.healthy[name]
		}
		if all {
			out = append(out, d)
		}
	}
	return out
}
