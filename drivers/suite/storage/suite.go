package storage

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"assay/drivers"
	"assay/drivers/suite"
)

// Suite implements drivers.Suite with the engine that the request names.
type Suite struct{ Native, IO500 drivers.Suite }

// Run measures req.Directory.
func (s Suite) Run(ctx context.Context, req drivers.SuiteRequest, dir string, progress func(string)) (drivers.SuiteResult, error) {
	var engine drivers.Suite
	switch req.Storage.Engine {
	case "native":
		engine = s.Native
	case "io500":
		engine = s.IO500
	}
	if engine == nil {
		return drivers.SuiteResult{}, fmt.Errorf("benchmark %q asks for the unknown storage engine %q: write engine: native or io500", req.Benchmark, req.Storage.Engine)
	}
	overlap := suite.NewOverlap(req, dir)
	if err := overlap.Begin(ctx, progress); err != nil {
		return drivers.SuiteResult{}, err
	}
	measured := Describe(ctx, req.Directory)
	res, err := engine.Run(ctx, req, dir, progress)
	err = errors.Join(err, overlap.End())
	res.FileSystem = measured
	if fault, is := InMemory(measured); is && err == nil {
		res.Valid, res.Reasons = false, slices.Insert(res.Reasons, 0, fault)
	}
	if res.Versions == nil {
		res.Versions = map[string]string{}
	}
	res.Versions["engine"] = req.Storage.Engine
	if err == nil {
		overlap.Report(&res)
	}
	return res, err
}

// Phase is one phase of IO500.
type Phase struct {
	Name  string // as IO500 writes it: ior-easy-write
	Write bool   // has a stonewall
}

// Phases are the scored phases in the order in which they run. The timestamp lies between the first two and the others.
var Phases = []Phase{
	{"ior-easy-write", true}, {"mdtest-easy-write", true}, {"ior-hard-write", true}, {"mdtest-hard-write", true}, {"find", false},
	{"ior-easy-read", false}, {"mdtest-easy-stat", false}, {"ior-hard-read", false}, {"mdtest-hard-stat", false},
	{"mdtest-easy-delete", false}, {"mdtest-hard-read", false}, {"mdtest-hard-delete", false},
}

// Bandwidth reports whether the phase is measured in GiB/s; the others are in 1000 operations per second.
func (p Phase) Bandwidth() bool { return strings.HasPrefix(p.Name, "ior-") }

// Unit is GiB/s or kIOPS.
func (p Phase) Unit() string {
	if p.Bandwidth() {
		return "GiB/s"
	}
	return "kIOPS"
}

// Metric is the name of the phase's value in a result.
func (p Phase) Metric() string {
	if p.Bandwidth() {
		return p.key() + "_gibs"
	}
	return p.key() + "_kiops"
}

func (p Phase) key() string { return strings.ReplaceAll(p.Name, "-", "_") }

// Value is the result of one phase.
type Value struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Seconds float64 `json:"seconds"`
}

// Metrics are the flat metrics of the phases, and of the scores whose phases are complete.
func Metrics(values []Value) map[string]float64 {
	m := map[string]float64{}
	by := map[string]float64{}
	for _, v := range values {
		by[v.Name] = v.Value
		for _, p := range Phases {
			if p.Name == v.Name {
				m[p.Metric()], m[p.key()+"_seconds"] = v.Value, v.Seconds
			}
		}
	}
	bw, okBW := mean(by, true)
	md, okMD := mean(by, false)
	if okBW {
		m["score_bandwidth_gibs"] = bw
	}
	if okMD {
		m["score_iops_kiops"] = md
	}
	if okBW && okMD {
		m["score_total"] = math.Sqrt(bw * md)
	}
	return m
}

// mean is the geometric mean of the phases of one kind; false when one is missing or zero.
func mean(by map[string]float64, bandwidth bool) (float64, bool) {
	sum, n := 0.0, 0
	for _, p := range Phases {
		if p.Bandwidth() != bandwidth {
			continue
		}
		v := by[p.Name]
		if v <= 0 {
			return 0, false
		}
		sum, n = sum+math.Log(v), n+1
	}
	return math.Exp(sum / float64(n)), true
}
