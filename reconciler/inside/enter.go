package inside

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Command is how argv is run where the process is: what to execute, in which environment and folder. Terminal says that
// somebody types.
func (p Process) Command(argv []string, terminal bool) (path string, args, env []string, dir string, err error) {
	env = p.environment()
	if name, ok := p.podman(); ok {
		args = []string{"podman", "exec", "--interactive"}
		if terminal {
			args = append(args, "--tty")
		}
		path, err = exec.LookPath("podman")
		return path, append(append(args, name), argv...), os.Environ(), p.Dir, err
	}
	pid := p.inner()
	if sameNamespace(pid, "mnt") {
		path, err = lookPath(argv[0], env)
		return path, argv, env, p.Dir, err
	}
	args = []string{"nsenter", "--target", strconv.Itoa(pid), "--mount", "--root", "--wd"}
	if !sameNamespace(pid, "user") {
		args = append(args, "--user", "--preserve-credentials")
	}
	if path, err = exec.LookPath("nsenter"); err != nil {
		return "", nil, nil, "", fmt.Errorf("entering the container of process %d: %w; it is part of util-linux", pid, err)
	}
	if out, err := exec.Command(path, append(slices.Clone(args[1:]), "true")...).CombinedOutput(); err != nil {
		return "", nil, nil, "", fmt.Errorf("the container runtime lets nobody enter the container of process %d: %s", pid, strings.TrimSpace(string(out)))
	}
	return path, append(append(args, "--"), argv...), env, "/", nil
}

// environment is the server's, with the terminal of who types.
func (p Process) environment() []string {
	env := slices.DeleteFunc(slices.Clone(p.Env), func(s string) bool { return strings.HasPrefix(s, "TERM=") })
	if term := os.Getenv("TERM"); term != "" {
		env = append(env, "TERM="+term)
	}
	return env
}

// podman is the name of the container that the process runs: podman's own process is not in it.
func (p Process) podman() (name string, ok bool) {
	if len(p.Args) < 2 || filepath.Base(p.Args[0]) != "podman" {
		return "", false
	}
	if i := slices.Index(p.Args, "--name"); i > 0 && i+1 < len(p.Args) {
		return p.Args[i+1], true
	}
	return "", false
}

// lookPath finds a program as the server would.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, v := range env {
		if list, ok := strings.CutPrefix(v, "PATH="); ok {
			for _, dir := range filepath.SplitList(list) {
				at := filepath.Join(dir, name)
				if info, err := os.Stat(at); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
					return at, nil
				}
			}
		}
	}
	return "", fmt.Errorf("no program %q on the server's PATH; give its whole path", name)
}
