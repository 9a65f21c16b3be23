package hardware

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// system names what the node is: its kernel and its processors.
func system(proc string, of procfs.FS) func(*sink) error {
	return func(out *sink) error {
		release, err := os.ReadFile(filepath.Join(proc, "sys", "kernel", "osrelease"))
		if errors.Is(err, fs.ErrNotExist) {
			return errNotHere
		}
		if err != nil {
			return err
		}
		out.gauge("node_uname_info", "The kernel of the node.", 1, "release", strings.TrimSpace(string(release)))
		cpus, err := of.CPUInfo()
		if err != nil || len(cpus) == 0 {
			return err
		}
		out.gauge("assay_cpu_info", "The processors of the node.", 1, "model_name", cpus[0].ModelName, "cpus", strconv.Itoa(len(cpus)))
		return nil
	}
}
