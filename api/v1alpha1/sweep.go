package v1alpha1

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Sweep repeats the experiment's benchmarks at every combination of some values. A path is services.NAME.FIELD… or
// benchmarks.NAME.FIELD…, with the names of the manifest.
type Sweep struct {
	Matrix  map[string][]any  `json:"matrix,omitempty"`  // path -> values; every combination is a point
	Zip     map[string][]any  `json:"zip,omitempty"`     // paths whose values, equally many, go together; one more dimension
	Bind    map[string]string `json:"bind,omitempty"`    // path -> another path whose value it takes at every point
	Exclude []map[string]any  `json:"exclude,omitempty"` // path -> value; points with all of these values are left out
	// OnFailure is Continue (default), or Stop: after a failed run no other point is served.
	OnFailure string `json:"onFailure,omitempty" validate:"omitempty,oneof=Continue Stop"`
	// Declared is written by assay: services and benchmarks as they were declared, before defaults. The spec itself holds
	// those of the first point.
	Declared *Declared `json:"declared,omitempty"`
}

// Declared is what the points of a sweep are made from.
type Declared struct {
	Services   []Service   `json:"services,omitempty"`
	Benchmarks []Benchmark `json:"benchmarks,omitempty"`
}

// Point is one combination of a sweep's values, by path.
type Point map[string]any

// dimension is a list of assignments of which every point takes one. Cost is what a change of it restarts.
type dimension struct {
	cost   int
	name   string
	values []Point
}

// What changing a parameter costs.
const (
	costAllocation = iota // a new job
	costService           // the server restarts
	costBenchmark         // nothing
)

// allocationFields of a service change its job.
var allocationFields = map[string]bool{"nodes": true, "replicas": true, "resources": true, "group": true}

func costOf(path string) int {
	words := strings.SplitN(path, ".", 4)
	switch {
	case words[0] == "benchmarks":
		return costBenchmark
	case len(words) > 2 && allocationFields[words[2]]:
		return costAllocation
	}
	return costService
}

// Points are the points of a sweep, in the order in which they restart least: what needs a new job changes slowest,
// what only another run needs changes fastest. Without a sweep there are no points.
func (e Experiment) Points() []Point {
	s := e.Spec.Sweep
	if s == nil {
		return nil
	}
	points := []Point{{}}
	for _, d := range s.dimensions() {
		var next []Point
		for _, p := range points {
			for _, v := range d.values {
				q := maps.Clone(p)
				maps.Copy(q, v)
				next = append(next, q)
			}
			if len(next) > maxCombinations {
				break // it is refused for its size, whatever the exact number
			}
		}
		points = next
	}
	points = slices.DeleteFunc(points, s.excluded())
	seen := map[string]bool{}
	return slices.DeleteFunc(points, func(p Point) bool {
		key := text(map[string]any(p)) // keys are sorted
		again := seen[key]
		seen[key] = true
		return again
	})
}

// dimensions are ordered by cost, then by name; the order in the manifest does not count.
func (s *Sweep) dimensions() []dimension {
	var out []dimension
	for path, values := range s.Matrix {
		d := dimension{cost: costOf(path), name: path}
		for _, v := range values {
			d.values = append(d.values, Point{path: v})
		}
		out = append(out, d)
	}
	if len(s.Zip) > 0 {
		paths := slices.Sorted(maps.Keys(s.Zip))
		d := dimension{cost: costBenchmark, name: paths[0]}
		for _, path := range paths {
			d.cost = min(d.cost, costOf(path))
		}
		for i := range s.Zip[paths[0]] {
			p := Point{}
			for _, path := range paths {
				if i < len(s.Zip[path]) {
					p[path] = s.Zip[path][i]
				}
			}
			d.values = append(d.values, p)
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b dimension) int { return cmp.Or(a.cost-b.cost, strings.Compare(a.name, b.name)) })
	return out
}

// excluded reports whether a point is left out. Values are compared in their JSON form, which is made once.
func (s *Sweep) excluded() func(Point) bool {
	var all []map[string]string
	swept := map[string]bool{}
	for _, e := range s.Exclude {
		texts := map[string]string{}
		for path, v := range e {
			texts[path], swept[path] = text(v), true
		}
		all = append(all, texts)
	}
	return func(p Point) bool {
		have := map[string]string{}
		for path := range swept {
			have[path] = text(p[path])
		}
		return slices.ContainsFunc(all, func(texts map[string]string) bool {
			for path, v := range texts {
				if have[path] != v {
					return false
				}
			}
			return len(texts) > 0
		})
	}
}

// At is the experiment at a point, before defaults and without its sweep.
func (e Experiment) At(p Point) (Experiment, error) {
	s := e.Spec.Sweep
	if s == nil {
		return e, nil
	}
	out := e
	out.Spec.Sweep = nil
	base := Declared{out.Spec.Services, out.Spec.Benchmarks}
	if s.Declared != nil {
		base = *s.Declared
	}
	data, err := json.Marshal(base)
	if err != nil {
		return e, fmt.Errorf("copying what is declared: %w", err)
	}
	var copied Declared
	if err := json.Unmarshal(data, &copied); err != nil {
		return e, fmt.Errorf("copying what is declared: %w", err)
	}
	for _, path := range slices.Sorted(maps.Keys(p)) {
		if err := copied.set(path, []byte(text(p[path]))); err != nil {
			return e, fmt.Errorf("setting %s to %s: %w", path, Words(p[path]), err)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(s.Bind)) {
		value, err := copied.get(s.Bind[path])
		if err == nil {
			err = copied.set(path, value)
		}
		if err != nil {
			return e, fmt.Errorf("binding %s to %s: %w", path, s.Bind[path], err)
		}
	}
	keepDigests(copied.Services, e.Spec.Services)
	out.Spec.Services, out.Spec.Benchmarks = copied.Services, copied.Benchmarks
	return out, nil
}

// keepDigests gives the secrets of a point's services the digests of their values.
func keepDigests(services, known []Service) {
	for i, s := range services {
		k, ok := named(known, s.Name)
		if !ok {
			continue
		}
		for name, ref := range s.Secrets {
			ref.Digest = k.Secrets[name].Digest
			services[i].Secrets[name] = ref
		}
	}
}

// Short gives a point's values as text, by the shortest endings of their paths that tell them apart: nodes, concurrency.
func (p Point) Short() map[string]string {
	out := make(map[string]string, len(p))
	for path, v := range p {
		words := strings.Split(path, ".")
		n := 1
		for ; n < len(words); n++ {
			if end := strings.Join(words[len(words)-n:], "."); p.endings(end) == 1 {
				break
			}
		}
		out[strings.Join(words[len(words)-n:], ".")] = Words(v)
	}
	return out
}

func (p Point) endings(end string) int {
	n := 0
	for path := range p {
		if strings.HasSuffix("."+path, "."+end) {
			n++
		}
	}
	return n
}

// String is the point for people: its short names and values.
func (p Point) String() string {
	short := p.Short()
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(short)) {
		parts = append(parts, k+"="+short[k])
	}
	return strings.Join(parts, ", ")
}

// Words is a value as a manifest writes it.
func Words(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return text(v)
}

// text is the JSON form of a value that came out of a manifest.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("v1alpha1: a value of a sweep has no JSON form: " + err.Error())
	}
	return string(b)
}
