package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/reconciler/results"
)

// entry is what the catalogue says of a metric. It is in the JSON form alone: the names in the header of the CSV form stay
// names, so that programs find their columns.
type entry struct {
	Unit    string `json:"unit,omitempty"`
	Better  string `json:"better"`            // higher, lower or neither
	Samples int    `json:"samples,omitempty"` // that it needs to be trusted
	Meaning string `json:"meaning"`
}

// describe adds an entry for every metric that a run has and the catalogue knows.
func (r *Report) describe() {
	r.Metrics = map[string]entry{}
	for _, row := range r.Runs {
		for name := range row.Metrics {
			if _, done := r.Metrics[name]; done {
				continue
			}
			if m, ok := results.Lookup(name); ok {
				r.Metrics[name] = entry{m.Unit, m.Better.String(), m.Samples(), m.Meaning}
			}
		}
	}
}

// Column is a column that every CSV has, with what it means. A column's name and meaning stay as they are; new ones come at the end.
type Column struct {
	Name, Meaning string
	of            func(results.Row) string
}

// Columns are the columns of the CSV form, in their order. Behind them is one for each parameter of the sweep (point_<parameter>) and
// one for each metric, under its name in the catalogue.
func Columns() []Column {
	return []Column{
		{"experiment", "The experiment's name.", func(r results.Row) string { return r.Experiment }},
		{"benchmark", "The benchmark's name.", func(r results.Row) string { return r.Benchmark }},
		{"repeat", "Which repeat it is, from 1.", func(r results.Row) string { return strconv.Itoa(r.Repeat) }},
		{"run", "The run's name, unique in its experiment.", func(r results.Row) string { return r.Run }},
		{"revision", "The hash of the revision that asked for it.", func(r results.Row) string { return r.Revision }},
		{"phase", "Complete or Failed.", func(r results.Row) string { return r.Phase }},
		{"valid", "true when the run counts.", func(r results.Row) string { return strconv.FormatBool(r.Valid) }},
		{"simulated", "true when assay's simulator answered and no real server.", func(r results.Row) string { return strconv.FormatBool(r.Simulated) }},
		{"engine", "Of storage runs what measured: native or io500; else empty.", results.Row.Engine},
		{"started", "When it began, in UTC (RFC 3339).", func(r results.Row) string { return r.Started.UTC().Format(time.RFC3339) }},
		{"ended", "When it ended, in UTC (RFC 3339).", func(r results.Row) string { return r.Ended.UTC().Format(time.RFC3339) }},
		{"commit", "The commit of the repository that the revision came from; empty when it came from none.", func(r results.Row) string { return r.Commit }},
		{"model", "The model that was asked for; empty for targets without one.", func(r results.Row) string { return r.Model }},
		{"server_version", "The target's version, as it names it itself; empty when it names none.", serverVersion},
		{"assay_version", "The version of the assay that measured.", func(r results.Row) string { return r.Versions["assay"] }},
		{"deployment", "Which start of the target's servers it measured: runs with the same word share one.", func(r results.Row) string { return r.Deployment }},
		{"nodes", "The names of the target's nodes.", func(r results.Row) string { return strings.Join(nodesOf(r), " ") }},
		{"gpus", "How many GPUs the target had; empty when that is not known.", gpuCount},
		{"gpu_model", "The models of the target's GPUs, each once; empty when they are not known.", func(r results.Row) string { return strings.Join(gpuModels(r), "; ") }},
		{"gpu_driver", "The versions of their drivers, each once.", func(r results.Row) string { return strings.Join(gpuDrivers(r), "; ") }},
		{"cpu_model", "The models of the nodes' CPUs, each once.", func(r results.Row) string { return strings.Join(cpuModels(r), "; ") }},
		{"job", "The scheduler's job.", func(r results.Row) string { return r.JobID }},
		{"seed", "The seed of its requests.", func(r results.Row) string { return strconv.FormatInt(r.Seed, 10) }},
		{"reasons", "Why it does not count, and what else is to know: words, separated by a space.", reasonWords},
	}
}

// ColumnsText is a line for each column, for a verb's help.
func ColumnsText() string {
	var b strings.Builder
	for _, c := range Columns() {
		fmt.Fprintf(&b, "  %-15s %s\n", c.Name, c.Meaning)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func serverVersion(r results.Row) string { return cmp.Or(r.Versions["server"], r.Versions["chroma"]) }

// nodesOf are the nodes of the target: as their counters name them, or as its job lists them.
func nodesOf(r results.Row) []string {
	if len(r.Hardware) == 0 {
		return r.Nodes
	}
	return hardware(r, func(one machine) string { return one.node })
}

func gpuCount(r results.Row) string {
	n, reason := r.GPUs()
	if reason != "" {
		return ""
	}
	return fmt.Sprint(n)
}

func gpuModels(r results.Row) []string {
	return hardware(r, func(one machine) string { return one.gpu })
}
func gpuDrivers(r results.Row) []string {
	return hardware(r, func(one machine) string { return one.driver })
}
func cpuModels(r results.Row) []string {
	return hardware(r, func(one machine) string { return one.cpu })
}

// machine is a node of the target with one of its GPUs.
type machine struct{ node, cpu, gpu, driver string }

// hardware is something of the target's nodes, each value once.
func hardware(r results.Row, of func(machine) string) (out []string) {
	for _, node := range r.Hardware {
		all := []machine{{node: node.Name, cpu: node.CPU}}
		for _, g := range node.GPUs {
			all = append(all, machine{node.Name, node.CPU, g.Model, g.Driver})
		}
		for _, one := range all {
			if v := of(one); v != "" && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

func reasonWords(r results.Row) string {
	var out []string
	for _, why := range r.Reasons {
		out = append(out, why.Reason)
	}
	return strings.Join(out, " ")
}
