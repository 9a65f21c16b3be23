package serving

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"assay/drivers/constraint"
	"assay/drivers/suite/loadgen/sse"
)

// server is what the probes found out about the target.
type server struct {
	scrapes   scrapes
	version   string // from /version; empty when it has none
	simulated bool
	llama     bool // it is llama.cpp's
	dialect   dialect
}

// identify reads /version and checks on every replica that the model is served.
func (c *client) identify(ctx context.Context, model string) (server, error) {
	var s server
	for _, endpoint := range c.endpoints {
		body, header, err := c.get(ctx, endpoint+"/v1/models")
		if err != nil {
			return s, fmt.Errorf("asking the server for its models: %w", err)
		}
		var list struct {
			Data []struct {
				ID      string `json:"id"`
				OwnedBy string `json:"owned_by"`
			} `json:"data"`
		}
		if err := json.Unmarshal(body, &list); err != nil {
			return s, fmt.Errorf("reading %s/v1/models as an OpenAI model list: %w", endpoint, err)
		}
		var ids []string
		for _, m := range list.Data {
			ids = append(ids, m.ID)
			s.simulated = s.simulated || m.OwnedBy == "assay-simulator"
			s.llama = s.llama || m.OwnedBy == "llamacpp"
		}
		s.simulated = s.simulated || header.Get("X-Assay-Simulated") != ""
		if !slices.Contains(ids, model) {
			return s, fmt.Errorf("%s serves %q, not the model %q: declare the model under the name that the server uses",
				endpoint, ids, model)
		}
	}
	if body, _, err := c.get(ctx, c.endpoints[0]+"/version"); err == nil { // only vLLM has it
		var v struct {
			Version string `json:"version"`
		}
		if json.Unmarshal(body, &v) == nil {
			s.version = v.Version
		}
	}
	return s, nil
}

// candidates are the dialects to try, the likeliest first: vLLM took guided_* until 0.12.0.
func (s server) candidates() []dialect {
	if s.llama {
		return []dialect{llamaCpp, responseFormat, structuredOutputs, guided}
	}
	major, rest, _ := strings.Cut(strings.TrimPrefix(s.version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	maj, err1 := strconv.Atoi(major)
	mnr, err2 := strconv.Atoi(minor)
	if err1 == nil && err2 == nil && maj == 0 && mnr < 12 {
		return []dialect{guided, structuredOutputs, responseFormat, llamaCpp}
	}
	return []dialect{structuredOutputs, guided, responseFormat, llamaCpp}
}

// findDialect finds out how this server takes constraints. A server silently ignores a field that it does not know, and a
// benchmark would then measure free text as if it were structured. So a dialect is tested on every replica with a canary:
// a prompt about rivers, under a constraint of the data set's kind that only a random word satisfies. Only enforcement
// makes a model answer with that word.
func (c *client) findDialect(ctx context.Context, p payload, d *dataset, s server, r *rand.Rand) (dialect, error) {
	var tried []string
	for _, candidate := range s.candidates() {
		word := canaryWord(r)
		held := d.canary(word)
		if candidate.fields(held) == nil {
			continue
		}
		p.dialect = candidate
		err := c.canary(ctx, p, held, word)
		if err == nil {
			return candidate, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		tried = append(tried, fmt.Sprintf("%s: %v", candidate, err))
	}
	return "", fmt.Errorf("the server does not enforce the constraint of data set %q, so there is nothing to measure (tried %s); "+
		"serve with structured outputs switched on, or set structuredRatio: 0 to measure free text",
		d.name, strings.Join(tried, "; "))
}

// canaryTokens are the lengths that a canary's answer gets, one after the other while a model is cut in its thoughts: only what it
// says after them is under the constraint.
var canaryTokens = []int{128, 1024, 4096}

// canary asks every replica. An answer that was cut short passes if it holds the word.
func (c *client) canary(ctx context.Context, p payload, held constraint.Constraint, word string) error {
	check, err := constraint.Compile(held)
	if err != nil {
		return fmt.Errorf("compiling the canary: %w", err)
	}
	for turn, endpoint := range c.endpoints {
		o, err := c.askCanary(ctx, p, turn, held)
		if err != nil {
			return fmt.Errorf("%s: %w", endpoint, err)
		}
		cut := o.answer.Finish == "length" && bytes.Contains(o.answer.Text, []byte(word))
		if !cut && check.Check(string(o.answer.Text)) != nil {
			return fmt.Errorf("%s ignored it and answered %.60q%s", endpoint, o.answer.Text, thoughts(o.answer))
		}
	}
	return nil
}

// askCanary asks one replica, and again with more tokens while it thinks until the end. A longer answer than it can give is no
// failure.
func (c *client) askCanary(ctx context.Context, p payload, turn int, held constraint.Constraint) (last outcome, err error) {
	for i, tokens := range canaryTokens {
		p.maxTokens = tokens
		body, err := p.body(ask("Name three rivers in Europe and say where they rise."), &held)
		if err != nil {
			return last, err
		}
		o := c.ask(ctx, turn, c.run+"-canary", p.path(), body)
		if o.failure != nil && (i == 0 || o.failure.Kind != "http_400") {
			return o, o.failure
		}
		if o.failure != nil {
			return last, nil
		}
		if last = o; len(o.answer.Text) > 0 || o.answer.Said.Thought == 0 {
			return o, nil
		}
	}
	return last, nil
}

// thoughts says that there were thoughts before an answer.
func thoughts(a sse.Answer) string {
	if a.Said.Thought == 0 {
		return ""
	}
	return fmt.Sprintf(", behind %d bytes of thoughts", a.Said.Hidden)
}

func canaryWord(r *rand.Rand) string {
	b := make([]byte, 12)
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	return string(b)
}
