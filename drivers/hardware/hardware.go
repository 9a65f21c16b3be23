// Package hardware counts what a node does: CPU by mode, memory, load, network and disk under node_exporter's names, NVIDIA
// GPUs under the DCGM exporter's and the Lustre client under those of the known Lustre exporters, so that existing dashboards
// and alerts read them.
//
// What the node does not show is absent, never zero. Each collector runs by itself under a deadline: a collector that stalls (a faulty
// card, a dead file system) does not delay the others. assay_collector_up says which of them answered, and
// assay_collector_down_info why one did not; what a node does not have at all, such as GPUs, is not mentioned.
// Labels such as experiment and service are the scraper's to add.
//
// Dependencies: github.com/prometheus/procfs parses /proc, github.com/prometheus/client_golang exposes the result.
package hardware

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"
)

// Handler serves the counters of this node, read at each request. proc is where the proc file system is, usually /proc.
func Handler(proc string) (http.Handler, error) {
	return newHandler(proc, "/sys")
}

// newHandler also takes where sysfs is: Lustre's counters can be in its debugfs.
func newHandler(proc, sys string) (http.Handler, error) {
	fs, err := procfs.NewFS(proc)
	if err != nil {
		return nil, fmt.Errorf("counting this node's hardware: %w", err)
	}
	disks, err := blockdevice.NewFS(proc, sys)
	if err != nil {
		return nil, fmt.Errorf("counting this node's disks: %w", err)
	}
	n, gpus := node{fs, disks}, newGPUs()
	gpus.ask() // so that the first scrape finds an answer
	reg := prometheus.NewRegistry()
	reg.MustRegister(&collector{deadline: scrapeDeadline, sources: []*source{
		{name: "system", read: system(proc, fs)}, {name: "cpu", read: n.cpu}, {name: "memory", read: n.memory}, {name: "load", read: n.load}, {name: "network", read: n.network},
		{name: "disk", read: n.disk}, {name: "gpu", read: gpus.collect}, {name: "lustre", read: newLustre(proc, sys).collect},
	}})
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}), nil
}
