//go:build linux

package main

import (
	"cmp"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite/selftest/truth"
)

// model is the name that the truth server serves.
const model = truth.Model

// scenario is a load, and the figures that are measured under it.
type scenario struct {
	name    string
	server  truth.Pace
	tokens  int
	prompts int
	rate    float64 // 0: closed loop
	bound   int     // concurrency; 0: none
	input   int     // tokens of a prompt; 0: 8
	once    bool    // one round is enough, or takes long
	threads int     // of assay's client; 0: one, and every client has a core of its own; else none is pinned
	figures []figure
}

// none stands for a target, or a plain client's figure, that does not exist.
const none = -1

// figure is one number of a scenario.
type figure struct {
	name   string
	unit   string
	target float64
	plain  float64 // of the plain client, on the machine where the target was set; none when unknown
	more   bool    // more is better
	of     func(*measured) float64
}

// ratio is how many times better than the plain client the target is. It holds on slower machines too.
func (f figure) ratio() float64 {
	switch {
	case f.target == none || f.plain == none:
		return none
	case f.more:
		return f.target / f.plain
	}
	return f.plain / f.target
}

// The figures that several scenarios share.
func requestRate(target, plain float64) figure {
	return figure{"requests/s", "", target, plain, true, (*measured).throughput}
}

func cpu(target, plain float64) figure {
	return figure{"CPU per 1000 requests", "s", target, plain, false, (*measured).cost}
}

func start(target float64) figure {
	return figure{"start", "s", target, none, false, func(m *measured) float64 { return m.start }}
}

func end(target float64) figure {
	return figure{"end", "s", target, none, false, func(m *measured) float64 { return m.end }}
}

func memory(target float64) figure {
	return figure{"memory", "MiB", target, none, false, func(m *measured) float64 { return m.memory }}
}

// exact are the figures of an open loop: how far its times are from the truth.
func exact(cost float64) []figure {
	return []figure{
		{"TTFT error p50", "ms", 0.07, 0.23, false, func(m *measured) float64 { return m.errorAt(50) }},
		{"TTFT error p99", "ms", 0.25, 1.5, false, func(m *measured) float64 { return m.errorAt(99) }},
		{"send lateness p99", "ms", 0.12, 1.15, false, func(m *measured) float64 { return m.lateAt(99) }},
		cpu(cost, 0.41),
		{"send rate off by", "%", 0.1, 0.1, false, (*measured).rateError},
	}
}

var scenarios = []scenario{
	{
		name: "100 requests/s", server: truth.Pace{TTFT: 50 * time.Millisecond, ITL: 10 * time.Millisecond}, tokens: 16, prompts: 1000, rate: 100,
		figures: exact(0.30),
	},
	{
		name: "1000 requests/s", server: truth.Pace{TTFT: 50 * time.Millisecond, ITL: 10 * time.Millisecond}, tokens: 16, prompts: 5000, rate: 1000,
		figures: exact(0.20),
	},
	{
		name: "zero delay, concurrency 64", server: truth.Pace{}, tokens: 16, prompts: 60000, bound: 64,
		figures: []figure{requestRate(35000, 11502)},
	},
	{
		name: "two threads", server: truth.Pace{}, tokens: 16, prompts: 60000, bound: 64, threads: 2,
		figures: []figure{requestRate(42000, 11502), cpu(0.03, 0.09)},
	},
	{
		name: "zero delay, one token a write", server: truth.Pace{Each: 1}, tokens: 16, prompts: 10000, bound: 64,
		figures: []figure{requestRate(3000, 1950), cpu(0.08, 0.223)},
	},
	{
		name: "zero delay, 15 tokens a write", server: truth.Pace{Each: 15}, tokens: 120, prompts: 10000, bound: 64,
		figures: []figure{requestRate(5500, 655), cpu(0.07, 0.815)},
	},
	{
		name: "512 streams without delay", server: truth.Pace{Each: 1}, tokens: 128, prompts: 4096, bound: 512,
		figures: []figure{requestRate(1538, 958), cpu(0.15, 1.08)},
	},
	{
		name: "512 paced streams", server: truth.Pace{TTFT: 20 * time.Millisecond, ITL: 20 * time.Millisecond}, tokens: 128, prompts: 1536, bound: 512,
		figures: []figure{cpu(0.6, 1.6)},
	},
	{
		name: "a burst of 512 streams", server: truth.Pace{TTFT: 50 * time.Millisecond, ITL: 20 * time.Millisecond}, tokens: 16, prompts: 512, bound: 512,
		figures: []figure{{"TTFT error p99", "ms", 8, none, false, func(m *measured) float64 { return m.errorAt(99) }}},
	},
	{
		name: "512 streams x 200 tokens/s", server: truth.Pace{TTFT: 20 * time.Millisecond, ITL: 5 * time.Millisecond}, tokens: 128, prompts: 2048, bound: 512,
		figures: []figure{
			{"chunks lost", "", 0, none, false, (*measured).lost},
			{"tokens/s", "", 90000, none, true, (*measured).tokenRate},
		},
	},
	{
		name: "prompts of 8k tokens", server: truth.Pace{}, tokens: 16, prompts: 1000, bound: 16, input: 8 << 10,
		figures: []figure{requestRate(1400, 1400), start(1)},
	},
	{
		name: "prompts of 50k tokens", server: truth.Pace{}, tokens: 16, prompts: 200, bound: 8, input: 50 << 10,
		figures: []figure{requestRate(408, 408), start(1)},
	},
	long("10 requests", 10, 0.2), long("10k requests", 10_000, 0.9), long("100k requests", 100_000, 0.9), long("1M requests", 1_000_000, 0.9),
}

// long is a scenario of short requests: what it costs before, after, and in memory, of which 200 bytes a request are wanted beside what
// the program takes. The client sends from one thread and may use every core that it finds idle: on one that it fills it could not take
// samples before the end.
func long(name string, n int, first float64) scenario {
	const program, each = 60, 200
	return scenario{name: name, server: truth.Pace{}, tokens: 4, prompts: n, bound: min(n, 64), once: true, threads: 1, figures: []figure{
		start(first), end(0.2), memory(program + each*float64(n)/(1<<20)),
	}}
}

func (s scenario) spec() *v1alpha1.Serving {
	v := &v1alpha1.Serving{Dataset: "random", InputTokens: cmp.Or(s.input, 8), API: "completions", Prompts: s.prompts, OutputTokens: s.tokens, Burstiness: 1, Cores: max(1, s.threads),
		Concurrency: s.bound, Rate: v1alpha1.Rate(s.rate), RequestTimeout: v1alpha1.Duration(time.Minute)}
	return v
}

// core is which core its clients have; -1: any.
func (s scenario) core() int {
	if s.threads > 0 {
		return -1
	}
	return 0
}

// prompt is about as long as the scenario wants, for clients that are told one.
func (s scenario) prompt() string { return strings.Repeat("word ", cmp.Or(s.input, 8)) }
