package agent

import (
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
)

// inherited are the variables of the job that a process gets; everything else, secrets of the shell that submitted
// included, stays outside.
var inherited = []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
	"ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "SLURM_JOB_ID", "SLURM_JOB_NODELIST", "SLURM_JOB_NUM_NODES", "SLURM_CPUS_ON_NODE",
	"SLURMD_NODENAME", "SLURM_CONF", "ASSAY_JOB_NONCE", "XDG_CACHE_HOME", "MODULEPATH", "LOADEDMODULES"}

// expander replaces the words of drivers.Process.
func (a *agent) expander(port int, data string) *strings.Replacer {
	return strings.NewReplacer("$(PORT)", strconv.Itoa(port), "$(HOST)", a.o.Listen, "$(NODE)", a.o.Node, "$(DATA)", data, "$(ASSAY)", a.o.Binary)
}

// environment is what a process gets: the inherited variables, ours, and the declared ones, which win.
func environment(declared map[string]string, ours ...string) []string {
	env := ours
	for _, name := range inherited {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		env = append(env, name+"="+declared[name])
	}
	return env
}

// freePort allocates a port that nobody of this job has.
func (a *agent) freePort() (int, error) {
	for range 100 {
		l, err := net.Listen("tcp", net.JoinHostPort(a.o.Listen, "0"))
		if err != nil {
			return 0, fmt.Errorf("allocating a port on %s: %w", a.o.Listen, err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			return 0, fmt.Errorf("allocating a port on %s: %w", a.o.Listen, err)
		}
		if !a.ports[port] {
			a.ports[port] = true
			return port, nil
		}
	}
	return 0, fmt.Errorf("allocating a port on %s: no free one was found", a.o.Listen)
}

// portFree reports whether a port can be listened on.
func (a *agent) portFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(a.o.Listen, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
