package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"assay/reconciler/gc"
)

// usage stands for an error of usage: exit code 2, and run is not called.
const usage = "usage"

// flagCase is a command line of a verb and the options that it becomes, or usage.
type flagCase struct {
	line string
	want any
}

// flagsBecome parses each line with a verb whose run only takes its options down.
func flagsBecome[O any](t *testing.T, verb func(*app, func(context.Context, O) error) *cobra.Command, cases ...flagCase) {
	t.Helper()
	for _, c := range cases {
		var got any
		a := &app{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}}
		cmd := verb(a, func(_ context.Context, o O) error { got = o; return nil })
		root := newRoot(a)
		for _, other := range root.Commands() {
			if other.Name() == cmd.Name() {
				root.RemoveCommand(other)
			}
		}
		root.AddCommand(cmd)
		root.SetArgs(strings.Fields(c.line))
		err := root.ExecuteContext(t.Context())
		if e, ok := errors.AsType[exitError](err); ok && e.code == exitUsage && got == nil {
			got = usage
		} else if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(calibrateOptions{}, cleanOptions{}, logsOptions{}, gateOptions{}, compareOptions{}, reportOptions{}, tunnelOptions{}, deleteOptions{}, pullOptions{})); diff != "" {
			t.Errorf("assay %s (-want +got):\n%s", c.line, diff)
		}
	}
}

// TestCleanupAndResultFlags types the verbs that remove, archive, reach and judge, and what makes no sense for each.
func TestCleanupAndResultFlags(t *testing.T) {
	flagsBecome(t, cleanCmd,
		flagCase{"clean", cleanOptions{}},
		flagCase{"clean one --logs --data --runs --images --files -y", cleanOptions{experiment: "one", kinds: gc.Kinds{Logs: true, Data: true, Runs: true, Images: true, Files: true}, yes: true}},
		flagCase{"clean --runs --dry-run", cleanOptions{kinds: gc.Kinds{Runs: true}, dryRun: true}},
		flagCase{"clean a b", usage}, flagCase{"clean --all", usage})
	flagsBecome(t, calibrateCmd,
		flagCase{"calibrate --tokens 4 -- client --url {url} -o x", calibrateOptions{command: []string{"client", "--url", "{url}", "-o", "x"}, ttft: 50 * time.Millisecond, itl: 10 * time.Millisecond, tokens: 4, timeout: 10 * time.Minute}},
		flagCase{"calibrate", usage}, flagCase{"calibrate --tokens 0 -- client {url}", usage}, flagCase{"calibrate --itl -1s -- client {url}", usage})
	flagsBecome(t, logsCmd,
		flagCase{"logs web", logsOptions{name: "web", tail: -1}},
		flagCase{"logs one/web -f --tail 3", logsOptions{name: "one/web", follow: true, tail: 3}},
		flagCase{"logs --save x.tar.gz", logsOptions{save: "x.tar.gz", tail: -1}},
		flagCase{"logs --save x.tar.gz one", logsOptions{name: "one", save: "x.tar.gz", tail: -1}},
		flagCase{"logs", usage}, flagCase{"logs a b", usage}, flagCase{"logs --save x -f", usage}, flagCase{"logs --save x --tail 0", usage}, flagCase{"logs web --tail many", usage})
	flagsBecome(t, gateCmd,
		flagCase{"gate one", gateOptions{experiment: "one"}}, flagCase{"gate one -o yaml", gateOptions{experiment: "one", format: "yaml"}},
		flagCase{"gate", usage}, flagCase{"gate one -o xml", usage})
	flagsBecome(t, compareCmd,
		flagCase{"compare a b@2", compareOptions{before: "a", now: "b@2"}},
		flagCase{"compare a b -o json --metric ttft.p99,all", compareOptions{before: "a", now: "b", format: "json", metrics: []string{"ttft.p99", "all"}}},
		flagCase{"compare a", compareOptions{before: "a"}}, flagCase{"compare", usage}, flagCase{"compare a b -o csv", usage})
	flagsBecome(t, reportCmd,
		flagCase{"report one", reportOptions{experiment: "one", format: "html"}},
		flagCase{"report one -o csv --out -", reportOptions{experiment: "one", format: "csv", out: "-"}},
		flagCase{"report", usage}, flagCase{"report one -o pdf", usage})
	flagsBecome(t, tunnelCmd,
		flagCase{"tunnel", tunnelOptions{}},
		flagCase{"tunnel one llm --open -o json", tunnelOptions{experiment: "one", service: "llm", open: true, format: "json"}},
		flagCase{"tunnel -o wide", usage}, flagCase{"tunnel a b c", usage})
	flagsBecome(t, deleteCmd,
		flagCase{"delete experiment a b", deleteOptions{names: []string{"a", "b"}, wait: true, timeout: 10 * time.Minute}},
		flagCase{"delete exp a -y --wait=false --timeout 3s", deleteOptions{names: []string{"a"}, yes: true, timeout: 3 * time.Second}},
		flagCase{"delete -f a.yaml -f b.yaml", deleteOptions{files: []string{"a.yaml", "b.yaml"}, wait: true, timeout: 10 * time.Minute}},
		flagCase{"delete", usage}, flagCase{"delete a", usage}, flagCase{"delete experiment", usage}, flagCase{"delete service a", usage},
		flagCase{"delete experiment a -f a.yaml", usage}, flagCase{"delete a -f a.yaml", usage})
	flagsBecome(t, pullCmd,
		flagCase{"pull -f a.yaml -f dir", pullOptions{files: []string{"a.yaml", "dir"}}}, flagCase{"pull -f a.yaml --only weights", pullOptions{files: []string{"a.yaml"}, only: "weights"}}, flagCase{"pull", pullOptions{}}, flagCase{"pull a.yaml", usage})
}

// inTest is assay without a terminal, on a state directory of its own.
func inTest(t *testing.T) (a *app, out, talk *bytes.Buffer) {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	out, talk = &bytes.Buffer{}, &bytes.Buffer{}
	return &app{in: strings.NewReader(""), out: out, err: talk, stateDir: t.TempDir()}, out, talk
}

// TestRunsCanBeCalled calls what the verbs do without a process and without flags.
func TestRunsCanBeCalled(t *testing.T) {
	a, out, talk := inTest(t)
	if err := a.runClean(t.Context(), cleanOptions{}); err != nil || !strings.Contains(talk.String(), "Nothing to clean.") {
		t.Errorf("clean: %v: %s", err, talk)
	}
	for name, err := range map[string]error{
		`no experiment "one" was ever here`: a.runClean(t.Context(), cleanOptions{experiment: "one"}),
		`no experiment "one"`:               a.runGate(t.Context(), gateOptions{experiment: "one"}),
		"a has no result":                   a.runCompare(t.Context(), compareOptions{before: "a", now: "b"}),
		"one has no result":                 a.runReport(t.Context(), reportOptions{experiment: "one", format: "md"}),
		`no log of "web"`:                   a.runLogs(t.Context(), logsOptions{name: "web", tail: -1}),
		`no experiment "two"`:               a.runLogs(t.Context(), logsOptions{name: "two", save: "two.tar.gz"}),
		"no running service":                a.runTunnel(t.Context(), tunnelOptions{}),
		"no terminal to ask on":             a.runDelete(t.Context(), deleteOptions{names: []string{"one"}}),
		"no manifest given":                 a.runPull(t.Context(), pullOptions{}),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want %q", err, name)
		}
	}
	if out.Len() > 0 {
		t.Errorf("an error wrote data: %s", out)
	}
}

// TestCleanSaysWhatItDid: what was removed is data, what was kept is not.
func TestCleanSaysWhatItDid(t *testing.T) {
	a, out, talk := inTest(t)
	a.showRemoved(gc.Removed{Count: 4, Bytes: 2048, Kept: []gc.Leftover{{Path: "/x"}}})
	if got := out.String(); got != "4 removed, 2.0 KiB\n" {
		t.Errorf("wrote %q", got)
	}
	if got := talk.String(); got != "/x is kept: it is in use again, or gone.\n" {
		t.Errorf("said %q", got)
	}
}
