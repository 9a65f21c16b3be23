package top

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
)

// GPU is one GPU of a node with a job.
type GPU struct {
	Node        string   `json:"node"`
	Index       string   `json:"gpu"`
	Model       string   `json:"model,omitempty"`
	Util        *float64 `json:"utilization"` // percent of the time with a kernel running
	Used        *float64 `json:"memoryUsedMiB"`
	Total       *float64 `json:"memoryTotalMiB"`
	Power       *float64 `json:"powerWatts"`
	Temperature *float64 `json:"temperatureCelsius"`
}

// Node is one node with a job.
type Node struct {
	Name   string   `json:"name"`
	Jobs   int      `json:"jobs"`
	CPU    *float64 `json:"cpu"` // share of all cores, from 0 to 1
	Used   *float64 `json:"memoryUsedBytes"`
	Memory *float64 `json:"memoryTotalBytes"`
	Load   *float64 `json:"load1"`
	Power  *float64 `json:"gpuPowerWatts"` // of its GPUs together
}

const gpuKey = "\x00" // between the parts of a GPU's key, which labels do not hold

func gpuOf(labels map[string]string) string {
	return strings.Join([]string{labels["node"], labels["gpu"], labels["modelName"]}, gpuKey)
}

func gpusOf(f figures) []GPU {
	out := []GPU{}
	for _, key := range slices.Sorted(maps.Keys(f)) {
		part := strings.Split(key, gpuKey)
		out = append(out, GPU{Node: part[0], Index: part[1], Model: part[2], Util: f.get(key, "util"), Used: f.get(key, "used"), Total: f.get(key, "total"),
			Power: f.get(key, "power"), Temperature: f.get(key, "heat")})
	}
	slices.SortStableFunc(out, func(a, b GPU) int {
		i, _ := strconv.Atoi(a.Index)
		j, _ := strconv.Atoi(b.Index)
		return cmp.Or(strings.Compare(a.Node, b.Node), cmp.Compare(i, j))
	})
	return out
}

// nodesOf are the nodes that jobs hold, and those that Prometheus knows of.
func nodesOf(all []v1alpha1.ExperimentStatus, f figures) []Node {
	jobs := map[string]map[string]bool{}
	for _, e := range all {
		for _, v := range e.Services {
			for _, seat := range v.Seats {
				for _, n := range seat.Nodes {
					if jobs[n] == nil {
						jobs[n] = map[string]bool{}
					}
					jobs[n][seat.JobID] = true
				}
			}
		}
	}
	out := []Node{}
	for _, name := range slices.Sorted(maps.Keys(jobs)) {
		out = append(out, Node{Name: name, Jobs: len(jobs[name]), CPU: f.get(name, "cpu"), Used: f.get(name, "used"), Memory: f.get(name, "memory"), Load: f.get(name, "load")})
	}
	return out
}

// withPower adds up the power of each node's GPUs.
func withPower(nodes []Node, gpus []GPU) []Node {
	for i, n := range nodes {
		for _, g := range gpus {
			if g.Node != n.Name || g.Power == nil {
				continue
			}
			sum := *g.Power
			if nodes[i].Power != nil {
				sum += *nodes[i].Power
			}
			nodes[i].Power = &sum
		}
	}
	return nodes
}

func windowed(expr string) string {
	return strings.ReplaceAll(expr, "[W]", "["+strconv.Itoa(int(Window/time.Second))+"s]")
}
