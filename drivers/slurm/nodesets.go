package slurm

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/api/v1alpha1"
)

// machine is a node.
type machine struct {
	name       string
	set        v1alpha1.NodeSet // of this one node
	gpuTypes   []string
	partitions []string
}

// bracketed is what Slurm adds to a GRES: gpu:a100:4(S:0,1).
var bracketed = regexp.MustCompile(`\([^)]*\)`)

// readNodes reads `scontrol show node --oneliner`. Nodes that do not exist yet do not count; those that are down do.
func readNodes(text string) []machine {
	var out []machine
	for _, r := range readRecords(text) {
		if r["NodeName"] == "" || strings.Contains(r["State"], "FUTURE") {
			continue
		}
		m := machine{name: r["NodeName"], partitions: listOf(r["Partitions"]), set: v1alpha1.NodeSet{Nodes: 1}}
		m.set.CPUsPerNode = count(cmp.Or(r["CPUEfctv"], r["CPUTot"])) // without the cores that are kept for the system
		if memory := count(r["RealMemory"]) - count(r["MemSpecLimit"]); memory > 0 {
			m.set.MemoryPerNode = v1alpha1.Quantity(memory) << 20
		}
		m.set.GPUsPerNode, m.gpuTypes = readGPUs(r["Gres"])
		out = append(out, m)
	}
	return out
}

// readGPUs reads gpu:a100:4(S:0,1),gpu:2,nvme:1.
func readGPUs(gres string) (n int, types []string) {
	for _, item := range listOf(bracketed.ReplaceAllString(gres, "")) {
		words := strings.Split(item, ":")
		if words[0] != "gpu" {
			continue
		}
		number := 1
		if last, err := strconv.ParseUint(words[len(words)-1], 10, 16); err == nil {
			number, words = int(last), words[:len(words)-1]
		}
		n = min(n+number, 1<<16)
		if len(words) > 1 && words[1] != "no_consume" {
			types = append(types, strings.Join(words[1:], ":"))
		}
	}
	return n, types
}

// kinds groups nodes that are alike, the ones with the most GPUs, CPUs and memory first.
func kinds(nodes []machine) (sets []v1alpha1.NodeSet, gpuTypes []string) {
	for _, m := range nodes {
		gpuTypes = append(gpuTypes, m.gpuTypes...)
		one := m.set
		i := slices.IndexFunc(sets, func(s v1alpha1.NodeSet) bool {
			s.Nodes = one.Nodes
			return s == one
		})
		if i < 0 {
			sets = append(sets, one)
		} else {
			sets[i].Nodes++
		}
	}
	slices.SortFunc(sets, func(a, b v1alpha1.NodeSet) int {
		return cmp.Or(b.GPUsPerNode-a.GPUsPerNode, b.CPUsPerNode-a.CPUsPerNode, cmp.Compare(b.MemoryPerNode, a.MemoryPerNode))
	})
	slices.Sort(gpuTypes)
	return sets, slices.Compact(gpuTypes)
}
