package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers/service/simulator"
	"assay/reconciler/resident"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// record is the run of a verb that only keeps its options.
func record[O any](got *any) func(context.Context, O) error {
	return func(_ context.Context, o O) error {
		*got = o
		return nil
	}
}

// typed parses a command line and returns the options that its verb would run with.
func typed(t *testing.T, line string) (got any, err error) {
	t.Helper()
	a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard}
	root := rootCmd(a)
	root.AddCommand(
		applyCmd(a, record[applyOptions](&got)), planCmd(a, record[planOptions](&got)), diffCmd(a, record[diffOptions](&got)),
		getCmd(a, record[getOptions](&got)), eventsCmd(a, record[getOptions](&got)), historyCmd(a, record[getOptions](&got)),
		describeCmd(a, record[describeOptions](&got)), waitCmd(a, record[waitOptions](&got)), watchCmd(a, record[watchOptions](&got)),
		syncCmd(a, record[syncOptions](&got)), undoCmd(a, record[undoOptions](&got)), bisectCmd(a, record[bisectOptions](&got)), scaleCmd(a, record[scaleOptions](&got)), suspendCmd(a, record[suspendOptions](&got)), resumeCmd(a, record[suspendOptions](&got)), rerunCmd(a, record[rerunOptions](&got)), controllerCmd(a, record[controllerOptions](&got)), webCmd(a, record[webOptions](&got)),
		versionCmd(a, record[noOptions](&got)), serveFilesCmd(a, record[serveFilesOptions](&got)),
		agentCmd(a, record[folderOptions](&got)), agentNodeCmd(a, record[folderOptions](&got)), agentGuardCmd(a, record[folderOptions](&got)), suiteCmd(a, record[folderOptions](&got)),
		suiteWorkerCmd(a, record[folderOptions](&got)), shepherdCmd(a, record[shepherdOptions](&got)), simulateCmd(a, record[simulateOptions](&got)),
	)
	root.SetArgs(strings.Fields(line))
	root.SetOut(io.Discard)
	root.SetErr(io.Discard)
	err = root.ExecuteContext(t.Context())
	return got, err
}

var allFields = cmp.Exporter(func(reflect.Type) bool { return true })

// TestFlagsOfVerbs types each verb: alone, where that is allowed, and with everything that it takes.
func TestFlagsOfVerbs(t *testing.T) {
	for line, want := range map[string]any{
		"apply": applyOptions{wait: true},
		"apply -f a.yaml,b -f - --dry-run --prune --wait=false --timeout 3m": applyOptions{
			files: []string{"a.yaml", "b", "-"}, dryRun: true, prune: true, timeout: 3 * time.Minute},
		"plan -f a.yaml --dry-run":               planOptions{files: []string{"a.yaml"}, dryRun: true},
		"bisect exp/e --metric ttft.p99 -o json": bisectOptions{experiment: "e", metric: "ttft.p99", format: "json"},
		"diff e@1 e@2":                           diffOptions{revisions: []string{"e@1", "e@2"}},
		"diff -f a.yaml":                         diffOptions{files: []string{"a.yaml"}},
		"get svc":                                getOptions{refs: []view.Reference{{Kind: "services"}}},
		"get runs e/q -e e -o samples -w":        getOptions{refs: []view.Reference{{Kind: "runs", Name: "e/q"}}, experiment: "e", format: "samples", watch: true},
		"get runs --limit 5 --phase failed --valid no --since 1h --benchmark q": getOptions{refs: []view.Reference{{Kind: "runs"}}, runs: runOptions{limit: 5, benchmark: "q", phase: "failed", valid: "no", since: time.Hour}},
		"get svc/e/llm exp/e":                         getOptions{refs: []view.Reference{{Kind: "services", Name: "e/llm"}, {Kind: "experiments", Name: "e"}}},
		"get jobs,nodes -l team=x":                    getOptions{refs: []view.Reference{{Kind: "jobs"}, {Kind: "nodes"}}, selector: "team=x"},
		"scale e/llm --replicas 3":                    scaleOptions{service: "e/llm", replicas: 3},
		"scale svc/llm --replicas 0 -e e":             scaleOptions{service: "llm", experiment: "e"},
		"suspend exp/e f":                             suspendOptions{experiments: []string{"e", "f"}, suspend: true, wait: true},
		"resume e --timeout 1m":                       suspendOptions{experiments: []string{"e"}, wait: true, timeout: time.Minute},
		"resume e --wait=false":                       suspendOptions{experiments: []string{"e"}},
		"web --listen 127.0.0.1:9 --allow-actions":    webOptions{listen: "127.0.0.1:9", act: true},
		"controller --web":                            controllerOptions{web: "127.0.0.1:0", health: "127.0.0.1:0"},
		"controller --detach --web=127.0.0.1:9":       controllerOptions{detach: true, web: "127.0.0.1:9", health: "127.0.0.1:0"},
		"get runs --all":                              getOptions{refs: []view.Reference{{Kind: "runs"}}, runs: runOptions{all: true}},
		"events -e e -o json":                         getOptions{refs: []view.Reference{{Kind: "events"}}, experiment: "e", format: "json"},
		"history e -o name":                           getOptions{refs: []view.Reference{{Kind: "revisions"}}, experiment: "e", format: "name"},
		"describe service e/llm":                      describeOptions{refs: []view.Reference{{Kind: "services", Name: "e/llm"}}},
		"wait service/e/llm --for=condition=Ready":    waitOptions{refs: []view.Reference{{Kind: "services", Name: "e/llm"}}, condition: v1alpha1.Ready, status: v1alpha1.True, timeout: 5 * time.Minute},
		"wait run/r --for=condition=Valid=False":      waitOptions{refs: []view.Reference{{Kind: "runs", Name: "r"}}, condition: v1alpha1.Valid, status: v1alpha1.False, timeout: 5 * time.Minute},
		"wait experiment/e --for=delete --timeout 1s": waitOptions{refs: []view.Reference{{Kind: "experiments", Name: "e"}}, timeout: time.Second},
		"watch -f a.yaml":                             watchOptions{files: []string{"a.yaml"}, poll: 2 * time.Second, quiet: 2 * time.Second, hold: 10 * time.Second},
		"watch -f d --prune --adopt --poll 5s --quiet 1s --hold 3s": watchOptions{
			files: []string{"d"}, prune: true, adopt: true, poll: 5 * time.Second, quiet: time.Second, hold: 3 * time.Second},
		"sync --repo r": syncOptions{repo: "r", ref: "main", path: ".", every: 30 * time.Second, gate: gateRequest{base: "main", allow: 5}},
		"sync --repo r --ref v1 --path p --every 1m --once --prune": syncOptions{
			repo: "r", ref: "v1", path: "p", every: time.Minute, once: true, prune: true, gate: gateRequest{base: "main", allow: 5}},
		"rerun r s":                       rerunOptions{runs: []string{"r", "s"}, wait: true},
		"rerun --invalid --failed -e e/b": rerunOptions{runs: []string{}, invalid: true, failed: true, of: "e/b", wait: true},
		"rerun r --wait=false":            rerunOptions{runs: []string{"r"}},
		"undo e":                          undoOptions{experiment: "e"},
		"undo e --to 3 --prune":           undoOptions{experiment: "e", to: 3, prune: true},
		"controller":                      controllerOptions{health: "127.0.0.1:0"},
		"controller --detach --standby --health 127.0.0.1:9":  controllerOptions{detach: true, standby: true, health: "127.0.0.1:9"},
		"controller --in-job --partition p --qos q --time 2h": controllerOptions{inJob: true, health: "127.0.0.1:0", place: resident.Place{Partition: "p", QOS: "q"}, time: 2 * time.Hour},
		"version":                           noOptions{},
		"serve-files":                       serveFilesOptions{listen: "127.0.0.1:8080", root: "."},
		"serve-files --listen :1 --root /r": serveFilesOptions{listen: ":1", root: "/r"},
		"agent /job":                        folderOptions{"/job"},
		"agent-node /job":                   folderOptions{"/job"},
		"suite /run":                        folderOptions{"/run"},
		"suite-worker /run":                 folderOptions{"/run"},
		"local-shepherd /job 7":             shepherdOptions{"/job", "7"},
		`simulate-vllm --listen :1 --model m --config {"maxRunning":3}`: simulateOptions{
			listen: ":1", config: simulator.Config{Model: "m", Simulate: v1alpha1.Simulate{MaxRunning: 3}}},
	} {
		got, err := typed(t, line)
		if err != nil {
			t.Errorf("assay %s: %v", line, err)
			continue
		}
		if d := cmp.Diff(want, got, allFields); d != "" {
			t.Errorf("assay %s (-want +got):\n%s", line, d)
		}
	}
}

// inTempHome gives a test folders of its own for everything that assay remembers.
func inTempHome(t *testing.T) {
	t.Helper()
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, t.TempDir())
	}
}

// TestUsageErrors types what makes no sense: exit code 2, and what to type instead.
func TestUsageErrors(t *testing.T) {
	inTempHome(t)
	for line, want := range map[string]string{
		"apply":                              "no manifest given; type: -f FILE",
		"apply -f - -f -":                    "give -f - once",
		"apply a.yaml":                       "type: assay apply --help",
		"apply --no-such-flag":               "type: assay apply --help",
		"apply --timeout soon":               "type: assay apply --help",
		"plan":                               "no manifest given",
		"diff":                               "no manifest given",
		"diff -f absent.yaml":                "absent.yaml",
		"gett":                               "did you mean: assay get",
		"bisect e":                           "--metric ttft.p99",
		"squeue":                             "type: assay get jobs",
		"xyzzy":                              "assay --help",
		"get":                                "Kinds are services",
		"get pods":                           "are jobs",
		"get svc -l =":                       "--selector",
		"get svc -o jsonpath={":              "as kubectl does",
		"get svc --failed":                   "type: assay get --help",
		"get svc --valid no":                 "are for runs",
		"scale llm":                          "--replicas N",
		"suspend":                            "type: assay suspend --help",
		"resume svc/e":                       "is no experiment",
		"rollout status":                     "type: assay rollout status --help",
		"delete svc/llm":                     "takes no services",
		"delete":                             "type: assay delete experiment/NAME",
		"describe nodes/n1":                  "takes no nodes",
		"get cows":                           "kinds are services, jobs",
		"get runs -o samples":                "type: assay get runs NAME -o samples",
		"get services -o xml":                "formats are wide, json",
		"get services --site nowhere":        "assay apply -f SITE.yaml",
		"events all":                         "type: assay events --help",
		"history":                            "type: assay history --help",
		"describe service":                   "which service?",
		"wait service/web":                   "write --for=condition=Ready",
		"wait service/web --for=condition=":  "write --for=condition=Ready",
		"wait nothing --for=condition=Ready": "no kind",
		"watch":                              "type: assay watch -f FILE",
		"sync":                               "type: assay sync --repo URL",
		"rerun":                              "name runs, or give --invalid or --failed",
		"rerun r --failed":                   "name runs, or give --invalid or --failed",
		"undo":                               "type: assay undo --help",
		"undo e --to first":                  "type: assay undo --help",
		"controller now":                     "type: assay controller --help",
		"serve-files x":                      "type: assay serve-files --help",
		"agent":                              "type: assay agent --help",
		"local-shepherd /job":                "type: assay local-shepherd --help",
		"simulate-vllm --config {":           "reading --config",
	} {
		var out, errs bytes.Buffer
		if code := run(strings.Fields(line), strings.NewReader(""), &out, &errs); code != exitUsage {
			t.Errorf("assay %s: exit code %d, want %d", line, code, exitUsage)
		}
		if !strings.Contains(errs.String(), want) || out.Len() > 0 {
			t.Errorf("assay %s: printed %q and %q, want an error with %q", line, out.String(), errs.String(), want)
		}
	}
}

// verbApp is an app with buffers, and the store that it uses with one experiment in it.
func verbApp(t *testing.T) (a *app, out, errs *bytes.Buffer, lease *store.Lease) {
	t.Helper()
	inTempHome(t)
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	a = &app{in: strings.NewReader(""), out: out, err: errs, stateDir: t.TempDir()}
	st, _, err := a.current()
	if err != nil {
		t.Fatal(err)
	}
	for _, services := range [][]v1alpha1.Service{{{Name: "web"}}, {{Name: "web"}, {Name: "llm"}}} {
		spec := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "e"}, Spec: v1alpha1.ExperimentSpec{Site: "local", Services: services}}
		if _, _, err := st.Accept(store.Revision{Experiment: "e", Spec: spec, Site: v1alpha1.LocalSite(), Owner: "apply"}); err != nil {
			t.Fatal(err)
		}
	}
	if lease, err = st.Acquire(t.Context(), "test", time.Minute); err != nil {
		t.Fatal(err)
	}
	status := v1alpha1.ExperimentStatus{Name: "e", Generation: 2, Observed: time.Now(), Answered: math.MaxInt32, Conditions: []v1alpha1.Condition{{Type: v1alpha1.Ready, Status: v1alpha1.True, Reason: "Ready"}}}
	status.Services = []v1alpha1.ServiceStatus{{Name: "web", Kind: "process", Ready: 1, Replicas: 1, Conditions: status.Conditions}}
	if err := lease.PutStatus(status); err != nil {
		t.Fatal(err)
	}
	return a, out, errs, lease
}

// TestRunWithoutAProcess calls verbs as functions, on a store that another process controls.
func TestRunWithoutAProcess(t *testing.T) {
	a, out, errs, _ := verbApp(t)
	ctx := t.Context()
	check := func(what string, err error, wantErr, wantOut string) {
		t.Helper()
		if (err != nil) != (wantErr != "") || err != nil && !strings.Contains(err.Error(), wantErr) {
			t.Errorf("%s: %v, want %q", what, err, wantErr)
		}
		if !strings.Contains(out.String()+errs.String(), wantOut) {
			t.Errorf("%s printed %q and %q, want %q", what, out.String(), errs.String(), wantOut)
		}
		out.Reset()
		errs.Reset()
	}
	check("get", a.runGet(ctx, getOptions{refs: []view.Reference{{Kind: "services"}}}), "", "e            web    process   1/1     Ready    ")
	check("get names", a.runGet(ctx, getOptions{refs: []view.Reference{{Kind: "experiments"}}, format: "name"}), "", "experiment/e\n")
	check("get nothing", a.runGet(ctx, getOptions{refs: []view.Reference{{Kind: "runs"}}}), "", "No runs. State directory: ")
	check("get an absent name", a.runGet(ctx, getOptions{refs: []view.Reference{{Kind: "runs", Name: "x"}}}), "assay get runs", "")
	check("history", a.runHistory(ctx, getOptions{refs: []view.Reference{{Kind: "revisions"}}, experiment: "e", format: "name"}), "", "revision/e/1\nrevision/e/2\n")
	check("history of nothing", a.runHistory(ctx, getOptions{refs: []view.Reference{{Kind: "revisions"}}, experiment: "x"}), "assay get experiments", "")
	check("describe", a.runDescribe(ctx, describeOptions{refs: []view.Reference{{Kind: "services", Name: "web"}}}), "", "Ready          True")
	check("describe nothing", a.runDescribe(ctx, describeOptions{refs: []view.Reference{{Kind: "services", Name: "x"}}}), "assay get services", "")
	check("wait", a.runWait(ctx, waitOptions{refs: []view.Reference{{Kind: "services", Name: "web"}}, condition: v1alpha1.Ready, status: v1alpha1.True, timeout: time.Minute}), "", "service/web condition met\n")
	check("wait until gone", a.runWait(ctx, waitOptions{refs: []view.Reference{{Kind: "services", Name: "x"}}, timeout: time.Minute}), "", "condition met")
	check("wait in vain", a.runWait(ctx, waitOptions{refs: []view.Reference{{Kind: "services", Name: "web"}}, timeout: time.Millisecond}), "look: assay describe service/web", "")
	check("undo of nothing", a.runUndo(ctx, undoOptions{experiment: "x"}), "assay get experiments", "")
	check("bisect of nothing", a.runBisect(ctx, bisectOptions{experiment: "e", metric: "ttft.p99"}), "no revision of e has a valid result", "")
	check("version", a.runVersion(ctx, noOptions{}), "", "assay ")
}

// TestLeaseIsHeld: a controller refuses to be the second one, and a following verb says whom it follows.
func TestLeaseIsHeld(t *testing.T) {
	a, _, errs, lease := verbApp(t)
	st, site, err := a.current()
	if err != nil {
		t.Fatal(err)
	}
	err = a.withLoop(t.Context(), st, site, "controller", func(context.Context, *runner) error { return nil })
	if e, ok := err.(exitError); !ok || e.code != exitLeaseHeld {
		t.Errorf("got %v, want exit code %d", err, exitLeaseHeld)
	}
	want := fmt.Errorf("what body returns")
	if err := a.withLoopOrController(t.Context(), st, site, "apply", func(context.Context) error {
		time.Sleep(100 * time.Millisecond)
		return want
	}); err != want || !strings.Contains(errs.String(), "holds the lease and does the work") {
		t.Errorf("got %v and %q", err, errs.String())
	}
	if err := lease.Release(); err != nil {
		t.Fatal(err)
	}
}

// TestPlanDryRun prints jobs without a store: nothing is written.
func TestPlanDryRun(t *testing.T) {
	inTempHome(t)
	var out bytes.Buffer
	a := &app{in: strings.NewReader(web("/tmp")), out: &out, err: io.Discard}
	if err := a.runPlan(t.Context(), planOptions{files: []string{"-"}, dryRun: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "experiment web at site local (local)\n\njob assay.web.web.0.STORE: web\n") {
		t.Errorf("printed\n%s", out.String())
	}
}

// TestServeFiles runs the verb until its context ends.
func TestServeFiles(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- (&app{}).runServeFiles(ctx, serveFilesOptions{addr, t.TempDir()}) }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get("http://" + addr + "/healthz")
		if err == nil {
			_ = res.Body.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
