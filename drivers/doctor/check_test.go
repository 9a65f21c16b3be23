package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// sound are the facts of a site where everything works.
func sound() Facts {
	f := Facts{Site: v1alpha1.Site{Spec: v1alpha1.SiteSpec{Scheduler: v1alpha1.Slurm, Container: v1alpha1.SiteContainer{Runtime: "apptainer", Images: "/p/sif"},
		Prometheus: &v1alpha1.SitePrometheus{URL: "http://p:9090"}, Login: v1alpha1.SiteLogin{Host: "login", Port: 8822}}}}
	good := Answer{Asked: true, OK: true, Text: "fine"}
	f.Slurm = Slurm{Client: "24.11.5", Controller: "24.11.5", Config: good, Storage: "accounting_storage/slurmdbd", AuthType: "auth/munge", Accounting: good, Munge: good}
	for _, what := range []string{State, Work, Images, Local} {
		f.Folders = append(f.Folders, Folder{What: what, Path: "/p/" + what, FileSystem: "nfs", Free: 1 << 40, Files: 1 << 30, FreeFiles: 1 << 29})
	}
	f.Folders[3].FileSystem = "ext4"
	h := Host{Name: "here", OpenFiles: 1 << 20, Processes: 1 << 16, CPU: noLimit, Linger: "yes", Kill: "yes", Runtime: good, GPUs: Answer{Asked: true, OK: true, Text: "A100, 550, 40960 MiB; A100, 550, 40960 MiB"}}
	node := func(name string) Node {
		n := Node{Host: h, Sees: []Folder{{What: State, Path: "/p/s"}, {What: Work, Path: "/p/w"}}}
		n.Host.Name = name
		return n
	}
	f.Here, f.Prometheus, f.Login = h, good, good
	f.Job = Job{Asked: true, Started: true, Waited: 3 * time.Second, Nodes: []Node{node("n1"), node("n2")}}
	f.Job.Asking.Nodes, f.Job.Asking.GPUs = 2, 1
	f.Job.Nodes[0].Compared, f.Job.Nodes[0].Within = true, 50*time.Millisecond
	f.Job.Nodes[1].Reached = Answer{Asked: true, OK: true, Text: "n1 (n1:4711)"}
	return f
}

// TestASoundSite: everything is ok, and nothing has a remedy.
func TestASoundSite(t *testing.T) {
	for _, c := range Examine(sound()) {
		if c.Status != OK || c.Remedy != "" || c.Found == "" {
			t.Errorf("%+v", c)
		}
	}
	if f := sound(); Worst(Examine(f)) != OK || len(Examine(f)) < 16 || !reflect.DeepEqual(f, sound()) {
		t.Errorf("%d checks", len(Examine(sound())))
	}
}

// TestVerdicts changes one fact each, and expects one check to say so, with what to do; the others stay as they are.
func TestVerdicts(t *testing.T) {
	bad := Answer{Asked: true, Text: "cannot: connection refused"}
	gone := Answer{Asked: true, Missing: true}
	for name, c := range map[string]struct {
		change              func(f *Facts)
		check, status, word string
	}{
		"no sbatch":           {func(f *Facts) { f.Slurm.Missing = []string{"sinfo", "sbatch"} }, "Slurm commands", Fail, "sbatch"},
		"no sacct":            {func(f *Facts) { f.Slurm.Missing = []string{"sacct"} }, "Slurm commands", OK, "sacct"},
		"an old Slurm":        {func(f *Facts) { f.Slurm.Client = "20.11.9" }, "Slurm commands", Warn, "20.11.9"},
		"no version":          {func(f *Facts) { f.Slurm.Client = "" }, "Slurm commands", Warn, "not known"},
		"another controller":  {func(f *Facts) { f.Slurm.Controller = "25.05.1" }, "Slurm commands", OK, "25.05.1"},
		"a slow controller":   {func(f *Facts) { f.Slurm.Config.Took = 8 * time.Second }, "controller", Warn, "8s"},
		"no controller":       {func(f *Facts) { f.Slurm.Config = bad; f.Job = Job{} }, "controller", Fail, "refused"},
		"no accounting":       {func(f *Facts) { f.Slurm.Storage = "accounting_storage/none" }, "accounting", OK, "limits of QOS are unknown"},
		"slurmdbd is down":    {func(f *Facts) { f.Slurm.Accounting = bad }, "accounting", Warn, "refused"},
		"munge is down":       {func(f *Facts) { f.Slurm.Munge, f.Slurm.Config = bad, bad }, "authentication", Fail, "refused"},
		"another auth":        {func(f *Facts) { f.Slurm.AuthType = "auth/slurm" }, "authentication", Skipped, "auth/slurm"},
		"no state":            {func(f *Facts) { f.Folders[0].Problem = "read-only file system" }, State, Fail, "read-only"},
		"an open state":       {func(f *Facts) { f.Folders[0].Unsafe = "others can write; type: chmod go-w /p" }, State, Fail, "chmod"},
		"no links":            {func(f *Facts) { f.Folders[0].Faults = []string{"creating by link fails: operation not permitted"} }, State, Fail, "link"},
		"a full quota":        {func(f *Facts) { f.Folders[1].Exceeded, f.Folders[1].Quota = true, "/p 10* 10 10" }, Work, Fail, "used up"},
		"a nearly full quota": {func(f *Facts) { f.Folders[1].Quota = "/p 9 10 10" }, Work, Warn, "nearly"},
		"little space":        {func(f *Facts) { f.Folders[1].Free = 1 << 20 }, Work, Warn, "1 MiB"},
		"few inodes":          {func(f *Facts) { f.Folders[1].FreeFiles = 7 }, Work, Warn, "7 files"},
		"slow fsyncs":         {func(f *Facts) { f.Folders[0].Sync = 4 * time.Second }, State, Warn, "4s"},
		"a shared local":      {func(f *Facts) { f.Folders[3].FileSystem = "lustre" }, Local, Warn, "no local disk"},
		"no images":           {func(f *Facts) { f.Folders[2].Problem = "permission denied" }, Images, Fail, "permission denied"},
		"a long queue":        {func(f *Facts) { f.Job = Job{Asked: true, Waited: time.Minute, Reason: "Priority"} }, "a tiny job", Warn, "did not start it within 1m0s (Priority)"},
		"a refused job":       {func(f *Facts) { f.Job = Job{Asked: true, Refused: true, Problem: "Invalid qos specification"} }, "a tiny job", Fail, "Invalid qos"},
		"nothing shared":      {func(f *Facts) { f.Job = Job{Asked: true, Started: true, Ended: "Failed JobLaunchFailure"} }, "a tiny job", Fail, "does not see the state directory"},
		"not found":           {func(f *Facts) { f.Job = Job{Asked: true, Started: true, Ended: "Failed", Exit: 127} }, "a tiny job", Fail, "does not see the state directory"},
		"a missing module": {func(f *Facts) {
			f.Job = Job{Asked: true, Started: true, Ended: "Failed", Exit: 1}
			f.Site.Spec.Modules = []string{"env/x"}
		}, "a tiny job", Fail, "env/x"},
		"no srun there":         {func(f *Facts) { f.Job = Job{Asked: true, Started: true, Problem: "srun: not found"} }, "a tiny job", Fail, "could not start a program on all"},
		"noexec":                {func(f *Facts) { f.Job = Job{Asked: true, Started: true, Ended: "Failed", Exit: 126} }, "a tiny job", Fail, "exit code 126"},
		"silence":               {func(f *Facts) { f.Job.Nodes = nil }, "a tiny job", Warn, "did not answer"},
		"a node lacks a folder": {func(f *Facts) { f.Job.Nodes[1].Sees[1].Problem = "it is on ext4 there, and on nfs here" }, "a tiny job", Fail, "n2 lacks work folder"},
		"something is left":     {func(f *Facts) { f.Job.Left = "job 7 does not end" }, "a tiny job", Warn, "job 7"},
		"a node ahead":          {func(f *Facts) { f.Job.Nodes[0].Ahead = 90 * time.Second }, "clocks", Warn, "n1 is 1m30s ahead"},
		"in doubt":              {func(f *Facts) { f.Job.Nodes[0].Ahead, f.Job.Nodes[0].Within = 3*time.Second, 3*time.Second }, "clocks", OK, "±"},
		"a file server behind":  {func(f *Facts) { f.Folders[0].Clock = -time.Hour }, "clocks", Warn, "1h0m0s behind"},
		"closed ports":          {func(f *Facts) { f.Job.Nodes[1].Reached = bad }, "ports between nodes", Fail, "n2 cannot connect to a port that n1"},
		"one node":              {func(f *Facts) { f.Job.Nodes = f.Job.Nodes[:1] }, "ports between nodes", Skipped, "two nodes"},
		"no runtime":            {func(f *Facts) { f.Job.Nodes[0].Host.Runtime = gone }, "container runtime", Fail, "apptainer does not run on n1"},
		"no containers": {func(f *Facts) {
			f.Site.Spec.Container = v1alpha1.SiteContainer{}
			f.Folders = append(f.Folders[:2], f.Folders[3])
		}, "container runtime", Skipped, "none"},
		"no nvidia-smi":    {func(f *Facts) { f.Job.Nodes[0].Host.GPUs = gone }, "GPUs", Warn, "no nvidia-smi on n1"},
		"a broken GPU":     {func(f *Facts) { f.Job.Nodes[0].Host.GPUs = bad }, "GPUs", Fail, "fails on n1"},
		"no GPUs asked":    {func(f *Facts) { f.Job.Asking.GPUs = 0 }, "GPUs", Skipped, "--partition"},
		"no Prometheus":    {func(f *Facts) { f.Prometheus = bad }, "Prometheus", Fail, "refused"},
		"CPU time":         {func(f *Facts) { f.Here.CPU = 600 }, "long-running programs", Warn, "600 s"},
		"killed at logout": {func(f *Facts) { f.Here.Linger = "no" }, "long-running programs", Warn, "log out"},
		"a small cgroup":   {func(f *Facts) { f.Here.Memory = 256 << 20 }, "long-running programs", Warn, "256 MiB"},
		"few files":        {func(f *Facts) { f.Job.Nodes[1].Host.OpenFiles = 1024 }, "limits on n2", Warn, "1024 open files"},
		"ssh asks":         {func(f *Facts) { f.Login = bad }, "ssh", Warn, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			f := sound()
			c.change(&f)
			found := false
			for _, got := range Examine(f) {
				if got.Check != c.check {
					continue
				}
				found = true
				if got.Status != c.status || !strings.Contains(got.Found, c.word) {
					t.Errorf("%+v, want %s and %q", got, c.status, c.word)
				}
				if got.Status == Fail && got.Remedy == "" && f.Folders[0].Unsafe == "" { // which says what to type itself
					t.Errorf("no remedy: %+v", got)
				}
			}
			if !found {
				t.Errorf("there is no check %s", c.check)
			}
		})
	}
}

// TestALocalSite has no checks of Slurm.
func TestALocalSite(t *testing.T) {
	f := sound()
	f.Site.Spec.Scheduler, f.Slurm, f.Job = v1alpha1.Local, Slurm{}, Job{}
	for _, c := range Examine(f) {
		if c.Status == Fail || c.Status == Warn || c.Check == "controller" {
			t.Errorf("%+v", c)
		}
	}
}

func TestReadQuota(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		said     bool
		exceeded bool
	}{
		"lfs, fine":            {"/scratch 1000 0 2000 - 10 0 0 -\n", false, false},
		"lfs, no limit":        {"/scratch 123456 0 0 - 10 0 0 -\n", false, false},
		"lfs, nearly":          {"/scratch 1900 0 2000 - 10 0 0 -\n", true, false},
		"lfs, over the soft":   {"/scratch 1100* 1000 2000 6d23h 10 0 0 -\n", true, false},
		"lfs, at the hard":     {"/scratch 2000* 1000 2000 none 10 0 0 -\n", true, true},
		"files, at the hard":   {"/scratch 1 0 0 - 500 0 500 -\n", true, true},
		"quota -w, fine":       {"Disk quotas for user u (uid 1000): \n     Filesystem  blocks   quota   limit   grace   files   quota   limit   grace\nsrv:/home   100  1000  1200             5       0       0\n", false, false},
		"quota, a long name":   {"srv.example.org:/export/home/users\n   1150  1000  1200   5days    5       0       0\n", true, false},
		"nothing at all":       {"", false, false},
		"something else":       {"quota: error while getting quota\n", false, false},
		"only numbers, uneven": {"1 2 3 4", false, false},
	} {
		if said, exceeded := readQuota(c.text); (said != "") != c.said || exceeded != c.exceeded {
			t.Errorf("%s: %q %v", name, said, exceeded)
		}
	}
}

// TestOffset: a node whose clock is 10 s ahead, over a round trip of 3 s.
func TestOffset(t *testing.T) {
	at := time.Now()
	ahead := func(d time.Duration) time.Time { return at.Add(10*time.Second + d) } // what the node's clock shows
	got, within, ok := offset(ahead(0), moment{Got: at.Add(time.Second), Sent: at.Add(1500 * time.Millisecond)}, ahead(3500*time.Millisecond))
	if !ok || (got-10*time.Second).Abs() > within || within > 2*time.Second {
		t.Errorf("%s ± %s", got, within)
	}
}

func TestLine(t *testing.T) {
	if got := line("a  b\n\n c\xff\n"); got != "a b; c?" {
		t.Errorf("%q", got)
	}
	if got := line(strings.Repeat("ü", maxLine)); len(got) > maxLine || strings.ToValidUTF8(got, "") != got {
		t.Errorf("%d bytes", len(got))
	}
}

// TestAskPyxis: pyxis is there when srun knows its option and enroot answers. Both programs are stand-ins.
func TestAskPyxis(t *testing.T) {
	for want, scripts := range map[string][2]string{
		"true pyxis in srun, enroot 4.1.2":                                                   {"echo '  --container-image=[USER@][REGISTRY#]IMAGE[:TAG]|PATH'", "echo 4.1.2"},
		"false srun --help tells of no --container-image, so Slurm does not load the plugin": {"echo '  --nodes=N'", "echo 4.1.2"},
		"false enroot: it is broken":                                                         {"echo '  --container-image=PATH'", "echo 'enroot: it is broken' >&2; exit 1"},
	} {
		dir := t.TempDir()
		for i, name := range []string{"srun", "enroot"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+scripts[i]+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", dir+":/usr/bin:/bin")
		if a := askPyxis(t.Context()); fmt.Sprint(a.OK, " ", a.Text) != want {
			t.Errorf("got %v %s, want %s", a.OK, a.Text, want)
		}
	}
}
