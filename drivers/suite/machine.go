package suite

import (
	"os"
	"strings"

	"github.com/prometheus/procfs"

	"assay/drivers"
)

// ThisNode is the machine that this process runs on: its name, kernel and processors. What the kernel does not tell is absent,
// with why. Its GPUs are not the client's and are left out.
func ThisNode() drivers.Node { return nodeAt("/proc") }

func nodeAt(proc string) drivers.Node {
	n := drivers.Node{Absent: map[string]string{}}
	var err error
	if n.Name, err = os.Hostname(); err != nil {
		n.Absent["name"] = err.Error()
	}
	release, err := os.ReadFile(proc + "/sys/kernel/osrelease")
	if n.Kernel = strings.TrimSpace(string(release)); err != nil {
		n.Absent["kernel"] = err.Error()
	}
	fs, err := procfs.NewFS(proc)
	if err != nil {
		n.Absent["cpu"] = err.Error()
		return n
	}
	cpus, err := fs.CPUInfo()
	switch n.CPUs = len(cpus); {
	case err != nil:
		n.Absent["cpu"] = err.Error()
	case len(cpus) == 0 || cpus[0].ModelName == "": // so on ARM
		n.Absent["cpu"] = proc + "/cpuinfo does not name it"
	default:
		n.CPU = cpus[0].ModelName
	}
	return n
}
