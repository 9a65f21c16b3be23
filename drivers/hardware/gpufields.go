package hardware

import (
	"math"
	"strconv"
	"strings"
)

// gpuField is one column of nvidia-smi and the metric that it becomes. DCGM's name where it has one.
type gpuField struct {
	column, metric, help string
	counter              bool
}

// gpuIdentity are the columns that become labels.
var gpuIdentity = []string{"index", "uuid", "name", "driver_version", "mig.mode.current"}

var gpuMetrics = []gpuField{
	{column: "utilization.gpu", metric: "DCGM_FI_DEV_GPU_UTIL", help: "GPU utilization (in %)."},
	{column: "utilization.memory", metric: "DCGM_FI_DEV_MEM_COPY_UTIL", help: "Memory bandwidth utilization (in %)."},
	{column: "memory.used", metric: "DCGM_FI_DEV_FB_USED", help: "Framebuffer memory used (in MiB)."},
	{column: "memory.free", metric: "DCGM_FI_DEV_FB_FREE", help: "Framebuffer memory free (in MiB)."},
	{column: "memory.total", metric: "DCGM_FI_DEV_FB_TOTAL", help: "Framebuffer memory in all (in MiB)."},
	{column: "temperature.gpu", metric: "DCGM_FI_DEV_GPU_TEMP", help: "GPU temperature (in C)."},
	{column: "temperature.memory", metric: "DCGM_FI_DEV_MEMORY_TEMP", help: "Memory temperature (in C)."},
	{column: "power.draw", metric: "DCGM_FI_DEV_POWER_USAGE", help: "Power draw (in W)."},
	{column: "power.limit", metric: "DCGM_FI_DEV_POWER_MGMT_LIMIT", help: "Power limit (in W)."},
	{column: "clocks.sm", metric: "DCGM_FI_DEV_SM_CLOCK", help: "SM clock (in MHz)."},
	{column: "clocks.mem", metric: "DCGM_FI_DEV_MEM_CLOCK", help: "Memory clock (in MHz)."},
	{column: "clocks_throttle_reasons.active", metric: "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", help: "Why the clocks are held down (a bit mask)."},
	{column: "pcie.link.gen.current", metric: "DCGM_FI_DEV_PCIE_LINK_GEN", help: "PCIe generation in use."},
	{column: "pcie.link.width.current", metric: "DCGM_FI_DEV_PCIE_LINK_WIDTH", help: "PCIe lanes in use."},
	{column: "ecc.errors.corrected.volatile.total", metric: "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL", help: "Corrected memory errors since the driver was loaded.", counter: true},
	{column: "ecc.errors.uncorrected.volatile.total", metric: "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", help: "Uncorrected memory errors since the driver was loaded.", counter: true},
}

func gpuFields() []string {
	fields := append([]string(nil), gpuIdentity...)
	for _, f := range gpuMetrics {
		fields = append(fields, f.column)
	}
	return fields
}

// card is one line of nvidia-smi: column to text, without the columns that the card does not have.
type card map[string]string

// parseCards reads the lines that have all the columns; anything else is a warning that nvidia-smi prints among them.
// A card in MIG mode is one line as well, with [N/A] for its utilization: its slices are not listed here.
func parseCards(text string, fields []string) []card {
	var cards []card
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		cells := strings.Split(line, ",")
		if len(cells) != len(fields) {
			continue
		}
		c := card{}
		for i, cell := range cells {
			if cell = strings.TrimSpace(cell); known(cell) {
				c[fields[i]] = cell
			}
		}
		if _, err := strconv.ParseUint(c["index"], 10, 16); err != nil || c["uuid"] == "" || seen[c["uuid"]] {
			continue
		}
		seen[c["uuid"]] = true
		cards = append(cards, c)
	}
	return cards
}

// known is false for what nvidia-smi prints instead of a value: [N/A], [Not Supported], [Unknown Error], ERR!, [GPU is lost]…
func known(cell string) bool {
	return cell != "" && cell != "N/A" && cell != "ERR!" && !strings.HasPrefix(cell, "[")
}

func (c card) emit(out *sink) {
	labels := []string{"gpu", c["index"], "UUID", c["uuid"], "modelName", c["name"]}
	for _, f := range gpuMetrics {
		v, ok := number(c[f.column])
		switch {
		case !ok:
		case f.counter:
			out.counter(f.metric, f.help, v, labels...)
		default:
			out.gauge(f.metric, f.help, v, labels...)
		}
	}
	if driver := c["driver_version"]; driver != "" {
		out.gauge("assay_gpu_info", "The driver of a GPU.", 1, append(labels, "driver_version", driver)...)
	}
	if mode := c["mig.mode.current"]; mode == "Enabled" || mode == "Disabled" {
		enabled := map[string]float64{"Enabled": 1}[mode]
		out.gauge("assay_gpu_mig_enabled", "Whether a GPU is cut into slices (MIG); its utilization is absent then.", enabled, labels...)
	}
}

// number reads a decimal, or a bit mask in hexadecimal. These figures are finite and not negative.
func number(cell string) (float64, bool) {
	if mask, ok := strings.CutPrefix(cell, "0x"); ok {
		v, err := strconv.ParseUint(mask, 16, 64)
		return float64(v), err == nil
	}
	v, err := strconv.ParseFloat(cell, 64)
	return v, err == nil && v >= 0 && !math.IsInf(v, 0)
}
