package agent

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/drivers"
)

// called is what the stand-in for srun was called with, and what it gave its task.
type called struct{ Args, Env []string }

// actSrun stands in for srun: it does what srun of Slurm 22.05 was seen to do. The task gets the variables of --export. SIGINT is
// passed on with --disable-status; at SIGTERM the task is killed. Its notes are the files
// whose names begin with $STANDIN and the node.
func actSrun(args []string) int {
	notes := os.Getenv("STANDIN") + args[slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "--relative=") })]
	at := slices.IndexFunc(args, func(a string) bool { return !strings.HasPrefix(a, "--") })
	task := exec.Command(args[at], args[at+1:]...)
	task.Env = os.Environ()
	if i := slices.IndexFunc(args[:at], func(a string) bool { return strings.HasPrefix(a, "--export=") }); i >= 0 {
		names := strings.Split(strings.TrimPrefix(args[i], "--export="), ",")
		task.Env = slices.DeleteFunc(task.Env, func(v string) bool {
			name, _, _ := strings.Cut(v, "=")
			return !slices.Contains(names, name)
		})
	}
	if list := os.Getenv("STANDIN_GPUS"); list != "" { // the node's own, as Slurm has it
		task.Env = append(task.Env, "CUDA_VISIBLE_DEVICES="+list)
	}
	task.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	task.Stdout, task.Stderr = os.Stdout, os.Stderr
	signals := make(chan os.Signal, 10)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	b, _ := json.Marshal(called{args, task.Env})
	if err := os.WriteFile(notes+".called", b, 0o600); err != nil {
		fmt.Println(err)
		return 1
	}
	if err := task.Start(); err != nil {
		fmt.Println(err)
		return 2
	}
	ended := make(chan error, 1)
	go func() { ended <- task.Wait() }()
	for {
		select {
		case <-ended:
			return task.ProcessState.ExitCode() & 0xff
		case s := <-signals:
			f, _ := os.OpenFile(notes+".signals", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			fmt.Fprintln(f, s)
			switch {
			case s == syscall.SIGTERM:
				_ = task.Process.Kill()
			case slices.Contains(args, "--disable-status"):
				_ = task.Process.Signal(s)
			}
		}
	}
}

// withSrun puts the stand-in on PATH, and returns the file whose name begins its notes.
func withSrun(t *testing.T) (notes string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, srun)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return filepath.Join(dir, "notes")
}

func noted(t *testing.T, notes string) (c called) {
	t.Helper()
	if err := json.Unmarshal([]byte(fileText(t, notes+"--relative=0.called")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// steps is what every step is started with, before the options of its process.
func steps(first int) []string {
	return []string{"--nodes=1", "--ntasks=1", "--ntasks-per-node=1", fmt.Sprintf("--relative=%d", first), "--overlap", "--cpu-bind=none",
		"--mpi=none", "--kill-on-bad-exit=1", "--wait=1", "--input=none", "--disable-status"}
}

// TestStep: the server of a process with a Step is what srun runs with its options. The secret is a variable and no argument,
// nothing that is not exported gets in, and the end is SIGINT, which srun passes on.
func TestStep(t *testing.T) {
	t.Setenv("SLURM_CPUS_PER_TASK", "")
	notes := withSrun(t)
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	j := startJob(t, drivers.AgentDesired{})
	p := j.server("s", "serve", "f1")
	p.Data, p.Env, p.Secrets = filepath.Join(j.dir, "data"), map[string]string{"A": "x y=z", "STANDIN": notes}, map[string]string{"KEY": secret}
	p.Step = []string{"--container-image=/i/x.sqsh", "--container-mounts=$(DATA):$(DATA)", "--container-env=A,KEY", "--export=A,KEY,PORT,PATH,ASSAY_JOB_DIR"}
	p.Grace = 10
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{p}})
	j.until("Ready", phase("s", drivers.PhaseReady))
	got := noted(t, notes)
	want := slices.Concat(steps(0), []string{"--container-image=/i/x.sqsh", "--container-mounts=" + p.Data + ":" + p.Data, p.Step[2], p.Step[3], j.self, "act", "serve"})
	if diff := cmp.Diff(want, got.Args); diff != "" {
		t.Error(diff)
	}
	var names []string
	for _, v := range got.Env {
		name, _, _ := strings.Cut(v, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"A", "ASSAY_JOB_DIR", "KEY", "PATH", "PORT"}, names); diff != "" || !slices.Contains(got.Env, "KEY=hush") || !slices.Contains(got.Env, "A=x y=z") {
		t.Errorf("%s %q", diff, got.Env)
	}
	j.tell(drivers.AgentDesired{})
	j.until("gone", func(s drivers.AgentState) bool { return len(s.Processes) == 0 && s.Generation == j.gen })
	if got := fileText(t, notes+"--relative=0.signals"); got != "interrupt\n" {
		t.Errorf("srun was sent %q", got)
	}
}

// TestStubbornStep: a task that does not end at SIGINT is killed by its own srun, which is not killed before.
func TestStubbornStep(t *testing.T) {
	notes := withSrun(t)
	j := startJob(t, drivers.AgentDesired{})
	p := j.server("s", "deaf", "f1")
	p.Env, p.Step = map[string]string{"STANDIN": notes}, []string{"--container-image=/i/x.sqsh"}
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{p}})
	j.until("Ready", phase("s", drivers.PhaseReady))
	j.tell(drivers.AgentDesired{})
	j.until("gone", func(s drivers.AgentState) bool { return len(s.Processes) == 0 && s.Generation == j.gen })
	if got := fileText(t, notes+"--relative=0.signals"); got != "interrupt\nterminated\n" {
		t.Errorf("srun was sent %q", got)
	}
}

// TestRanksInSteps: the ranks on other nodes run in containers too; a rank that is asked to end has its time for that.
func TestRanksInSteps(t *testing.T) {
	for name, step := range map[string][]string{"in containers": {"--container-image=/i/x.sqsh"}, "as they are": nil} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SLURM_CPUS_PER_TASK", "6")
			notes := withSrun(t)
			j := startJob(t, drivers.AgentDesired{})
			p := j.server("s", "serve", "f1")
			rank := []string{j.self, "act", "sleep"}
			p.Env, p.Step, p.Ranks = map[string]string{"STANDIN": notes}, step, &drivers.Ranks{Others: [][]string{rank}}
			j.tell(drivers.AgentDesired{Processes: []drivers.Process{p}})
			j.until("Ready", phase("s", drivers.PhaseReady))
			var got called
			j.until("the rank runs", func(drivers.AgentState) bool {
				b, err := os.ReadFile(notes + "--relative=1.called")
				return err == nil && json.Unmarshal(b, &got) == nil
			})
			if want := slices.Concat(steps(1), []string{"--cpus-per-task=6"}, step); !slices.Equal(got.Args[:len(want)], want) {
				t.Errorf("got  %q\nwant %q", got.Args, want)
			}
			j.tell(drivers.AgentDesired{})
			j.until("gone", func(s drivers.AgentState) bool { return len(s.Processes) == 0 && s.Generation == j.gen })
			if got := fileText(t, notes+"--relative=1.signals"); strings.Contains(got, "terminated") || !strings.Contains(got, "interrupt") {
				t.Errorf("srun was sent %q", got)
			}
		})
	}
}

// TestStepShowsItsGPUs: Slurm tells a step of all GPUs of its job, so a process that has fewer is told by itself.
func TestStepShowsItsGPUs(t *testing.T) {
	t.Setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
	notes := withSrun(t)
	j := startJob(t, drivers.AgentDesired{})
	p := j.server("s", "serve", "f1")
	p.GPUs, p.Env, p.Step = 2, map[string]string{"STANDIN": notes}, []string{"--container-image=/i/x.sqsh"}
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{p}})
	j.until("Ready", phase("s", drivers.PhaseReady))
	if got := strings.Join(noted(t, notes).Args, " "); !strings.Contains(got, "--container-image=/i/x.sqsh env CUDA_VISIBLE_DEVICES=0,1 "+j.self+" act serve") {
		t.Error(got)
	}
}

// TestRanksSeeTheirNodesGPUs: nodes of a job can have different GPUs. A rank on another node sees those of its own, as many as the
// process has and at the same places, in a container too. Where Slurm tells a step of none, the job's own list counts.
func TestRanksSeeTheirNodesGPUs(t *testing.T) {
	for name, c := range map[string]struct {
		gpus         int
		there, wants string
		step         []string
	}{
		"all":              {4, "1,2,5,7", "1,2,5,7", nil},
		"a part":           {2, "1,2,5,7", "1,2", nil},
		"a part of a step": {2, "1,2,5,7", "1,2", []string{"--container-image=/i/x.sqsh"}},
		"no word of Slurm": {2, "", "0,3", nil},
		"by identity":      {1, "GPU-a,GPU-b", "GPU-a", nil},
		"one on each node": {1, "3", "3", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CUDA_VISIBLE_DEVICES", "0,3,4,6")
			notes := withSrun(t)
			j := startJob(t, drivers.AgentDesired{})
			p := j.server("s", "serve", "f1")
			seen := filepath.Join(t.TempDir(), "seen")
			p.Ranks = &drivers.Ranks{Others: [][]string{{"sh", "-c", `env >$0.new && mv $0.new $0; exec sleep 60`, seen}}}
			p.GPUs, p.Step, p.Env = c.gpus, c.step, map[string]string{"STANDIN": notes, "STANDIN_GPUS": c.there}
			j.tell(drivers.AgentDesired{Processes: []drivers.Process{p}})
			j.until("the rank runs", func(drivers.AgentState) bool {
				_, err := os.Stat(seen)
				return err == nil
			})
			var got []string
			for line := range strings.Lines(fileText(t, seen)) {
				if strings.Contains(line, "CUDA_VISIBLE_DEVICES=") {
					got = append(got, strings.TrimSpace(line))
				}
			}
			slices.Sort(got)
			want := []string{"APPTAINERENV_CUDA_VISIBLE_DEVICES=" + c.wants, "CUDA_VISIBLE_DEVICES=" + c.wants, "SINGULARITYENV_CUDA_VISIBLE_DEVICES=" + c.wants}
			if !slices.Equal(got, want) {
				t.Errorf("it sees %q, want %q", got, want)
			}
		})
	}
}

// TestLastLineOfAStep: what a task said comes before what srun says of its end.
func TestLastLineOfAStep(t *testing.T) {
	for text, want := range map[string]string{"one\ntwo\n": "two", "out of memory\nsrun: error: n2: task 0: Exited\nsrun: Terminating StepId=1.2\n": "out of memory", "srun: error: no such node\n": "srun: error: no such node"} {
		log := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := lastLine(log); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
