// Command assay makes an AI factory match a file.
//
// A verb is a file of that name: its options, a constructor that turns flags and arguments into them, and a run function
// that a test calls without a process. What several verbs share lies in files named after what it does; wire.go is the
// only place where implementations of drivers meet the reconciler. Verbs that jobs run and users do not type are in
// internal_verbs.go. Everything else is in packages below drivers and reconciler, which get what they need handed in.
//
// Dependencies: github.com/spf13/cobra parses commands, prints help and writes shell completion;
// github.com/rogpeppe/go-internal/diff prints unified diffs; sigs.k8s.io/yaml prints -o yaml exactly as -o json.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/view/text"
)

// Exit codes in addition to 0 (ok) and 1 (failure). Verbs add their own: plan and diff document theirs.
const (
	exitUsage       = 2
	exitManifest    = 4
	exitLeaseHeld   = 5
	exitConnection  = 6 // the site of a context was not reached, or the connection was lost
	exitInterrupted = drivers.ExitInterrupted
)

// exitError ends the program with a code; a nil err prints nothing.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e exitError) Unwrap() error { return e.err }

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is main with its arguments and streams handed in, for tests.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return runApp(ctx, &app{in: stdin, out: stdout, err: stderr}, args)
}

// runApp runs the verb that args name, for who typed it here or on a laptop.
func runApp(ctx context.Context, a *app, args []string) int {
	stdout, stderr := text.NewScreen(a.out), text.NewScreen(a.err)
	a.args, a.out, a.err = args, stdout, stderr
	root := newRoot(a)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "assay: interrupted")
		return exitInterrupted
	}
	if _, known := errors.AsType[exitError](err); !known && strings.HasPrefix(err.Error(), unknownCommand) {
		err = habit(root, err)
	}
	switch msg := err.Error(); {
	case len(v1alpha1.Problems(err)) > 0 && strings.HasPrefix(msg, v1alpha1.Problems(err)[0].File): // each line begins with its place, for editors
		fmt.Fprintln(stderr, msg)
	case msg != "":
		fmt.Fprintf(stderr, "assay: %s\n", msg)
	}
	if e, ok := errors.AsType[exitError](err); ok {
		return e.code
	}
	return 1
}

// unknownCommand is how cobra begins its error for a verb that there is not.
const unknownCommand = "unknown command "

func newRoot(a *app) *cobra.Command {
	root := rootCmd(a)
	root.AddCommand(
		applyCmd(a, a.runApply),
		planCmd(a, a.runPlan),
		diffCmd(a, a.runDiff),
		validateCmd(a, a.runValidate),
		getCmd(a, a.runGet),
		describeCmd(a, a.runDescribe),
		eventsCmd(a, a.runGet),
		logsCmd(a, a.runLogs),
		waitCmd(a, a.runWait),
		deleteCmd(a, a.runDelete),
		cleanCmd(a, a.runClean),
		tunnelCmd(a, a.runTunnel),
		keyCmd(a, a.runKey),
		pullCmd(a, a.runPull),
		watchCmd(a, a.runWatch),
		syncCmd(a, a.runSync),
		historyCmd(a, a.runHistory),
		undoCmd(a, a.runUndo),
		rolloutCmd(a),
		scaleCmd(a, a.runScale),
		suspendCmd(a, a.runSuspend),
		resumeCmd(a, a.runSuspend),
		rerunCmd(a, a.runRerun),
		compareCmd(a, a.runCompare),
		bisectCmd(a, a.runBisect),
		explainCmd(a),
		initCmd(a, a.runInit),
		schemaCmd(a, a.runSchema),
		siteCmd(a),
		doctorCmd(a, a.runDoctor),
		gateCmd(a, a.runGate),
		calibrateCmd(a, a.runCalibrate),
		reportCmd(a, a.runReport),
		controllerCmd(a, a.runController),
		adoptCmd(a, a.runAdopt),
		contextCmd(a),
		versionCmd(a, a.runVersion),
		mcpCmd(a, a.runMCP),
		webCmd(a, a.runWeb),
		manCmd(a, a.runMan),
		agentCmd(a, a.runAgent),
		agentNodeCmd(a, a.runAgentNode),
		agentGuardCmd(a, a.runAgentGuard),
		suiteCmd(a, a.runSuite),
		suiteWorkerCmd(a, a.runSuiteWorker),
		shepherdCmd(a, a.runShepherd),
		simulateCmd(a, a.runSimulate),
		gatewayCmd(a, a.runGateway),
		proxyCmd(a, a.runProxy),
		serveFilesCmd(a, a.runServeFiles),
		parentCmd(a, a.runParent),
		doctorNodeCmd(a, a.runDoctorNode),
		remoteServeCmd(a, a.runRemoteServe),
	)
	a.completeArgs(root)
	return root
}

// rootCmd is the command without its verbs: help, global flags, and the exit code of a wrong flag.
func rootCmd(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "assay",
		Short: "Make an AI factory match a file",
		Long: `assay reads a manifest that declares services (vLLM, Chroma, processes) and benchmarks, compares it with
what the scheduler and Prometheus say, and submits, cancels, reconfigures and benchmarks until both agree.

Exit codes: 0 ok, 1 failure, 2 usage (plan: 2 changes; diff: 1 differences), 4 invalid manifest, 5 lease held,
6 no connection to the site of a context, 130 interrupted.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       versionString(),
	}
	root.SetVersionTemplate("assay {{.Version}}\n")
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error {
		a.caution = cautionOf(c)
		return a.route(c)
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return exitError{exitUsage, fmt.Errorf("%w; type: %s --help", err, c.CommandPath())}
	})
	pf := root.PersistentFlags()
	pf.StringVar(&a.siteName, "site", "", "site to use (default: the only remembered one, else local)")
	pf.StringVar(&a.context, "context", "", "context whose site runs the verb (default: the current one); local: this machine")
	pf.StringVar(&a.stateDir, "state", "", "state directory (default: the site's paths.state, else the XDG state folder)")
	pf.BoolVarP(&a.verbose, "verbose", "v", false, "log every step on standard error")
	return root
}
