package v1alpha1

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Sampling is how tokens are chosen, besides Serving.Temperature. A field that is not given is not sent.
type Sampling struct {
	Server            bool     `json:"server,omitempty"` // the temperature is not sent either: the model's own defaults hold
	TopP              *float64 `json:"topP,omitempty" validate:"omitempty,gt=0,lte=1"`
	TopK              *int     `json:"topK,omitempty" validate:"omitempty,gte=-1,lte=10000000"` // vLLM's own, as are the next two
	MinP              *float64 `json:"minP,omitempty" validate:"omitempty,gte=0,lte=1"`
	RepetitionPenalty *float64 `json:"repetitionPenalty,omitempty" validate:"omitempty,gt=0,lte=10"`
	PresencePenalty   *float64 `json:"presencePenalty,omitempty" validate:"omitempty,gte=-2,lte=2"`
	FrequencyPenalty  *float64 `json:"frequencyPenalty,omitempty" validate:"omitempty,gte=-2,lte=2"`
	Seed              *int64   `json:"seed,omitempty"` // of every request; serving.seed is of the prompts and their times
	Stop              []string `json:"stop,omitempty"` // at most 16
}

// Fields are the members of a request, by OpenAI's and vLLM's names, for what is given.
func (s *Sampling) Fields() map[string]any {
	out := map[string]any{}
	if s == nil {
		return out
	}
	for name, v := range map[string]*float64{"top_p": s.TopP, "min_p": s.MinP, "repetition_penalty": s.RepetitionPenalty,
		"presence_penalty": s.PresencePenalty, "frequency_penalty": s.FrequencyPenalty} {
		if v != nil {
			out[name] = *v
		}
	}
	if s.TopK != nil {
		out["top_k"] = *s.TopK
	}
	if s.Seed != nil {
		out["seed"] = *s.Seed
	}
	if len(s.Stop) > 0 {
		out["stop"] = s.Stop
	}
	return out
}

// ownFields are the members of a request that assay writes itself, with the field of the manifest for each.
var ownFields = map[string]string{
	"model": "", "prompt": "", "messages": "", "stream": "", "stream_options": "", "n": "", "best_of": "", "echo": "",
	"max_tokens": "outputTokens", "max_completion_tokens": "outputTokens and maxTokensField", "ignore_eos": "ignoreEOS", "temperature": "temperature",
	"top_p": "sampling.topP", "top_k": "sampling.topK", "min_p": "sampling.minP", "repetition_penalty": "sampling.repetitionPenalty",
	"presence_penalty": "sampling.presencePenalty", "frequency_penalty": "sampling.frequencyPenalty", "seed": "sampling.seed", "stop": "sampling.stop",
	"structured_outputs": "dataset", "response_format": "dataset", "guided_json": "dataset", "guided_regex": "dataset", "guided_grammar": "dataset", "guided_choice": "dataset",
}

// ownHeaders are those that the client or HTTP itself writes.
var ownHeaders = []string{"host", "content-length", "content-type", "transfer-encoding", "connection", "accept", "accept-encoding", "x-request-id", "user-agent",
	"expect", "upgrade", "te", "trailer", "keep-alive", "proxy-connection"}

// secretive are the parts of a header's name that say that its value is a secret.
var secretive = []string{"authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "access-key", "credential"}

// maxExtraBody bounds the members that a manifest adds to every request, in bytes of JSON; maxHeader a header's value.
const (
	maxExtraBody = 64 << 10
	maxHeader    = 4 << 10
)

// servingRequest checks what a manifest adds to every request.
func (c *checker) servingRequest(path string, s Serving) {
	if s.Sampling == nil && len(s.ExtraBody)+len(s.Headers)+len(s.SecretHeaders) == 0 {
		return
	}
	for _, name := range keys(s.ExtraBody) {
		if field, own := ownFields[name]; own {
			hint := "remove it"
			if field != "" {
				hint = "write serving." + field
			}
			c.bad(path+".extraBody["+name+"]", "is written by assay itself", hint)
		}
	}
	if len(s.ExtraBody) > 0 {
		if b, err := json.Marshal(s.ExtraBody); err != nil || len(b) > maxExtraBody {
			c.bad(path+".extraBody", fmt.Sprintf("must be at most %d bytes of JSON", maxExtraBody), "")
		}
	}
	for _, name := range keys(s.Headers) {
		at := path + ".headers[" + name + "]"
		c.headerName(at, name)
		switch value := s.Headers[name]; {
		case slices.ContainsFunc(secretive, func(part string) bool { return strings.Contains(strings.ToLower(name), part) }):
			c.bad(at, "looks like a secret, which a manifest never holds", "write it under secretHeaders, with the name of one of the target's secrets")
		case len(value) > maxHeader || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
			c.bad(at, fmt.Sprintf("must be at most %d printable ASCII characters", maxHeader), "")
		}
	}
	for _, name := range keys(s.SecretHeaders) {
		c.headerName(path+".secretHeaders["+name+"]", name)
	}
	if s.Sampling != nil && len(s.Sampling.Stop) > 16 {
		c.bad(path+".sampling.stop", "must be at most 16 texts", "")
	}
	if s.Sampling != nil && s.Sampling.Server && s.Temperature > 0 {
		c.bad(path+".temperature", "is not sent with sampling.server", "remove one")
	}
}

func (c *checker) headerName(at, name string) {
	token := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
	switch {
	case name == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return !token(r) }):
		c.bad(at, "is no name of a header", "")
	case slices.Contains(ownHeaders, strings.ToLower(name)):
		c.bad(at, "is written by assay itself", "remove it")
	}
}

// secretHeaders checks that the secrets of headers are some of the target's.
func (c *checker) secretHeaders(path string, b Benchmark, target Service) {
	if b.Serving == nil || len(b.Serving.SecretHeaders) == 0 {
		return
	}
	for _, name := range keys(b.Serving.SecretHeaders) {
		if secret := b.Serving.SecretHeaders[name]; target.Secrets[secret] == (Secret{}) {
			c.bad(path+".serving.secretHeaders["+name+"]", fmt.Sprintf("service %s has no secret %s", target.Name, brief(secret)),
				"declare it under secrets of the service, or name one of "+strings.Join(keys(target.Secrets), ", "))
		}
	}
}
