package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// job is one request in progress.
type job struct {
	s      *Server
	api    api
	id     string
	req    request
	prompt int // tokens
	out    output
	r      *rand.Rand
	t      timing
}

// refusal is an error answer.
type refusal struct {
	status int
	kind   string
	err    error
}

// serve answers one completion request: it waits for its turn, runs, and frees its place however it ends.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, a api) {
	j := &job{s: s, api: a, t: timing{came: time.Now()}}
	if no := j.read(r); no != nil {
		refuse(w, no.status, no.kind, no.err.Error())
		return
	}
	s.metrics.waiting.Inc()
	select { // channels serve those who wait in their order
	case s.slots <- struct{}{}:
		s.metrics.waiting.Dec()
	case <-r.Context().Done():
		s.metrics.waiting.Dec()
		return
	}
	s.metrics.running.Inc()
	defer func() { s.metrics.running.Dec(); <-s.slots }()
	j.t.began = time.Now()
	j.answer(w, r)
}

// read decodes and checks the request and decides on the output.
func (j *job) read(r *http.Request) *refusal {
	s := j.s
	bad := func(err error) *refusal { return &refusal{http.StatusBadRequest, "BadRequestError", err} }
	if !s.loaded() {
		return &refusal{http.StatusServiceUnavailable, "ServiceUnavailableError", fmt.Errorf("the model is being loaded")}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body, &j.req)
	}
	if err != nil {
		return bad(fmt.Errorf("the request is not valid JSON for this endpoint: %w", err))
	}
	if j.req.Model != "" && j.req.Model != s.c.Model {
		return &refusal{http.StatusNotFound, "NotFoundError", fmt.Errorf("the model `%s` does not exist", j.req.Model)}
	}
	if err := j.compose(); err != nil {
		return bad(err)
	}
	n := s.serial.Add(1)
	j.id = fmt.Sprintf("%s-assay-%d", j.api.prefix, n)
	j.r = rand.New(rand.NewPCG(uint64(s.c.Simulate.Seed), n))
	if j.r.Float64() < s.c.Simulate.FailureRate {
		return &refusal{http.StatusInternalServerError, "InternalServerError", fmt.Errorf("failure injected by the simulator")}
	}
	return nil
}

// compose decides on the whole output.
func (j *job) compose() error {
	text, n, err := j.req.text(j.api.chat)
	if err != nil {
		return err
	}
	j.prompt = n
	limit, err := j.req.limit(j.api.chat)
	if err != nil {
		return err
	}
	j.s.metrics.queries.Add(float64(n))
	j.s.metrics.hits.Add(float64(min(n, j.s.prefix.hits(text))))
	if j.s.c.Simulate.IgnoreConstraints {
		j.out, err = compose(j.s.c.Simulate.Seed, text, nil, &j.req, limit)
		return err
	}
	held, err := j.req.constraint()
	if err != nil {
		return err
	}
	j.out, err = compose(j.s.c.Simulate.Seed, text, held, &j.req, limit)
	return err
}

// answer produces the tokens in their time, streamed one by one or at once at the end.
func (j *job) answer(w http.ResponseWriter, r *http.Request) {
	var stream *sse
	if j.req.Stream {
		stream = newSSE(w)
	}
	at := j.t.began.Add(j.s.firstToken(j.r, j.prompt))
	for i := range j.out.chunks {
		if i > 0 {
			at = at.Add(j.s.nextToken(j.r))
		}
		if !sleepUntil(r.Context(), at) {
			return // the client hung up
		}
		j.observe(i)
		if stream != nil && stream.send(j.chunk(i)) != nil {
			return
		}
	}
	if stream == nil {
		reply(w, j.whole())
	} else if j.finish(stream) != nil {
		return
	}
	j.s.metrics.done(j.t, j.prompt, len(j.out.chunks), j.out.finish)
}

// observe records the token that is about to be sent.
func (j *job) observe(i int) {
	now := time.Now()
	if i == 0 {
		j.t.first = now
		j.s.metrics.prompt.Add(float64(j.prompt))
		j.s.metrics.ttft.Observe(now.Sub(j.t.came).Seconds())
	} else {
		gap := now.Sub(j.t.ended).Seconds()
		j.s.metrics.itl.Observe(gap)
		j.s.metrics.tpot.Observe(gap)
	}
	j.t.ended = now
	j.s.metrics.generated.Inc()
}

// finish sends the usage, when it was asked for, and the end mark.
func (j *job) finish(stream *sse) error {
	if j.req.StreamOptions.IncludeUsage {
		e := j.envelope(j.api.chunk)
		e.Usage = j.usage()
		if err := stream.send(e); err != nil {
			return err
		}
	}
	return stream.raw([]byte("[DONE]"))
}

// sse writes server-sent events, each with one write and one flush, as vLLM does.
type sse struct {
	w   http.ResponseWriter
	f   *http.ResponseController
	buf []byte
}

func newSSE(w http.ResponseWriter) *sse {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	return &sse{w: w, f: http.NewResponseController(w)}
}

func (s *sse) send(e envelope) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.raw(b)
}

func (s *sse) raw(data []byte) error {
	s.buf = append(append(append(s.buf[:0], "data: "...), data...), "\n\n"...)
	if _, err := s.w.Write(s.buf); err != nil {
		return err
	}
	return s.f.Flush()
}
