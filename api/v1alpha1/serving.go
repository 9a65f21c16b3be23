package v1alpha1

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"slices"
)

// Serving drives an OpenAI-compatible server. The data sets json, json-unique, grammar, regex, choice and xgrammar_bench
// hold each answer to a constraint; random, shared-prefix, custom, sharegpt and timed-trace are free text.
type Serving struct {
	Dataset      string  `json:"dataset" validate:"required,oneof=json json-unique grammar regex choice xgrammar_bench random shared-prefix custom sharegpt timed-trace"`
	API          string  `json:"api,omitempty" validate:"omitempty,oneof=completions chat"` // default completions; chat for xgrammar_bench
	Prompts      int     `json:"prompts,omitempty" validate:"gte=0,lte=10000000"`           // default 1000; with duration at most so many, default 10,000,000
	OutputTokens int     `json:"outputTokens,omitempty" validate:"gte=0,lte=10000000"`      // default 128; sharegpt: those of its own answers
	Rate         Rate    `json:"rate,omitempty"`                                            // requests/s, or inf (default): all at once
	Burstiness   float64 `json:"burstiness,omitempty" validate:"gte=0"`                     // default 1 (Poisson)
	RampUp       *RampUp `json:"rampUp,omitempty"`                                          // instead of rate
	Stages       []Stage `json:"stages,omitempty" validate:"dive"`                          // instead of rate and prompts: one after the other
	Concurrency  int     `json:"concurrency,omitempty" validate:"gte=0,lte=1000000"`        // at most this many in flight; 0: no bound
	// StructuredRatio is the share of requests with a constraint; default 1, and 0 for free text.
	StructuredRatio *float64 `json:"structuredRatio,omitempty" validate:"omitempty,gte=0,lte=1"`
	InputTokens     int      `json:"inputTokens,omitempty" validate:"gte=0,lte=10000000"`  // random: 1024 by default; shared-prefix: of the part behind the prefix, 128
	RangeRatio      float64  `json:"rangeRatio,omitempty" validate:"gte=0,lte=1"`          // random: lengths lie within ± this share
	PrefixTokens    int      `json:"prefixTokens,omitempty" validate:"gte=0,lte=10000000"` // shared-prefix: default 1024
	Prefixes        int      `json:"prefixes,omitempty" validate:"gte=0,lte=10000000"`     // shared-prefix: how many; default 10
	// File is JSON lines {prompt, output_tokens} for custom and {prompt: [{role, content}], schema} for xgrammar_bench (the columns
	// of json-mode-eval); a list of {conversations: [{value}]} for sharegpt; for timed-trace JSON lines {timestamp (ms),
	// input_length, output_length, hash_ids} as Mooncake's, or the CSV file of BurstGPT or of Azure. It is read where the
	// benchmark runs. A relative path counts from the manifest's folder.
	File        string  `json:"file,omitempty"`
	IgnoreEOS   *bool   `json:"ignoreEOS,omitempty"`                    // default true for random, shared-prefix and timed-trace
	Temperature float64 `json:"temperature,omitempty" validate:"gte=0"` // default 0: the likeliest token each time
	// Sampling, ExtraBody, Headers and SecretHeaders are part of every request. ExtraBody is members of the body that assay does not
	// write itself; SecretHeaders are headers, each with the name of the target's secret that is its value.
	Sampling      *Sampling         `json:"sampling,omitempty"`
	ExtraBody     map[string]any    `json:"extraBody,omitempty"`
	Headers       map[string]string `json:"headers,omitempty"`
	SecretHeaders map[string]string `json:"secretHeaders,omitempty"`
	// MaxTokensField is the member of the body that bounds the answer; default max_tokens. Some servers take only the other.
	MaxTokensField string   `json:"maxTokensField,omitempty" validate:"omitempty,oneof=max_tokens max_completion_tokens"`
	Goodput        *Goodput `json:"goodput,omitempty"`
	Cores          int      `json:"cores,omitempty" validate:"gte=0,lte=256"` // of the client; default 1. One sends 35,000 short requests a second.
	Warmups        int      `json:"warmups,omitempty" validate:"gte=0,lte=10000000"`
	RequestTimeout Duration `json:"requestTimeout,omitempty" validate:"gte=0"` // default 5m
	// Duration bounds a run by time instead of prompts: no request begins later; those in flight are waited for.
	Duration Duration `json:"duration,omitempty" validate:"gte=0"`
	Seed     int64    `json:"seed,omitempty"`
}

// RampUp raises the rate over the requests of a run.
type RampUp struct {
	Strategy string `json:"strategy" validate:"required,oneof=linear exponential"`
	From     Rate   `json:"from"`
	To       Rate   `json:"to"`
}

// Stage is a part of a run with a rate of its own.
type Stage struct {
	Rate    Rate `json:"rate"`
	Prompts int  `json:"prompts" validate:"gte=1,lte=10000000"`
}

// Goodput are the bounds that a request must keep to count; zero is no bound.
type Goodput struct {
	TTFT Duration `json:"ttft,omitempty" validate:"gte=0"`
	TPOT Duration `json:"tpot,omitempty" validate:"gte=0"`
	E2EL Duration `json:"e2el,omitempty" validate:"gte=0"`
}

// FreeText reports whether the data set has no constraints.
func (s Serving) FreeText() bool {
	return slices.Contains([]string{"random", "shared-prefix", "custom", "sharegpt", "timed-trace"}, s.Dataset)
}

func (s Serving) fromFile() bool {
	return slices.Contains([]string{"custom", "sharegpt", "timed-trace", "xgrammar_bench"}, s.Dataset)
}

// staged is how many requests the stages have.
func (s Serving) staged() (n int) {
	for _, stage := range s.Stages {
		n += stage.Prompts
	}
	return n
}

// mostPrompts bounds a run that is bounded by time.
const mostPrompts = 10_000_000

// timed is how many requests a run that is bounded by time can have; 0 for another one.
func (s Serving) timed() int {
	if s.Duration == 0 {
		return 0
	}
	most := cmp.Or(s.Prompts, mostPrompts)
	if !s.Rate.Inf() {
		most = min(most, max(1, int(math.Ceil(float64(s.Rate)*s.Duration.Std().Seconds()-1e-9))))
	}
	return most
}

func defaultServing(s Serving) *Serving {
	if s.Dataset == "xgrammar_bench" { // conversations, for which only the server knows the model's template
		s.API = cmp.Or(s.API, "chat")
	}
	s.API = cmp.Or(s.API, "completions")
	s.Prompts = cmp.Or(s.staged(), s.timed(), s.Prompts, 1000)
	if s.Dataset != "sharegpt" {
		s.OutputTokens = cmp.Or(s.OutputTokens, 128)
	}
	s.Burstiness = cmp.Or(s.Burstiness, 1)
	s.Cores = cmp.Or(s.Cores, 1)
	share := 1.0
	if s.FreeText() {
		share = 0
		if s.Dataset != "custom" && s.Dataset != "sharegpt" {
			s.IgnoreEOS = orPointer(s.IgnoreEOS, true)
		}
	}
	s.StructuredRatio = orPointer(s.StructuredRatio, share)
	switch s.Dataset {
	case "random":
		s.InputTokens = cmp.Or(s.InputTokens, 1024)
	case "shared-prefix":
		s.InputTokens, s.PrefixTokens, s.Prefixes = cmp.Or(s.InputTokens, 128), cmp.Or(s.PrefixTokens, 1024), cmp.Or(s.Prefixes, 10)
	}
	s.RequestTimeout = cmp.Or(s.RequestTimeout, 5*minute)
	return &s
}

// servingWritten checks what defaults hide: fields that the data set or the schedule would ignore.
func (c *checker) servingWritten(path string, s Serving) {
	for _, f := range []struct {
		name  string
		given bool
		fits  bool
	}{
		{"inputTokens", s.InputTokens > 0, s.Dataset == "random" || s.Dataset == "shared-prefix"},
		{"rangeRatio", s.RangeRatio > 0, s.Dataset == "random"},
		{"prefixTokens", s.PrefixTokens > 0, s.Dataset == "shared-prefix"},
		{"prefixes", s.Prefixes > 0, s.Dataset == "shared-prefix"},
		{"file", s.File != "", s.fromFile()},
		{"structuredRatio", s.StructuredRatio != nil && *s.StructuredRatio > 0, !s.FreeText()},
	} {
		if f.given && !f.fits {
			c.bad(path+"."+f.name, "has no meaning for dataset: "+s.Dataset, "remove it")
		}
	}
	c.servingRequest(path, s)
	if s.fromFile() && s.File == "" {
		c.lacks(path, path+".file", "is required with dataset: "+s.Dataset, "write the path of the file where the benchmark runs")
	}
	if s.File != "" && !filepath.IsAbs(s.File) {
		c.bad(path+".file", "must be an absolute path, found "+brief(s.File), "")
	}
	schedules := 0
	for _, given := range []bool{!s.Rate.Inf(), s.RampUp != nil, len(s.Stages) > 0, s.Dataset == "timed-trace"} {
		if given {
			schedules++
		}
	}
	if schedules > 1 {
		c.bad(path, "has more than one schedule: rate, rampUp, stages and dataset: timed-trace exclude one another", "keep one")
	}
	if len(s.Stages) > 0 && s.Prompts > 0 && s.Prompts != s.staged() {
		c.bad(path+".prompts", "follows from the stages", "remove it")
	}
	if s.Duration > 0 && (s.RampUp != nil || len(s.Stages) > 0 || s.Dataset == "timed-trace") {
		c.bad(path+".duration", "has no meaning with rampUp, stages or dataset: timed-trace, which say themselves when the run ends", "remove it")
	}
	for i, stage := range s.Stages {
		if stage.Rate.Inf() {
			c.bad(fmt.Sprintf("%s.stages[%d].rate", path, i), "must be a number of requests per second", "")
		}
	}
	if r := s.RampUp; r != nil && (r.From.Inf() || r.To.Inf()) {
		c.bad(path+".rampUp", "needs from and to, in requests per second", "")
	}
}
