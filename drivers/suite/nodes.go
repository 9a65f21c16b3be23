package suite

import (
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"assay/drivers"
)

func labels(m *dto.Metric) map[string]string {
	out := map[string]string{}
	for _, l := range m.GetLabel() {
		out[l.GetName()] = l.GetValue()
	}
	return out
}

// of reports whether a card is one of the target.
func of(one drivers.Meter, label map[string]string) bool {
	return label["UUID"] != "" && (len(one.GPUs) == 0 || slices.Contains(one.GPUs, label["gpu"]) || slices.Contains(one.GPUs, label["UUID"]))
}

// nodeOf is what the counters of a node say that it is.
func nodeOf(one drivers.Meter, families map[string]*dto.MetricFamily) drivers.Node {
	n := drivers.Node{Name: one.Node, Absent: map[string]string{}}
	info := func(name string) map[string]string {
		if all := families[name].GetMetric(); len(all) > 0 {
			return labels(all[0])
		}
		return nil
	}
	if n.Kernel = info("node_uname_info")["release"]; n.Kernel == "" {
		n.Absent["kernel"] = "its counters do not name it"
	}
	cpu := info("assay_cpu_info")
	n.CPUs, _ = strconv.Atoi(cpu["cpus"])
	if n.CPU = cpu["model_name"]; n.CPU == "" {
		n.Absent["cpu"] = "its counters do not name it"
	}
	for _, g := range families["assay_gpu_info"].GetMetric() {
		if l := labels(g); of(one, l) && len(n.GPUs) < maxCards {
			n.GPUs = append(n.GPUs, drivers.GPU{Index: l["gpu"], UUID: l["UUID"], Model: l["modelName"], Driver: l["driver_version"]})
		}
	}
	slices.SortFunc(n.GPUs, func(a, b drivers.GPU) int { return strings.Compare(a.UUID, b.UUID) })
	if len(n.GPUs) == 0 {
		n.Absent["gpus"] = "its counters show no GPU"
		for _, down := range families["assay_collector_down_info"].GetMetric() {
			if l := labels(down); l["collector"] == "gpu" {
				n.Absent["gpus"] = "its GPUs cannot be read: " + l["reason"]
			}
		}
	}
	return n
}
