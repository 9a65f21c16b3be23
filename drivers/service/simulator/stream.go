package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// api tells the two kinds of completion apart.
type api struct {
	object, chunk, prefix string
	chat                  bool
}

var (
	completions = api{object: "text_completion", chunk: "text_completion", prefix: "cmpl"}
	chat        = api{object: "chat.completion", chunk: "chat.completion.chunk", prefix: "chatcmpl", chat: true}
)

// job is one request on its way.
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

// serve answers one completion request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, a api) {
	j := &job{s: s, api: a, t: timing{came: time.Now()}}
	if status, kind, err := j.read(r); err != nil {
		refuse(w, status, kind, err.Error())
		return
	}
	if j.r.Float64() < s.c.Simulate.FailureRate {
		refuse(w, http.StatusInternalServerError, "InternalServerError", "failure injected by the simulator")
		return
	}
	s.metrics.waiting.Inc()
	select {
	case s.slots <- struct{}{}:
		s.metrics.waiting.Dec()
	case <-r.Context().Done():
		s.metrics.waiting.Dec()
		return
	}
	s.load(1)
	defer func() { <-s.slots; s.load(-1) }()
	j.t.began = time.Now()
	j.answer(w, r)
}

// load keeps the gauges of running sequences.
func (s *Server) load(d float64) {
	s.metrics.running.Add(d)
	s.metrics.cache.Set(float64(len(s.slots)) / float64(cap(s.slots)))
}

// read decodes and checks the request and decides on the output.
func (j *job) read(r *http.Request) (status int, kind string, err error) {
	const bad, badKind = http.StatusBadRequest, "BadRequestError"
	if !j.s.loaded() {
		return http.StatusServiceUnavailable, "ServiceUnavailable", fmt.Errorf("the model is being loaded")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body, &j.req)
	}
	if err != nil {
		return bad, badKind, fmt.Errorf("the request is not valid JSON for this endpoint: %w", err)
	}
	if j.req.Model != j.s.c.Model {
		return http.StatusNotFound, "NotFoundError", fmt.Errorf("the model `%s` does not exist", j.req.Model)
	}
	limit, err := j.req.limit(j.api.chat)
	if err != nil {
		return bad, badKind, err
	}
	c, err := j.req.constraint()
	if err != nil {
		return bad, badKind, err
	}
	if j.s.c.Simulate.IgnoreConstraints {
		c = nil
	}
	n := j.s.serial.Add(1)
	j.id = fmt.Sprintf("%s-assay-%d", j.api.prefix, n)
	j.r = rand.New(rand.NewPCG(uint64(j.s.c.Simulate.Seed), n))
	prompt := j.req.text()
	j.prompt = tokens(prompt)
	if j.out, err = compose(j.s.c.Simulate.Seed, prompt, c, &j.req, limit); err != nil {
		return bad, badKind, err
	}
	hits := j.s.prefix.hits(prompt)
	j.s.metrics.hits.Add(float64(hits))
	j.s.metrics.queries.Add(float64(j.prompt))
	return 0, "", nil
}

// answer produces the tokens in their time, streamed or at once at the end.
func (j *job) answer(w http.ResponseWriter, r *http.Request) {
	var stream *sse
	if j.req.Stream {
		stream = newSSE(w)
	}
	at := j.t.began.Add(j.s.firstToken(j.r, j.prompt))
	for i, text := range j.out.chunks {
		if i > 0 {
			at = at.Add(j.s.nextToken(j.r))
		}
		if !sleepUntil(r.Context(), at) {
			return // the client hung up
		}
		j.observe(i)
		if stream != nil && stream.send(j.chunk(i, text)) != nil {
			return
		}
	}
	if len(j.out.chunks) == 0 {
		j.t.first = time.Now()
	}
	j.t.ended = time.Now()
	if stream == nil {
		reply(w, j.whole())
	} else if err := j.finish(stream); err != nil {
		return
	}
	j.s.metrics.done(j.t, j.prompt, len(j.out.chunks), j.out.finish)
}

// observe records the token that is about to be sent.
func (j *job) observe(i int) {
	now := time.Now()
	if i == 0 {
		j.t.first = now
		j.s.metrics.ttft.Observe(now.Sub(j.t.came).Seconds())
	} else {
		gap := now.Sub(j.t.ended).Seconds()
		j.s.metrics.itl.Observe(gap)
		j.s.metrics.tpot.Observe(gap)
	}
	j.t.ended = now
	j.s.metrics.generated.Inc()
}

func (j *job) envelope(object string, choices []any) map[string]any {
	return map[string]any{"id": j.id, "object": object, "created": j.t.came.Unix(), "model": j.s.c.Model, "choices": choices}
}

func (j *job) usage() map[string]int {
	return map[string]int{"prompt_tokens": j.prompt, "completion_tokens": len(j.out.chunks), "total_tokens": j.prompt + len(j.out.chunks)}
}

// chunk is the event of one token; the last one carries the finish reason.
func (j *job) chunk(i int, text string) map[string]any {
	c := map[string]any{"index": 0, "finish_reason": nil}
	if i == len(j.out.chunks)-1 {
		c["finish_reason"] = j.out.finish
	}
	if j.api.chat {
		c["delta"] = map[string]string{"content": text}
	} else {
		c["text"] = text
	}
	return j.envelope(j.api.chunk, []any{c})
}

// finish sends the usage, when it was asked for, and the end mark.
func (j *job) finish(stream *sse) error {
	if j.req.StreamOptions.IncludeUsage {
		e := j.envelope(j.api.chunk, []any{})
		e["usage"] = j.usage()
		if err := stream.send(e); err != nil {
			return err
		}
	}
	return stream.raw("[DONE]")
}

// whole is the answer to a request that did not ask for a stream.
func (j *job) whole() map[string]any {
	text := strings.Join(j.out.chunks, "")
	c := map[string]any{"index": 0, "finish_reason": j.out.finish}
	if j.api.chat {
		c["message"] = map[string]string{"role": "assistant", "content": text}
	} else {
		c["text"] = text
	}
	e := j.envelope(j.api.object, []any{c})
	e["usage"] = j.usage()
	return e
}

// sse writes server-sent events, each flushed by itself as vLLM does.
type sse struct {
	w http.ResponseWriter
	f *http.ResponseController
}

func newSSE(w http.ResponseWriter) *sse {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	return &sse{w, http.NewResponseController(w)}
}

func (s *sse) send(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.raw(string(b))
}

func (s *sse) raw(data string) error {
	if _, err := io.WriteString(s.w, "data: "+data+"\n\n"); err != nil {
		return err
	}
	return s.f.Flush()
}
