package doctor

import (
	"context"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
)

// host is what this machine allows and has. The runtime is asked for its version.
func host(ctx context.Context, runtime string) (h Host) {
	h.Name, _ = os.Hostname() // a name is for people
	h.OpenFiles, h.Processes, h.CPU = limit(unix.RLIMIT_NOFILE), limit(unix.RLIMIT_NPROC), limit(unix.RLIMIT_CPU)
	h.Memory, h.Tasks = cgroup("memory.max"), cgroup("pids.max")
	h.Linger, h.Kill = policies(ctx)
	switch runtime {
	case "", v1alpha1.RuntimeNone:
	case v1alpha1.RuntimePyxis:
		h.Runtime = askPyxis(ctx)
	default:
		h.Runtime, _ = ask(ctx, runtime, "--version")
	}
	h.GPUs, _ = ask(ctx, "nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
	return h
}

// limit is the soft limit, which a program can raise to the hard one: assay does for open files.
func limit(resource int) uint64 {
	var r unix.Rlimit
	if unix.Getrlimit(resource, &r) != nil {
		return noLimit
	}
	if resource == unix.RLIMIT_NOFILE { // Go raises the soft limit of every program
		return r.Max
	}
	return r.Cur
}

// cgroup is the least of a limit in the cgroups (version 2) that this process is in; 0: none.
func cgroup(file string) (least uint64) {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return 0
	}
	for l := range strings.Lines(string(own)) {
		path, found := strings.CutPrefix(strings.TrimSpace(l), "0::")
		if !found {
			continue
		}
		for ; ; path = filepath.Dir(path) {
			text, _ := os.ReadFile(filepath.Join("/sys/fs/cgroup", path, file)) // the root has none
			if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && (least == 0 || n < least) {
				least = n
			}
			if path == "/" || path == "." {
				break
			}
		}
	}
	return least
}

// policies are what systemd-logind does with programs of users who log out.
func policies(ctx context.Context) (linger, kill string) {
	word := func(b string) string {
		switch strings.TrimSpace(b) {
		case "yes", "b true":
			return "yes"
		case "no", "b false":
			return "no"
		}
		return ""
	}
	if u, err := user.Current(); err == nil {
		a, _ := ask(ctx, "loginctl", "show-user", u.Username, "--property=Linger", "--value")
		linger = word(a.Text)
	}
	a, _ := ask(ctx, "busctl", "get-property", "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "KillUserProcesses")
	return linger, word(a.Text)
}

// askPyxis looks for what pyxis adds to srun, and for enroot, which it runs.
func askPyxis(ctx context.Context) Answer {
	srun, help := ask(ctx, "srun", "--help")
	if !srun.OK {
		return srun
	}
	if !strings.Contains(help, "--container-image") {
		srun.OK, srun.Text = false, "srun --help tells of no --container-image, so Slurm does not load the plugin"
		return srun
	}
	a, _ := ask(ctx, "enroot", "version")
	if a.OK {
		a.Text = "pyxis in srun, enroot " + a.Text
	}
	return a
}
