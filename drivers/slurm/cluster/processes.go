package cluster

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// daemons are the programs that are recognised by what their command line or environment names.
var daemons = []string{"munged", "slurmctld", "slurmd", "slurmstepd", "slurmdbd", "mariadbd"}

// processes lists the processes of the cluster: daemons by their command line, slurmstepd and jobs by their environment.
func (c *Cluster) processes() []int {
	var out []int
	entries, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, e := range entries {
		pid, err := strconv.Atoi(filepath.Base(e))
		if err == nil && pid != os.Getpid() && belongs(pid, c.dir) {
			out = append(out, pid)
		}
	}
	return out
}

// belongs reports whether a living process belongs to the cluster in dir. The program that started the cluster, and a
// shell with SLURM_CONF set, do not: in their environment SLURM_JOB_ID is missing.
func belongs(pid int, dir string) bool {
	proc := fmt.Sprintf("/proc/%d/", pid)
	stat, err := os.ReadFile(proc + "stat")
	if err != nil || bytes.Contains(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" Z ")) {
		return false
	}
	comm, _ := os.ReadFile(proc + "comm") // a process that has ended is not a daemon
	cmd, _ := os.ReadFile(proc + "cmdline")
	env, _ := os.ReadFile(proc + "environ")
	inEnv := bytes.Contains(env, []byte("SLURM_CONF="+filepath.Join(dir, "slurm.conf")+"\x00"))
	if slices.Contains(daemons, strings.TrimSpace(string(comm))) && (inEnv || bytes.Contains(cmd, []byte(dir+"/"))) {
		return true
	}
	return inEnv && bytes.Contains(env, []byte("\x00SLURM_JOB_ID="))
}
