package hardware

import (
	"fmt"
	"strings"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"
)

// node reads what the kernel counts for every machine.
type node struct {
	proc  procfs.FS
	disks blockdevice.FS
}

func (n node) cpu(out *sink) error {
	st, err := n.proc.Stat()
	if err != nil {
		return err
	}
	for number, v := range st.CPU {
		cpu := fmt.Sprint(number)
		for mode, seconds := range map[string]float64{"user": v.User, "nice": v.Nice, "system": v.System, "idle": v.Idle,
			"iowait": v.Iowait, "irq": v.IRQ, "softirq": v.SoftIRQ, "steal": v.Steal} {
			out.counter("node_cpu_seconds_total", "Seconds the CPUs spent in each mode.", seconds, "cpu", cpu, "mode", mode)
		}
	}
	out.gauge("node_boot_time_seconds", "When the node booted, in seconds since 1970.", float64(st.BootTime))
	return nil
}

func (n node) memory(out *sink) error {
	m, err := n.proc.Meminfo()
	if err != nil {
		return err
	}
	for name, bytes := range map[string]*uint64{"MemTotal": m.MemTotalBytes, "MemFree": m.MemFreeBytes, "MemAvailable": m.MemAvailableBytes,
		"Buffers": m.BuffersBytes, "Cached": m.CachedBytes, "SwapTotal": m.SwapTotalBytes, "SwapFree": m.SwapFreeBytes} {
		if bytes != nil {
			out.gauge("node_memory_"+name+"_bytes", "Memory: "+name+" of /proc/meminfo.", float64(*bytes))
		}
	}
	return nil
}

func (n node) load(out *sink) error {
	l, err := n.proc.LoadAvg()
	if err != nil {
		return err
	}
	out.gauge("node_load1", "Load average over 1 minute.", l.Load1)
	out.gauge("node_load5", "Load average over 5 minutes.", l.Load5)
	out.gauge("node_load15", "Load average over 15 minutes.", l.Load15)
	return nil
}

func (n node) network(out *sink) error {
	devices, err := n.proc.NetDev()
	if err != nil {
		return err
	}
	for _, d := range devices {
		out.counter("node_network_receive_bytes_total", "Bytes received.", float64(d.RxBytes), "device", d.Name)
		out.counter("node_network_transmit_bytes_total", "Bytes sent.", float64(d.TxBytes), "device", d.Name)
		out.counter("node_network_receive_errs_total", "Errors while receiving.", float64(d.RxErrors), "device", d.Name)
		out.counter("node_network_transmit_errs_total", "Errors while sending.", float64(d.TxErrors), "device", d.Name)
	}
	return nil
}

// sector is the unit of /proc/diskstats, whatever the device's own.
const sector = 512

func (n node) disk(out *sink) error {
	disks, err := n.disks.ProcDiskstats()
	if err != nil {
		return err
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
	return nil
}
