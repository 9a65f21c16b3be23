package io500

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/storage"
)

// sample is a recorded run of the real program.
func sample(t *testing.T, name string) (stdout, result string) {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return string(a.Files[0].Data), string(a.Files[1].Data)
}

func spec(stonewall time.Duration, tasks int) v1alpha1.Storage {
	return v1alpha1.Storage{Engine: "io500", Nodes: 1, TasksPerNode: tasks, Stonewall: v1alpha1.Duration(stonewall), TransferSize: 2 << 20, Command: []string{"io500"}}
}

// Every recorded run is judged for what it was, whatever its exit status.
func TestSamples(t *testing.T) {
	for name, test := range map[string]struct {
		stonewall time.Duration
		phases    int
		want      []string
	}{
		"valid":        {30 * time.Second, 14, nil},
		"tiny":         {time.Second, 14, []string{suite.ReasonInvalid, suite.ReasonTooShort}},
		"nophase":      {time.Second, 14, []string{suite.ReasonIncomplete, suite.ReasonInvalid, suite.ReasonTooShort}},
		"term":         {time.Second, 9, []string{suite.ReasonIncomplete, suite.ReasonInvalid}},
		"enospc":       {time.Second, 0, []string{suite.ReasonIncomplete, suite.ReasonInvalid}},
		"baddir":       {time.Second, 0, []string{suite.ReasonIncomplete, suite.ReasonInvalid}},
		"enospc2":      {time.Second, 1, []string{suite.ReasonIncomplete, suite.ReasonInvalid, suite.ReasonTooShort}},
		"s-mpich-none": {time.Second, 28, []string{suite.ReasonIncomplete, suite.ReasonInvalid, suite.ReasonSplitRun, suite.ReasonTooShort, suite.ReasonWrongScore}},
		"s-cancel":     {time.Second, 4, []string{suite.ReasonIncomplete, suite.ReasonInvalid}},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, result := sample(t, name)
			printed := parseOutput(stdout)
			if len(printed.phases) != test.phases {
				t.Errorf("%d phases", len(printed.phases))
			}
			var got []string
			for _, f := range judge(spec(test.stonewall, 2), printed, parseRecord(result), nil).faults {
				if t.Log(f.Reason + ": " + f.Message); !slices.Contains(got, f.Reason) {
					got = append(got, f.Reason)
				}
			}
			if slices.Sort(got); !slices.Equal(got, test.want) {
				t.Errorf("faults %v, want %v", got, test.want)
			}
		})
	}
}

// The numbers of a valid run, and every way to spoil it.
func TestValid(t *testing.T) {
	stdout, result := sample(t, "valid")
	m := storage.Metrics(values(parseOutput(stdout)))
	extras(m, parseOutput(stdout), parseRecord(result))
	for name, want := range map[string]float64{"ior_easy_write_gibs": 0.116047, "find_kiops": 680.626145, "mdtest_hard_delete_kiops": 0.642370,
		"ior_rnd4k_easy_read_gibs": 0.057807, "mdtest_easy_write_kiops_at_stonewall": 1.406480, "find_found": 248} {
		if m[name] != want {
			t.Errorf("%s is %v, want %v", name, m[name], want)
		}
	}
	if got := m["score_total"]; got < 1.80013 || got > 1.80014 {
		t.Errorf("score %v", got)
	}
	for name, test := range map[string]struct {
		old, new string
		want     string
	}{
		"changed score":    {"SCORE           = 1.800134", "SCORE           = 9.800134", suite.ReasonWrongScore},
		"changed phase":    {"score           = 0.116047", "score           = 0.916047", suite.ReasonWrongScore},
		"printed score":    {"TOTAL 1.800134", "TOTAL 1.900134", suite.ReasonWrongScore},
		"fewer processes":  {"procs           = 2", "procs           = 1", suite.ReasonSplitRun},
		"two headers":      {"[RESULT]                 find", "IO500 version x (standard)\n[RESULT]                 find", suite.ReasonSplitRun},
		"mark in brackets": {"[SCORE ]", "[SCORE INVALID]", suite.ReasonInvalid},
		"a comment":        {"[find]", "; ERROR INVALID because\n[find]", suite.ReasonInvalid},
		"not a number":     {"680.626145 kIOPS", "nan kIOPS", suite.ReasonIncomplete},
		"short":            {"t_delta         = 31.1396", "t_delta         = 29.1396", suite.ReasonTooShort},
		"no time":          {"t_delta         = 31.1396\n", "", suite.ReasonIncomplete},
		"no hash":          {"hash            = ", "; ", suite.ReasonIncomplete},
		"printed phase":    {"ior-easy-write        0.116047", "ior-easy-write        0.116048", suite.ReasonWrongScore},
		"infinite":         {"680.626145 kIOPS", "inf kIOPS", suite.ReasonIncomplete},
		"twice":            {"[      ]            timestamp", "[RESULT] find 1.000000 kIOPS : time 1.000 seconds\n[      ] timestamp", suite.ReasonIncomplete},
	} {
		all := stdout + "\x00" + result
		if !strings.Contains(all, test.old) {
			t.Fatalf("%s: nothing to change", name)
		}
		out, res, _ := strings.Cut(strings.ReplaceAll(all, test.old, test.new), "\x00")
		faults := judge(spec(30*time.Second, 2), parseOutput(out), parseRecord(res), nil).faults
		if !slices.ContainsFunc(faults, func(r drivers.Reason) bool { return r.Reason == test.want }) {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

// stage is a job without Slurm or io500: stand-ins for both that write what a recorded run wrote.
func stage(t *testing.T, script string) (Engine, drivers.SuiteRequest, string) {
	t.Helper()
	bin, dir := t.TempDir(), t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(bin, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	list, err := filepath.Abs("testdata/list.txt")
	if err != nil {
		t.Fatal(err)
	}
	program := put("io500", fmt.Sprintf("[ \"$1\" = --list ] && exec cat %s\ndata=$(sed -n 's/^datadir = //p' $1)/r\nresults=$(sed -n 's/^resultdir = //p' $1)/r\nmkdir -p $data $results\necho x >$data/file\n%s", list, script))
	srun := put("srun", "while [ \"${1#-}\" != \"$1\" ]; do echo $1 >>"+bin+"/flags; shift; done\nexec \"$@\"\n")
	t.Setenv("SLURM_JOB_ID", "7")
	s := spec(30*time.Second, 2)
	s.Command, s.MPI, s.BlockSize, s.Segments, s.Files = []string{program}, "pmi2", 4<<20, 10, 10
	return Engine{Srun: srun}, drivers.SuiteRequest{Run: "r", Experiment: "e", Benchmark: "b", Directory: t.TempDir(), Storage: &s}, dir
}

func replay(t *testing.T, name, then string) string {
	t.Helper()
	stdout, result := sample(t, name)
	return "cat >$results/result.txt <<'END'\n" + result + "END\ncat <<'END'\n" + stdout + "END\n" + then
}

func empty(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left in the measured directory: %v", left, err)
	}
}

func TestEngine(t *testing.T) {
	e, req, dir := stage(t, replay(t, "valid", "exit 0\n"))
	var said []string
	res, err := e.Run(t.Context(), req, dir, func(s string) { said = append(said, s) })
	if err != nil || !res.Valid || res.Metrics["ior_easy_read_gibs"] != 0.198865 || res.Versions["mpi"] != "pmi2" || res.Metrics["files_left_by_io500"] != 1 {
		t.Errorf("%v %+v", err, res)
	}
	empty(t, req.Directory)
	for _, f := range res.Files {
		if _, err := os.Stat(filepath.Join(dir, f)); err != nil {
			t.Error(err)
		}
	}
	flags, _ := os.ReadFile(filepath.Join(filepath.Dir(e.Srun), "flags"))
	for _, want := range []string{"--mpi=pmi2", "-K1", "--ntasks=2", "--overlap"} {
		if !strings.Contains(string(flags), want+"\n") {
			t.Errorf("srun was not told %s: %s", want, flags)
		}
	}
}

// A program that ends with 0 and a result that is none, or one that says of its data what only the file of a phase holds.
func TestEngineDoubts(t *testing.T) {
	for name, test := range map[string]struct{ sample, then, want string }{
		"cut short":    {"term", "exit 0\n", suite.ReasonIncomplete},
		"split":        {"s-mpich-none", "exit 0\n", suite.ReasonSplitRun},
		"corrupt data": {"valid", "echo 'ERROR: verifying the data on read (1 errors)!' >$results/mdtest-hard-read.txt\n", suite.ReasonCorrupt},
	} {
		e, req, dir := stage(t, replay(t, test.sample, test.then))
		res, err := e.Run(t.Context(), req, dir, func(string) {})
		if err != nil || res.Valid || !slices.ContainsFunc(res.Reasons, func(r drivers.Reason) bool { return r.Reason == test.want }) {
			t.Errorf("%s: %v %+v", name, err, res)
		}
		empty(t, req.Directory)
	}
}

// A program that fails leaves an error that names the phase, a stopped one ends, and neither leaves data behind.
func TestEngineFails(t *testing.T) {
	for name, why := range map[string][]string{
		"enospc":       {"ior-easy-write (1 of 12)", "No space left on device"},
		"enospc2":      {"mdtest-easy-write (2 of 12)", "No space left on device"},
		"baddir":       {"starting", "Couldn't create directory"},
		"s-mpich-none": {"2 runs of io500", "write mpi"},
	} {
		e, req, dir := stage(t, replay(t, name, "exit 6\n"))
		_, err := e.Run(t.Context(), req, dir, func(string) {})
		for _, want := range why {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		empty(t, req.Directory)
	}

	e, req, dir := stage(t, "exec sleep 60\n")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := e.Run(ctx, req, dir, func(string) {}); err == nil || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	empty(t, req.Directory)

	e, req, dir = stage(t, "")
	req.Storage.Command = []string{"/does/not/exist"}
	if _, err := e.Run(t.Context(), req, dir, func(string) {}); err == nil || !strings.Contains(err.Error(), "engine: native") {
		t.Errorf("%v", err)
	}
	req.Storage.BlockSize = 1 << 60
	if _, err := e.Run(t.Context(), req, dir, func(string) {}); err == nil || !strings.Contains(err.Error(), "lower blockSize") {
		t.Errorf("%v", err)
	}

	e, req, dir = stage(t, "")
	t.Setenv("SLURM_JOB_ID", "")
	req.Storage.Nodes = 2
	if _, err := e.Run(t.Context(), req, dir, func(string) {}); err == nil || !strings.Contains(err.Error(), "nodes: 1") {
		t.Errorf("two nodes without a job: %v", err)
	}
}
