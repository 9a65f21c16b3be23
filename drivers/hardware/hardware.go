// Package hardware counts what a node does: CPU by mode, memory, load, network and disk, under node_exporter's names, so
// that existing dashboards and alerts read them.
//
// What the kernel does not show is absent, never zero. Labels such as experiment and service are the scraper's to add.
//
// Dependencies: github.com/prometheus/procfs parses /proc, github.com/prometheus/client_golang exposes the result.
package hardware

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"
)

// Handler serves the counters of this node, read at each request. proc is where the proc file system is, usually /proc.
func Handler(proc string) (http.Handler, error) {
	fs, err := procfs.NewFS(proc)
	if err != nil {
		return nil, fmt.Errorf("counting this node's hardware: %w", err)
	}
	disks, err := blockdevice.NewFS(proc, "/sys")
	if err != nil {
		return nil, fmt.Errorf("counting this node's disks: %w", err)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collector{fs, disks})
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}), nil
}

type collector struct {
	proc  procfs.FS
	disks blockdevice.FS
}

// Describe is empty: which metrics there are depends on the node.
func (collector) Describe(chan<- *prometheus.Desc) {}

func (c collector) Collect(ch chan<- prometheus.Metric) {
	out := sink{ch}
	c.cpu(out)
	c.memory(out)
	c.load(out)
	c.network(out)
	c.disk(out)
}

// sink emits constant metrics.
type sink struct{ ch chan<- prometheus.Metric }

func (s sink) emit(kind prometheus.ValueType, name, help string, v float64, labels ...string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	s.ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, v, values...)
}

func (s sink) counter(name, help string, v float64, labels ...string) {
	s.emit(prometheus.CounterValue, name, help, v, labels...)
}

func (s sink) gauge(name, help string, v float64, labels ...string) {
	s.emit(prometheus.GaugeValue, name, help, v, labels...)
}

func (c collector) cpu(out sink) {
	st, err := c.proc.Stat()
	if err != nil {
		return
	}
	for n, v := range st.CPU {
		cpu := fmt.Sprint(n)
		for mode, seconds := range map[string]float64{"user": v.User, "nice": v.Nice, "system": v.System, "idle": v.Idle,
			"iowait": v.Iowait, "irq": v.IRQ, "softirq": v.SoftIRQ, "steal": v.Steal} {
			out.counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", seconds, "cpu", cpu, "mode", mode)
		}
	}
	out.gauge("node_boot_time_seconds", "When the node booted, in seconds since 1970.", float64(st.BootTime))
}

func (c collector) memory(out sink) {
	m, err := c.proc.Meminfo()
	if err != nil {
		return
	}
	for name, bytes := range map[string]*uint64{"MemTotal": m.MemTotalBytes, "MemFree": m.MemFreeBytes, "MemAvailable": m.MemAvailableBytes,
		"Buffers": m.BuffersBytes, "Cached": m.CachedBytes, "SwapTotal": m.SwapTotalBytes, "SwapFree": m.SwapFreeBytes} {
		if bytes != nil {
			out.gauge("node_memory_"+name+"_bytes", "Memory: "+name+" of /proc/meminfo.", float64(*bytes))
		}
	}
}

func (c collector) load(out sink) {
	l, err := c.proc.LoadAvg()
	if err != nil {
		return
	}
	out.gauge("node_load1", "Load average over 1 minute.", l.Load1)
	out.gauge("node_load5", "Load average over 5 minutes.", l.Load5)
	out.gauge("node_load15", "Load average over 15 minutes.", l.Load15)
}

func (c collector) network(out sink) {
	devices, err := c.proc.NetDev()
	if err != nil {
		return
	}
	for _, d := range devices {
		out.counter("node_network_receive_bytes_total", "Bytes received.", float64(d.RxBytes), "device", d.Name)
		out.counter("node_network_transmit_bytes_total", "Bytes sent.", float64(d.TxBytes), "device", d.Name)
		out.counter("node_network_receive_errs_total", "Errors while receiving.", float64(d.RxErrors), "device", d.Name)
		out.counter("node_network_transmit_errs_total", "Errors while sending.", float64(d.TxErrors), "device", d.Name)
	}
}

// sector is the unit of /proc/diskstats, whatever the device's own.
const sector = 512

func (c collector) disk(out sink) {
	disks, err := c.disks.ProcDiskstats()
	if err != nil {
		return
	}
	for _, d := range disks {
		if strings.HasPrefix(d.DeviceName, "loop") || strings.HasPrefix(d.DeviceName, "ram") {
			continue
		}
		out.counter("node_disk_read_bytes_total", "Bytes read.", float64(d.ReadSectors)*sector, "device", d.DeviceName)
		out.counter("node_disk_written_bytes_total", "Bytes written.", float64(d.WriteSectors)*sector, "device", d.DeviceName)
		out.counter("node_disk_reads_completed_total", "Reads.", float64(d.ReadIOs), "device", d.DeviceName)
		out.counter("node_disk_writes_completed_total", "Writes.", float64(d.WriteIOs), "device", d.DeviceName)
		out.counter("node_disk_io_time_seconds_total", "Seconds with input or output going on.", float64(d.IOsTotalTicks)/1000, "device", d.DeviceName)
	}
}
