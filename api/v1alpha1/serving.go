package v1alpha1

import "cmp"

// Serving drives an OpenAI-compatible server with structured-output requests.
type Serving struct {
	Dataset         string   `json:"dataset" validate:"required,oneof=json json-unique grammar regex choice"`
	API             string   `json:"api,omitempty" validate:"omitempty,oneof=completions chat"`  // default completions
	Prompts         int      `json:"prompts,omitempty" validate:"gte=0,lte=10000000"`            // default 1000
	OutputTokens    int      `json:"outputTokens,omitempty" validate:"gte=0"`                    // default 128
	Rate            Rate     `json:"rate,omitempty"`                                             // requests/s, or inf (default): all at once
	Burstiness      float64  `json:"burstiness,omitempty" validate:"gte=0"`                      // default 1 (Poisson)
	Concurrency     int      `json:"concurrency,omitempty" validate:"gte=0"`                     // at most this many in flight; 0: no bound
	StructuredRatio *float64 `json:"structuredRatio,omitempty" validate:"omitempty,gte=0,lte=1"` // default 1
	Warmups         int      `json:"warmups,omitempty" validate:"gte=0"`
	RequestTimeout  Duration `json:"requestTimeout,omitempty" validate:"gte=0"` // default 5m
	Seed            int64    `json:"seed,omitempty"`
}

func defaultServing(s Serving) *Serving {
	s.API = cmp.Or(s.API, "completions")
	s.Prompts = cmp.Or(s.Prompts, 1000)
	s.OutputTokens = cmp.Or(s.OutputTokens, 128)
	s.Burstiness = cmp.Or(s.Burstiness, 1)
	s.StructuredRatio = orPointer(s.StructuredRatio, 1)
	s.RequestTimeout = cmp.Or(s.RequestTimeout, 5*minute)
	return &s
}
