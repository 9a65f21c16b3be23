// Package coordinatortest lets a test binary act as srun and as the workers that srun starts: the nodes of a run are then
// processes on this machine.
package coordinatortest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Main is for TestMain. When this process was started as srun or as a worker, it acts as that and does not return.
func Main(worker func(ctx context.Context, dir string) error) {
	switch {
	case len(os.Args) > 2 && os.Args[1] == "suite-worker":
		if err := worker(context.Background(), os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case len(os.Args) > 1 && os.Args[1] == "--overlap":
		os.Exit(srun(os.Args[1:]))
	}
}

// Hangs, when it is set in the environment, makes srun stay for ten minutes after its tasks: as one does to whose ports a
// stranger connects.
const Hangs = "ASSAY_TEST_SRUN_HANGS"

// srun starts the tasks on this machine, and ends all when one fails, as --kill-on-bad-exit does.
func srun(args []string) int {
	n, command := 0, []string(nil)
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--ntasks="); ok {
			_, _ = fmt.Sscan(v, &n) // of our own making
		}
		if !strings.HasPrefix(a, "--") {
			command = args[i:]
			break
		}
	}
	ended := make(chan error, n)
	var tasks []*exec.Cmd
	for i := range n {
		c := exec.Command(command[0], command[1:]...)
		c.Env = append(os.Environ(), fmt.Sprintf("SLURM_PROCID=%d", i))
		c.Stderr = os.Stderr
		c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := c.Start(); err != nil {
			return 1
		}
		tasks = append(tasks, c)
		go func() { ended <- c.Wait() }()
	}
	for range n {
		if err := <-ended; err != nil {
			for _, c := range tasks {
				_ = c.Process.Kill()
			}
			return 1
		}
	}
	if os.Getenv(Hangs) != "" {
		time.Sleep(10 * time.Minute)
	}
	return 0
}
