package io500

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/bounded"
)

const (
	askTimeout = time.Minute     // for a question to the program
	stopWithin = 5 * time.Second // for its end; less than a stopped run is given
)

// launcher starts the program on all nodes.
type launcher struct {
	spec  v1alpha1.Storage
	srun  string // empty outside a job
	mpi   string // of srun
	which string // mpich or openmpi, when it was found out
	start string // the program that starts io500 outside a job
}

// starters are the launchers of each MPI, the unambiguous names first: where several MPIs are installed, mpiexec can belong
// to another.
var starters = map[string][]string{"mpich": {"mpiexec.hydra", "mpiexec.mpich", "mpiexec"}, "openmpi": {"mpirun.openmpi", "orterun", "mpirun"}}

// newLauncher finds out how to start the program: with the launcher of the MPI that it was linked with.
func newLauncher(ctx context.Context, s v1alpha1.Storage, srun string) (*launcher, error) {
	l := &launcher{spec: s, mpi: s.MPI}
	program, err := exec.LookPath(s.Command[0])
	if err != nil {
		return nil, fmt.Errorf("finding the io500 program: %w; write its path in command, or engine: native", err)
	}
	inJob := os.Getenv("SLURM_JOB_ID") != ""
	switch {
	case inJob:
		l.srun = srun
	case s.Nodes > 1:
		return nil, fmt.Errorf("%d nodes need a Slurm job; write nodes: 1, or use a site with slurm", s.Nodes)
	}
	if l.mpi != "" && inJob {
		return l, nil
	}
	if len(s.Command) > 1 {
		return nil, fmt.Errorf("%s is started through %s, so its MPI is unknown: write mpi in the benchmark (`srun --mpi=list` shows those of the site)",
			s.Command[len(s.Command)-1], s.Command[0])
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	libraries, err := output(exec.CommandContext(ctx, "ldd", program))
	if err != nil {
		return nil, fmt.Errorf("asking what %s is linked with: %w; write mpi in the benchmark", program, err)
	}
	if l.which = linked(string(libraries)); l.which == "" {
		return nil, fmt.Errorf("%s is linked with neither MPICH nor Open MPI: write mpi in the benchmark", program)
	}
	l.mpi = map[string]string{"mpich": "pmi2", "openmpi": "pmix"}[l.which]
	if inJob {
		return l, nil
	}
	for _, name := range starters[l.which] {
		if l.start, err = exec.LookPath(name); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("%s is linked with %s, but PATH has none of its launchers: %s", program, l.which, strings.Join(starters[l.which], ", "))
}

// linked names the MPI among the libraries that ldd lists.
func linked(libraries string) string {
	switch {
	case strings.Contains(libraries, "libmpich.so"), strings.Contains(libraries, "libmpi_cray.so"), strings.Contains(libraries, "libmpi.so.12"):
		return "mpich" // or Intel's or Cray's, which derive from it
	case strings.Contains(libraries, "libmpi.so.40"):
		return "openmpi"
	}
	return ""
}

// command is the command line that starts n processes of the program; 1 for a question.
func (l *launcher) command(ctx context.Context, n int, args ...string) *exec.Cmd {
	tasks := strconv.Itoa(n)
	var line []string
	switch {
	case l.srun != "":
		nodes := min(n, l.spec.Nodes)
		line = []string{l.srun, "--overlap", "--mpi=" + l.mpi, "-K1", "--nodes=" + strconv.Itoa(nodes), "--ntasks=" + tasks,
			"--ntasks-per-node=" + strconv.Itoa((n+nodes-1)/nodes)}
	case l.which == "openmpi":
		line = []string{l.start, "--oversubscribe", "-n", tasks}
	default:
		line = []string{l.start, "-n", tasks}
	}
	line = append(append(line, l.spec.Command...), args...)
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Env = append(os.Environ(), "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1")
	// It stays in the suite's process group, so that killing the group ends the program too.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // srun and mpiexec pass it on
	cmd.WaitDelay = stopWithin
	return cmd
}

// list asks the program for its settings.
func (l *launcher) list(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	out, err := output(l.command(ctx, 1, "--list"))
	if err != nil {
		return "", fmt.Errorf("asking %s for its settings (--list): %w", strings.Join(l.spec.Command, " "), err)
	}
	return string(out), nil
}

const maxOutput = 4 << 20 // bytes that a program prints when it is asked something

// output is what a command prints; its error ends with what the command says.
func output(cmd *exec.Cmd) ([]byte, error) {
	cmd.WaitDelay = stopWithin
	out, errs, err := bounded.Output(cmd, maxOutput)
	if err != nil && errs != "" {
		err = fmt.Errorf("%w: %s", err, tail(errs))
	}
	return out, err
}

// reason matches lines that state a failure, among the stack traces and boxes of the MPIs.
var reason = regexp.MustCompile(`ERROR(?::| [^I])|FATAL|WARNING|failed|srun: error`)

// tail is the end of a program's output on one line: of its reasons, if it has any.
func tail(s string) string {
	var reasons []string
	for line := range strings.Lines(s) {
		if reason.MatchString(line) {
			reasons = append(reasons, line)
		}
	}
	if len(reasons) > 0 {
		s = strings.Join(reasons, " ")
	}
	s = strings.Join(strings.Fields(s), " ")
	return s[max(0, len(s)-400):]
}
