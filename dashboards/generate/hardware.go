package main

import "strings"

// hardware shows nodes. Two jobs on one node can both count it, so series are first reduced to one for each device.
func hardware() board {
	vars := chain("node_load1", "experiment", "service", "node")
	once := func(labels, counter, match string) string {
		return "max by (node" + labels + ") (rate(" + counter + "{@" + match + "}[$__rate_interval]))"
	}
	level := func(metric string) string { return "max by (node) (" + metric + "{@})" }
	cores := "count by (node) (max by (node, cpu) (node_cpu_seconds_total{@,mode=\"idle\"}))"
	device := func(metric, match, what string) query {
		return query{once(", device", metric, match), "{{node}} {{device}} " + what}
	}
	const wire = `,device!="lo"`
	gpu := func(metric string) query {
		return query{"max by (node, gpu, UUID, modelName) (DCGM_FI_DEV_" + metric + "{@})", "{{node}} GPU {{gpu}}"}
	}
	hertz := func(metric, what string) query {
		return query{"1e6 * " + gpu(metric).expr, gpu(metric).legend + what}
	}
	memory := gpu("FB_USED").expr
	full := memory + " / (" + memory + " + " + strings.ReplaceAll(memory, "FB_USED", "FB_FREE") + ")"
	return board{
		uid: "assay-hardware", title: "assay: hardware", from: "30m", vars: vars, filter: matchers(vars),
		about: "CPU, memory, network, disk and GPUs of the nodes that hold services. What a node does not show is absent, not zero.",
		panels: []panel{
			{title: "CPU and memory"},
			{title: "CPU by mode", kind: stack, unit: "percent", max: 100, about: "Share of all CPUs of a node together: 100 % is every core busy. Idle time is left out.", q: []query{
				{"100 * avg by (node, mode) (" + once(", cpu, mode", "node_cpu_seconds_total", `,mode!="idle"`) + ")", "{{node}} {{mode}}"}}},
			{title: "Load against cores", unit: "short", about: "Processes that run or wait for a disk. Above the number of cores some wait. Load is not CPU use.", q: []query{
				{level("node_load1"), "{{node}} 1 min"}, {level("node_load5"), "{{node}} 5 min"}, {level("node_load15"), "{{node}} 15 min"}, {cores, "{{node}} cores"}}},
			{title: "Memory", unit: "bytes", about: "Used is what cannot be given to a new process: total without available. Cached is page cache and can.", q: []query{
				{level("node_memory_MemTotal_bytes") + " - " + level("node_memory_MemAvailable_bytes"), "{{node}} used"},
				{level("node_memory_Cached_bytes"), "{{node}} cached"}, {level("node_memory_MemTotal_bytes"), "{{node}} total"}}},
			{title: "Network"},
			{title: "Received", unit: "Bps", about: "By device, without loopback.", q: []query{device("node_network_receive_bytes_total", wire, "")}},
			{title: "Sent", unit: "Bps", about: "By device, without loopback.", q: []query{device("node_network_transmit_bytes_total", wire, "")}},
			{title: "Network errors", unit: "ops", about: "Packets that were damaged or dropped by the device. More than none is a fault.", q: []query{
				device("node_network_receive_errs_total", wire, "receiving"), device("node_network_transmit_errs_total", wire, "sending")}},
			{title: "Disk"},
			{title: "Disk throughput", unit: "Bps", about: "Local disks only: a parallel file system is on the storage dashboard.", q: []query{
				device("node_disk_read_bytes_total", "", "read"), device("node_disk_written_bytes_total", "", "written")}},
			{title: "Disk operations", unit: "iops", about: "Reads and writes that the disk completed, per second.", q: []query{
				device("node_disk_reads_completed_total", "", "reads"), device("node_disk_writes_completed_total", "", "writes")}},
			{title: "Disk busy", unit: "percentunit", about: "Share of the time with something in progress. A disk that serves many requests at once is not full at 100 %.", q: []query{
				device("node_disk_io_time_seconds_total", "", "")}},
			{title: "GPU"},
			{title: "GPU utilisation", unit: "percent", max: 100, about: "Share of the time with a kernel running, not of the compute power used.", q: []query{gpu("GPU_UTIL")}},
			{title: "GPU memory", unit: "mbytes", about: "Memory in use. vLLM takes most of it at the start, for its cache.", q: []query{gpu("FB_USED")}},
			{title: "GPU memory share", unit: "percentunit", max: 1, about: "Used of used and free together.", q: []query{{full, "{{node}} GPU {{gpu}} {{modelName}}"}}},
			{title: "GPU power", unit: "watt", about: "Electrical power drawn: the better sign of work than utilisation.", q: []query{gpu("POWER_USAGE")}},
			{title: "GPU temperature", unit: "celsius", about: "Of the chip.", q: []query{gpu("GPU_TEMP")}},
			{title: "GPU clocks", unit: "hertz", about: "Clocks that fall under load mean a power or a heat limit.", q: []query{hertz("SM_CLOCK", " SM"), hertz("MEM_CLOCK", " memory")}},
		},
	}
}
