package web

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"assay/reconciler/plain"
	"assay/reconciler/store"
)

const (
	doneWithin = 1500 * time.Millisecond // for a wish to be answered with what came of it; it goes on after that
	mostWishes = 20                      // that are remembered
	mostGoing  = 4                       // that are carried out at a time
)

// requested is the reason of the event of a wish.
const requested = "Requested"

// Wish is what somebody asked for.
type Wish struct {
	Verb       string `json:"verb"` // suspend, resume, rerun, delete
	Experiment string `json:"experiment"`
	Run        string `json:"run,omitempty"` // of rerun
}

// Object is what it is about, as events name it.
func (w Wish) Object() string {
	if w.Run != "" {
		return "run/" + w.Run
	}
	return "experiment/" + w.Experiment
}

// wishDone is a wish with what came of it.
type wishDone struct {
	Wish
	At      time.Time `json:"at"`
	State   string    `json:"state"` // Running, Complete, Failed
	Message string    `json:"message,omitempty"`
	id      int
}

// action is a verb that can be wished for.
type action struct {
	verb, at string
	what     string // for programs, a sentence
	title    string // of the button
	ask      string // the question before it is done, about %s
	harm     bool   // it ends jobs
}

var actions = []action{
	{"suspend", "/experiments/{experiment}", "Ends the jobs of an experiment and keeps all else, as assay suspend.", "Suspend",
		"End the jobs of %s? What it declares, its history and its runs are kept; resume makes it real again.", true},
	{"resume", "/experiments/{experiment}", "Makes a suspended experiment real again, as assay resume.", "Resume", "Make %s real again? Its jobs are submitted.", false},
	{"delete", "/experiments/{experiment}", "Cancels everything an experiment runs and forgets it, as assay delete; its history, runs and logs are kept.", "Delete",
		"Cancel every job of %s and forget it? Its history, runs and logs are kept.", true},
	{"rerun", "/experiments/{experiment}/runs/{run}", "Asks for a run again, as assay rerun; the old one is kept and no longer counts.", "Run again",
		"Ask for %s again? The old run is kept, and no longer counts.", false},
}

// wishes are those of this process.
type wishes struct {
	mu  sync.Mutex
	all []wishDone // the oldest first
	n   int
}

// list are the wishes about an experiment, or all without one, the newest first.
func (w *wishes) list(experiment string) []wishDone {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []wishDone{}
	for _, d := range slices.Backward(w.all) {
		if experiment == "" || d.Experiment == experiment {
			out = append(out, d)
		}
	}
	return out
}

// begin notes a wish, unless too many are being carried out, or the same one is.
func (w *wishes) begin(wish Wish) (id int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	going := 0
	for _, d := range w.all {
		if d.State != "Running" {
			continue
		}
		if going++; d.Wish == wish {
			return 0, &failure{http.StatusConflict, fmt.Sprintf("%s of %s was asked for already and goes on", wish.Verb, wish.Object())}
		}
	}
	if going >= mostGoing {
		return 0, &failure{http.StatusTooManyRequests, "too much is being done at once; wait until some of it has ended"}
	}
	w.n++
	w.all = append(w.all, wishDone{Wish: wish, At: time.Now(), State: "Running", id: w.n})
	if len(w.all) > mostWishes {
		i := slices.IndexFunc(w.all, func(d wishDone) bool { return d.State != "Running" })
		w.all = slices.Delete(w.all, max(0, i), max(0, i)+1)
	}
	return w.n, nil
}

func (w *wishes) end(id int, said string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, d := range w.all {
		if d.id != id {
			continue
		}
		d.State, d.Message = "Complete", lastLines(said)
		if err != nil {
			d.State, d.Message = "Failed", lastLines(strings.TrimSpace(said+"\n"+err.Error()))
		}
		w.all[i] = d
	}
}

// lastLines are the end of what a verb said, without the lines of its progress, which are indented.
func lastLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "" || line[0] == ' ' })
	return plain.Text(strings.Join(lines[max(0, len(lines)-4):], "\n"))
}

// wishOf is the wish that a request stands for. What it is about has to be there.
func (r *request) wishOf(a action) (w Wish, err error) {
	w.Verb = a.verb
	if strings.Contains(a.at, "{run}") {
		o, err := r.run()
		w.Experiment, w.Run = o.Metadata.Experiment, o.Metadata.Name
		return w, err
	}
	e, err := r.experiment()
	w.Experiment = e.Name
	return w, err
}

// question is the page on which a wish is confirmed.
func (s *Server) question(w http.ResponseWriter, q *request, a action) error {
	if !q.may.acts {
		return mayAct(q.Request, q.may)
	}
	wish, err := q.wishOf(a)
	if err != nil {
		return err
	}
	back := "/experiments/" + url.PathEscape(wish.Experiment)
	if wish.Run != "" {
		back += "/runs/" + url.PathEscape(wish.Run)
	}
	return s.write(w, q, page{Title: a.title + "?", Crumbs: crumbs(wish.Experiment), View: "question", Data: map[string]any{
		"Question": fmt.Sprintf(a.ask, wish.Object()), "Title": a.title, "Harm": a.harm, "Back": back}}, "")
}

// wish carries a wish out. It goes on when the answer is given, and says on the page what came of it.
func (s *Server) wish(w http.ResponseWriter, q *request, a action) error {
	wish, err := q.wishOf(a)
	if err != nil {
		return err
	}
	id, err := s.wishes.begin(wish)
	if err != nil {
		return err
	}
	if err := s.audit(q.Request, wish); err != nil {
		s.wishes.end(id, "", err)
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		said, err := s.o.Do(s.ctx, wish)
		s.wishes.end(id, said, err)
		s.world.forget()
		s.next.forget()
	}()
	select {
	case <-done:
	case <-time.After(doneWithin):
	}
	for _, d := range s.wishes.list("") {
		if d.id == id && isAPI(q.Request) {
			if d.State == "Failed" {
				w.WriteHeader(http.StatusConflict)
			}
			return showJSON(w, q, d)
		}
	}
	to := "/experiments/" + url.PathEscape(wish.Experiment)
	if wish.Verb == "delete" {
		to = "/" // its own page goes with it
	}
	http.Redirect(w, q.Request, to, http.StatusSeeOther)
	return nil
}

// audit makes a wish an event, before it is carried out.
func (s *Server) audit(r *http.Request, w Wish) error {
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	return s.o.Store.Say(store.Event{Time: time.Now(), Type: "Normal", Experiment: w.Experiment, Object: w.Object(), Reason: requested,
		Message: fmt.Sprintf("web: %s was asked for on the live page, with the token for acting, from %s", w.Verb, from)})
}
