package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// The program runs three times: outside; as process 1 of new namespaces, which starts the third and ends everything after
// it; and as the one that does the work.
const (
	stageVar  = "ASSAY_CHAOS_STAGE"
	stageInit = "init"
	stageWork = "work"
	dirVar    = "ASSAY_CHAOS_DIR"
)

// outside makes the folder and the binary, and waits for what runs in the namespaces.
func outside(o options) (int, error) {
	if why := missing(); why != "" {
		return 1, errors.New(why)
	}
	dir, err := folder(o)
	if err != nil {
		return 1, err
	}
	if o.assay == "" {
		build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "assay"), "assay/cmd/assay")
		build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
		if err := build.Run(); err != nil {
			return 1, fmt.Errorf("building assay: %w", err)
		}
	}
	runtime.LockOSThread() // Pdeathsig is sent when the thread ends
	c := again(stageInit, dir)
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGTERM,
		Setpgid:    true,
	}
	code, err := supervise(c)
	if code == 0 && o.dir == "" && !o.keep {
		return code, errors.Join(err, os.RemoveAll(dir))
	}
	fmt.Printf("everything is in %s\n", dir)
	return code, err
}

func folder(o options) (string, error) {
	if o.dir == "" {
		return os.MkdirTemp("", "chaos-")
	}
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return "", err
	}
	if names, err := os.ReadDir(dir); err == nil && len(names) > 0 {
		return "", fmt.Errorf("-dir %s is not empty", dir)
	}
	return dir, os.MkdirAll(dir, 0o700)
}

// again is this program with its arguments, as another stage.
func again(stage, dir string) *exec.Cmd {
	c := exec.Command("/proc/self/exe", os.Args[1:]...)
	c.Env = append(os.Environ(), stageVar+"="+stage, dirVar+"="+dir)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c
}

// supervise runs a stage, hands signals on, and returns its exit code.
func supervise(c *exec.Cmd) (int, error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := c.Start(); err != nil {
		return 1, fmt.Errorf("entering namespaces: %w", err)
	}
	go func() {
		for s := range signals {
			_ = c.Process.Signal(s) // it may have ended
		}
	}()
	err := c.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(1, exit.ExitCode()), nil
	}
	return 0, err
}

// first is process 1: it makes the namespaces a home, starts the work, reaps whatever is left to it, and at the end kills
// all that runs here and takes the state file system off.
func first(o options) (int, error) {
	dir := os.Getenv(dirVar)
	if err := home(); err != nil {
		return 1, err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	c := again(stageWork, dir)
	if err := c.Start(); err != nil {
		return 1, err
	}
	go func() {
		for s := range signals {
			_ = c.Process.Signal(s)
		}
	}()
	code := 1
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err == nil && pid == c.Process.Pid {
			if status.Exited() {
				code = status.ExitStatus()
			}
			break
		}
		if err != nil && !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	return code, empty(dir)
}

// home makes mounts private, shows this namespace's processes in /proc, and sets the loopback interface up with an address
// for every node.
func home() error {
	for _, argv := range [][]string{
		{"mount", "--make-rprivate", "/"}, {"mount", "-t", "proc", "proc", "/proc"}, {"ip", "link", "set", "lo", "up"},
	} {
		if err := command(argv...); err != nil {
			return err
		}
	}
	for n := 1; n <= nodes; n++ {
		if err := command("ip", "address", "add", address(n)+"/32", "dev", "lo"); err != nil {
			return err
		}
	}
	return nil
}

// empty ends all processes of the namespace, the frozen ones too, and unmounts what was mounted.
func empty(dir string) error {
	_ = thaw(filepath.Join(dir, "state")) // it is not frozen most of the time
	for range 200 {
		if err := syscall.Kill(-1, syscall.SIGKILL); errors.Is(err, syscall.ESRCH) {
			break
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != nil || pid <= 0 {
				break
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return unmountAll(filepath.Join(dir, "state"))
}

func address(node int) string { return "10.77.0." + strconv.Itoa(node) }

// command runs a program that takes a moment.
func command(argv ...string) error {
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %w: %s", argv, err, out)
	}
	return nil
}

// missing says what the machine lacks to run at all, or nothing.
func missing() string {
	if os.Getuid() != 0 {
		return "chaos makes namespaces and mounts, and needs root"
	}
	for _, name := range []string{"slurmctld", "slurmd", "munged", "sbatch", "ip", "mount", "umount", "mkfs.ext4"} {
		if _, err := exec.LookPath(name); err != nil {
			return name + " is missing; type: apt-get install slurm-wlm slurm-client munge iproute2 mount e2fsprogs"
		}
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		return "the state directory gets a file system of its own, and this machine has no loop devices"
	}
	return ""
}
