package slurm

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"assay/drivers"
)

// listed is what squeue 22.05.8 printed, with plain separators.
const listed = "3\x1fFAILED\x1fNonZeroExitCode\x1fwrap\x1fassay:v1 s e/g/0/0 r n\x1fn[1-2]\x1f2026-11-23T18:48:33\x1f2026-11-23T18:48:34\x1f365-00:00:00\x1f2026-11-23T18:48:32\x1e\n" +
	"2_[2-3%1]\x1fPENDING\x1fJobArrayTaskLimit\x1fnew\nline\xff\x1f(null)\x1f\x1fN/A\x1fN/A\x1fUNLIMITED\x1f2026-11-23T18:48:32\x1e\n" +
	"1\x1fRUNNING\x1fNone\x1fx\"; touch f; echo \"\x1fa|b \"q\"\x1fn1\x1f2026-11-23T18:48:33\x1f2026-11-24T20:52:33\x1f1-02:04:00\x1f2026-11-23T18:48:32\x1e\n"

// cast replaces plain separators by those of this process.
func cast(text string) string {
	return strings.NewReplacer("\x1f", fieldEnd, "\x1e", recordEnd).Replace(text)
}

func TestParseJobs(t *testing.T) {
	jobs, err := parseJobs(cast(listed))
	if err != nil || len(jobs) != 3 {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	at := func(s string) time.Time {
		tm, err := time.ParseInLocation(time.DateTime, s, time.Local)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	submitted, started := at("2026-11-23 18:48:32"), at("2026-11-23 18:48:33")
	want := []drivers.Job{
		{ID: "3", Name: "wrap", State: drivers.JobFailed, Reason: "NonZeroExitCode", Nodes: []string{"n1", "n2"},
			Tag:       drivers.Tag{Store: "s", Seat: drivers.Seat{Experiment: "e", Group: "g"}, Revision: "r", Nonce: "n"},
			Submitted: submitted, Started: started, Ends: at("2026-11-23 18:48:34"), Limit: 365 * 24 * time.Hour},
		{ID: "2_[2-3%1]", Name: "new\nline?", State: drivers.JobPending, Reason: "JobArrayTaskLimit", Submitted: submitted},
		{ID: "1", Name: `x"; touch f; echo "`, State: drivers.JobRunning, Nodes: []string{"n1"},
			Submitted: submitted, Started: started, Ends: at("2026-11-24 20:52:33"), Signalled: at("2026-11-24 20:51:03"), Limit: 26*time.Hour + 4*time.Minute},
	}
	for i, w := range want {
		if got := fmt.Sprintf("%+v", jobs[i]); got != fmt.Sprintf("%+v", w) {
			t.Errorf("job %d is\n%s, want\n%+v", i, got, w)
		}
	}
	// Whatever a name holds, it cannot make a record: squeue does print control characters in names as they are.
	evil := strings.Replace(cast(listed), "wrap", "a\x1fb\x1ec", 1)
	if jobs, err := parseJobs(evil); err != nil || len(jobs) != 3 || jobs[0].Name != "a\x1fb\x1ec" {
		t.Errorf("with separators in a name: %+v, %v", jobs, err)
	}
	if jobs, err := parseJobs(""); err != nil || len(jobs) != 0 {
		t.Errorf("of nothing: %v, %v", jobs, err)
	}
}

// TestCutShort: every proper part of a listing is either an error or ends at the end of a record.
func TestCutShort(t *testing.T) {
	whole := cast(listed)
	for n := range len(whole) {
		_, err := parseJobs(whole[:n])
		if complete := n == 0 || strings.HasSuffix(strings.TrimSuffix(whole[:n], "\n"), recordEnd); complete != (err == nil) {
			t.Fatalf("%d bytes of %d: %v", n, len(whole), err)
		}
	}
	for name, text := range map[string]string{
		"too few fields": "1\x1fRUNNING\x1e",
		"an error text":  "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n",
		"no id":          strings.Replace(listed, "3\x1f", "\x1f", 1),
		"bad nodes":      strings.Replace(listed, "n[1-2]", "n[1-", 1),
	} {
		if jobs, err := parseJobs(cast(text)); err == nil || jobs != nil {
			t.Errorf("%s: %+v, %v", name, jobs, err)
		}
	}
}

func FuzzParseJobs(f *testing.F) {
	f.Add(listed)
	f.Add("")
	f.Add("1\x1fRUNNING\x1e\n\x1e")
	f.Add(strings.Replace(listed, "n[1-2]", "n[1-2],a[001-010]b[1,3]", 1))
	f.Add(strings.Replace(listed, "365-00:00:00", "1--5:00", 1))
	f.Fuzz(func(t *testing.T, text string) {
		jobs, err := parseJobs(cast(text))
		if err != nil && jobs != nil {
			t.Error("a part of a listing beside an error")
		}
		if err == nil && len(jobs) != strings.Count(text, "\x1e") {
			t.Errorf("%d jobs of %d records", len(jobs), strings.Count(text, "\x1e"))
		}
		for _, j := range jobs {
			if j.ID == "" || !utf8.ValidString(j.Name) || len(j.Nodes) > maxExpanded {
				t.Errorf("%+v", j)
			}
			saysNoMore(t, cast(text), j)
		}
	})
}

func TestStates(t *testing.T) {
	for word, want := range map[string]drivers.JobState{
		"PENDING": drivers.JobPending, "RUNNING": drivers.JobRunning, "COMPLETING": drivers.JobCompleting, "COMPLETED": drivers.JobCompleted,
		"CANCELLED by 1000": drivers.JobCancelled, "CANCELLED+": drivers.JobCancelled, "OUT_OF_MEMORY": drivers.JobOutOfMemory,
		"NODE_FAIL": drivers.JobNodeFail, "TIMEOUT": drivers.JobTimeout, "PREEMPTED": drivers.JobPreempted, "DEADLINE": drivers.JobDeadline,
	} {
		if got := stateOf(word); got != want {
			t.Errorf("%s is %s, want %s", word, got, want)
		}
	}
	for _, word := range []string{"", "SOMETHING_NEW", "completed", "POWER_UP_NODE"} {
		if s := stateOf(word); s.Terminal() {
			t.Errorf("the unknown state %q is %s, which is an end", word, s)
		}
	}
}

func TestLimits(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"UNLIMITED": 0, "NOT_SET": 0, "INVALID": 0, "": 0, "1:2:3:4": 0, "x-1:00": 0, "Partition_Limit": 0,
		"0:30": 30 * time.Second, "5:00": 5 * time.Minute, "2:00:00": 2 * time.Hour, "1-02:04:00": 26*time.Hour + 4*time.Minute,
	} {
		if got := limitOf(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	for d, want := range map[time.Duration]string{time.Second: "1", time.Minute: "1", 61 * time.Second: "2", time.Hour: "60"} {
		if got := minutes(d); got != want {
			t.Errorf("%s is %s minutes, want %s", d, got, want)
		}
	}
	for _, s := range []string{"N/A", "Unknown", ""} {
		if !timeOf(s).IsZero() {
			t.Errorf("%q is a time", s)
		}
	}
}

func TestExpandNodes(t *testing.T) {
	for list, want := range map[string]string{
		"": "", "(null)": "", "None assigned": "", "n1": "n1", "n1,n2": "n1 n2", "n[1-3,07],gpu-a": "n1 n2 n3 n07 gpu-a",
		"n[08-11]": "n08 n09 n10 n11", "r[1-2]n[1-2]": "r1n1 r1n2 r2n1 r2n2", "n[1-2]-ib": "n1-ib n2-ib", "n[5]": "n5",
	} {
		if got, err := ExpandNodes(list); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q is %q, %v; want %q", list, got, err, want)
		}
	}
	for _, list := range []string{"n[1-", "n[", "n]", "n[2-1]", "n[a]", "n[]", "n[1-200000]", "a,,b", ",", "r[1-1000]n[1-1000]", "n[1-2]]", "][0]", "n[-1]"} {
		if got, err := ExpandNodes(list); err == nil {
			t.Errorf("%q is %d names", list, len(got))
		}
	}
}

func FuzzExpandNodes(f *testing.F) {
	for _, s := range []string{"", "n1", "n[1-3,07],gpu-a", "r[1-2]n[1-2]", "n[1-", "n[1-99999]", "[0-9][0-9][0-9]", "n]", "n[[1]]", "][0]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		names, err := ExpandNodes(list)
		if len(names) > maxExpanded || err != nil && names != nil {
			t.Errorf("%d names, %v", len(names), err)
		}
		if slices.ContainsFunc(names, func(n string) bool { return n == "" || strings.ContainsAny(n, "[],") }) {
			t.Errorf("%q has a name that is none: %.5q", list, names)
		}
	})
}

// TestSubmitErrors: what sbatch 22.05.8 prints, and whether there may be a job.
func TestSubmitErrors(t *testing.T) {
	const failed = "sbatch: error: Batch job submission failed: "
	for text, want := range map[string]error{
		failed + "Invalid partition name specified":                                     drivers.ErrRejected,
		failed + "Node count specification invalid":                                     drivers.ErrRejected,
		failed + "Requested time limit is invalid (missing or exceeds some limit)":      drivers.ErrRejected,
		failed + "Requested node configuration is not available":                        drivers.ErrRejected,
		failed + "Requested reservation is invalid":                                     drivers.ErrRejected,
		failed + "Invalid node name specified":                                          drivers.ErrRejected,
		failed + "Invalid feature specification":                                        drivers.ErrRejected,
		failed + "Invalid account or account/partition combination specified":           drivers.ErrRejected,
		failed + "Invalid qos specification":                                            drivers.ErrRejected,
		failed + "Access/permission denied":                                             drivers.ErrRejected,
		failed + "Job violates accounting/QOS policy (job submit limit, user's size)":   drivers.ErrRejected,
		"sbatch: error: This does not look like a batch script. The first":              drivers.ErrRejected,
		"sbatch: error: Unable to open file /nonexist":                                  drivers.ErrRejected,
		"sbatch: error: Batch script is empty!":                                         drivers.ErrRejected,
		"sbatch: error: Invalid --time specification":                                   drivers.ErrRejected,
		`sbatch: unrecognized option '--nosuch' Try "sbatch --help" for more`:           drivers.ErrRejected,
		failed + "Unable to contact slurm controller (connect failure)":                 drivers.ErrUnavailable,
		failed + "Protocol authentication error":                                        drivers.ErrUnavailable,
		"sbatch: error: Munge encode failed: Failed to access socket":                   drivers.ErrUnavailable,
		"sbatch: fatal: Unable to establish configuration source":                       drivers.ErrUnavailable,
		failed + "Socket timed out on send/recv operation":                              drivers.ErrUncertain,
		failed + "Zero Bytes were transmitted or received":                              drivers.ErrUncertain,
		failed + "Unexpected message received":                                          drivers.ErrUncertain,
		failed + "a message that nobody has seen before":                                drivers.ErrUncertain,
		"sbatch: error: Invalid thing " + failed + "Socket timed out on send/recv oper": drivers.ErrUncertain,
		"": drivers.ErrUncertain,
	} {
		err := submitError(answer{text: text, code: 1})
		for _, kind := range []error{drivers.ErrRejected, drivers.ErrUnavailable, drivers.ErrUncertain} {
			if errors.Is(err, kind) != (kind == want) {
				t.Errorf("%q: %v, want %v", text, err, want)
			}
		}
	}
	if err := submitError(answer{err: context.DeadlineExceeded}); !errors.Is(err, drivers.ErrUncertain) {
		t.Errorf("a killed sbatch: %v", err)
	}
	if err := submitError(answer{err: &exec.Error{Name: "sbatch", Err: exec.ErrNotFound}}); !errors.Is(err, drivers.ErrUnavailable) {
		t.Errorf("no sbatch: %v", err)
	}
}

// shown is what scontrol 22.05.8 printed, shortened in the middle.
const shown = `JobId=5 JobName=new
line; JobId is 7 UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901759 Nice=0 Account=(null) QOS=(null) JobState=FAILED Reason=NonZeroExitCode Dependency=(null) Requeue=0 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=7:0 RunTime=00:00:03 TimeLimit=1-02:04:00 TimeMin=N/A SubmitTime=2026-11-23T18:48:32 EligibleTime=2026-11-23T18:48:32 StartTime=2026-11-23T18:48:33 EndTime=2026-11-23T18:48:36 Deadline=N/A NodeList=n1 NumNodes=1 ReqB:S:C:T=0:0:*:* Command=(null) WorkDir=/tmp Comment=assay:v1 s e/g/0/0 r n  StdErr=/dev/null StdIn=/dev/null StdOut=/dev/null Power= 
`

func TestParseShow(t *testing.T) {
	j, ok := parseShow(shown)
	if !ok || j.ID != "5" || j.State != drivers.JobFailed || j.Reason != "NonZeroExitCode" || j.Exit != 7 || j.Signal != 0 ||
		j.Limit != 26*time.Hour+4*time.Minute || j.Ends.Sub(j.Started) != 3*time.Second || j.Tag.Nonce != "n" || j.Tag.Store != "s" {
		t.Errorf("%+v", j)
	}
	if j, ok := parseShow(strings.Replace(shown, " ExitCode=7:0", " ExitCode=0:9", 1)); !ok || j.Exit != 0 || j.Signal != 9 {
		t.Errorf("of a signal: %+v", j)
	}
	for _, text := range []string{"", "\n", "No jobs in the system\n", "slurm_load_jobs error: Invalid job id specified"} {
		if j, ok := parseShow(text); ok {
			t.Errorf("%q is %+v", text, j)
		}
	}
}

func TestParseSacct(t *testing.T) {
	j, ok := parseSacct("12|CANCELLED by 1000|0:15|2026-01-01T10:00:00|Unknown|assay:v1 s e/g/0/0 r n")
	if !ok || j.ID != "12" || j.State != drivers.JobCancelled || j.Signal != 15 || j.Tag.Nonce != "n" {
		t.Errorf("%+v", j)
	}
	if j, ok := parseSacct("12|FAILED|7:0|2026-01-01T10:00:00|2026-01-01T11:00:00|a|b"); !ok || j.Exit != 7 || j.Tag.Nonce != "" {
		t.Errorf("%+v", j)
	}
	for _, line := range []string{"", "Slurm accounting storage is disabled", "12|FAILED|7:0"} {
		if j, ok := parseSacct(line); ok {
			t.Errorf("%q is %+v", line, j)
		}
	}
}

func TestArguments(t *testing.T) {
	s := &Scheduler{}
	spec := drivers.JobSpec{Name: "n", Dir: t.TempDir() + "/50%j", Argv: []string{"agent", "--name=x"}, GPUsPerNode: 2, CPUsPerNode: 3,
		MemoryPerNode: 1<<20 + 1, Time: 61 * time.Second, Modules: []string{"cuda"}, Directives: []string{"--exclusive"}}
	argv, text, err := Command(spec)
	if err != nil {
		t.Fatal(err)
	}
	if text != script || !slices.Contains(argv, Stdin) {
		t.Errorf("the script %q in %q", text, argv)
	}
	for _, want := range []string{"--nodes=1", "--gres=gpu:2", "--cpus-per-task=3", "--mem=2M", "--time=2", "--chdir=" + spec.Dir, "--exclusive"} {
		if !slices.Contains(argv, want) {
			t.Errorf("%s is missing in %q", want, argv)
		}
	}
	if !slices.ContainsFunc(argv, func(w string) bool { return strings.Contains(w, "50%%j/") }) {
		t.Errorf("the directory's %% is a pattern: %q", argv)
	}
	if tail := argv[len(argv)-4:]; !slices.Equal(tail, []string{"1", "cuda", "agent", "--name=x"}) {
		t.Errorf("the script gets %q", tail)
	}
	spec.Argv[1] = "a\x00b"
	if _, err := s.Submit(t.Context(), spec); !errors.Is(err, drivers.ErrRejected) {
		t.Errorf("an argument with NUL: %v", err)
	}
}

// TestExpected: of a job that waits squeue's start is an estimate, and no start; of one that runs it is the start.
func TestExpected(t *testing.T) {
	record := func(state string) string {
		return strings.Join([]string{"7", state, "Priority", "n", "c", "", "2026-11-23T20:00:00", "2026-11-23T21:00:00", "1:00:00", "2026-11-23T18:48:32"}, fieldEnd) + recordEnd
	}
	jobs, err := parseJobs(record("PENDING") + record("RUNNING"))
	if err != nil || len(jobs) != 2 {
		t.Fatal(jobs, err)
	}
	at := time.Date(2026, 11, 23, 20, 0, 0, 0, time.Local)
	if j := jobs[0]; !j.Expected.Equal(at) || !j.Started.IsZero() || !j.Ends.IsZero() {
		t.Errorf("a job that waits: expected %s, started %s, ends %s", j.Expected, j.Started, j.Ends)
	}
	if j := jobs[1]; !j.Started.Equal(at) || !j.Expected.IsZero() {
		t.Errorf("a job that runs: expected %s, started %s", j.Expected, j.Started)
	}
}
