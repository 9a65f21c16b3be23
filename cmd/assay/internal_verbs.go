package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/dashboards"
	"assay/drivers"
	"assay/drivers/hardware"
	"assay/drivers/local"
	"assay/drivers/service/parent"
	"assay/drivers/service/simulator"
	"assay/drivers/suite"
	"assay/drivers/suite/serving"
	"assay/drivers/suite/storage"
	"assay/drivers/suite/storage/io500"
	"assay/drivers/suite/storage/native"
	"assay/drivers/suite/vector"
	"assay/reconciler/agent"
	"assay/reconciler/redact"
)

// folderOptions are the arguments of a verb that works in one folder: that of a job or of a run.
type folderOptions struct{ dir string }

// folderCmd makes a verb that jobs run and users do not type, whose only argument is a folder.
func folderCmd(use, short string, run func(context.Context, folderOptions) error) *cobra.Command {
	var o folderOptions
	return &cobra.Command{Use: use, Short: short, Hidden: true, Args: args(cobra.ExactArgs(1)), RunE: verb(&o, run, first(&o.dir))}
}

func agentCmd(_ *app, run func(context.Context, folderOptions) error) *cobra.Command {
	return folderCmd("agent JOBDIR", "Supervise a job", run)
}

func (a *app) runAgent(ctx context.Context, o folderOptions) error {
	walltime := make(chan os.Signal, 1)
	signal.Notify(walltime, drivers.WalltimeSignal)
	of, err := a.agentOf()
	if err != nil {
		return err
	}
	of.Walltime = walltime
	return agent.Run(ctx, o.dir, of)
}

func agentNodeCmd(_ *app, run func(context.Context, folderOptions) error) *cobra.Command {
	return folderCmd("agent-node JOBDIR", "Serve the hardware counters of one more node of a job", run)
}

func (a *app) runAgentNode(ctx context.Context, o folderOptions) error {
	of, err := a.agentOf()
	if err != nil {
		return err
	}
	return agent.Node(ctx, o.dir, of)
}

func agentGuardCmd(_ *app, run func(context.Context, folderOptions) error) *cobra.Command {
	return folderCmd("agent-guard JOBDIR", "End what an agent ran when the agent is killed", run)
}

func (a *app) runAgentGuard(_ context.Context, o folderOptions) error {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, drivers.WalltimeSignal) // the agent's end is its only signal
	return agent.Guard(o.dir, os.Stdin)
}

// agentOf reads what the scheduler says about the job. In a cluster other nodes have to reach the servers; a local job
// listens on loopback only.
func (a *app) agentOf() (agent.Options, error) {
	self, err := os.Executable()
	if err != nil {
		return agent.Options{}, fmt.Errorf("finding assay's own binary: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return agent.Options{}, fmt.Errorf("finding this node's name: %w", err)
	}
	o := agent.Options{Binary: self, JobID: os.Getenv("ASSAY_JOB_ID"), Node: host, Nodes: 1, Listen: "127.0.0.1", Advertise: "127.0.0.1",
		Dashboards: dashboards.FS}
	if id := os.Getenv("SLURM_JOB_ID"); id != "" && o.JobID == "" {
		o.JobID, o.Node = id, cmp.Or(os.Getenv("SLURMD_NODENAME"), host)
		o.Listen, o.Advertise = "0.0.0.0", host
		if o.Nodes, err = strconv.Atoi(cmp.Or(os.Getenv("SLURM_JOB_NUM_NODES"), "1")); err != nil {
			return o, fmt.Errorf("reading SLURM_JOB_NUM_NODES: %w", err)
		}
	}
	if o.Hardware, err = hardware.Handler("/proc"); err != nil {
		a.note("%v", err) // the job goes on; state.json says what is missing
	}
	return o, nil
}

func suiteCmd(_ *app, run func(context.Context, folderOptions) error) *cobra.Command {
	return folderCmd("suite RUNDIR", "Execute one benchmark run", run)
}

func (a *app) runSuite(ctx context.Context, o folderOptions) error {
	a.note("suite started")
	err := suite.Run(ctx, o.dir, versionString(), suite.Suites{Serving: serving.Suite{Redact: redactor}, Vector: vector.Suite{},
		Storage: storage.Suite{Native: native.Engine{}, IO500: io500.Engine{}}, Redact: redactor})
	if drivers.LostBy(err) == "" {
		return err
	}
	return exitError{drivers.ExitCode(err), err} // the agent learns of the loss also when no result can be written
}

func suiteSalvageCmd(_ *app, run func(context.Context, folderOptions) error) *cobra.Command {
	return folderCmd("suite-salvage RUNDIR", "Make a partial result of what a killed benchmark client had kept", run)
}

func (a *app) runSuiteSalvage(_ context.Context, o folderOptions) error {
	err := serving.Salvage(o.dir, redactor)
	if err == nil {
		a.note("what had been answered before its last second is kept: %s, %s", serving.CSVFile, serving.PartialFile)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func redactor(secrets ...string) suite.Redactor { return redact.Of(secrets...) }

func suiteWorkerCmd(_ *app, run func(context.Context, folderOptions) error) *cobra.Command {
	return folderCmd("suite-worker RUNDIR", "Do one more node's share of a benchmark run", run)
}

func (a *app) runSuiteWorker(ctx context.Context, o folderOptions) error {
	return suite.Work(ctx, o.dir, suite.Workers{Serving: serving.Worker, Storage: native.Worker})
}

// shepherdOptions are the arguments of `assay local-shepherd`.
type shepherdOptions struct{ dir, id string }

func shepherdCmd(_ *app, run func(context.Context, shepherdOptions) error) *cobra.Command {
	var o shepherdOptions
	return &cobra.Command{
		Use: "local-shepherd DIR ID", Short: "Run one job of the local scheduler", Hidden: true, Args: args(cobra.ExactArgs(2)),
		RunE: verb(&o, run, func(pos []string) error {
			o.dir, o.id = pos[0], pos[1]
			return nil
		}),
	}
}

func (a *app) runShepherd(_ context.Context, o shepherdOptions) error {
	return local.Shepherd(o.dir, o.id)
}

// simulateOptions are the flags of `assay simulate-vllm`.
type simulateOptions struct {
	listen string
	config simulator.Config
}

func simulateCmd(_ *app, run func(context.Context, simulateOptions) error) *cobra.Command {
	var o simulateOptions
	var config string
	c := &cobra.Command{
		Use: "simulate-vllm", Short: "Serve the built-in vLLM simulator", Hidden: true, Args: args(cobra.NoArgs),
		RunE: verb(&o, run, func([]string) error {
			var s v1alpha1.Simulate
			if err := json.Unmarshal([]byte(config), &s); err != nil {
				return fmt.Errorf("reading --config: %w", err)
			}
			o.config.Simulate = s
			return nil
		}),
	}
	c.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8000", "address")
	c.Flags().StringVar(&o.config.Model, "model", "", "model name to serve")
	c.Flags().StringVar(&config, "config", "{}", "the manifest's simulate block as JSON")
	return c
}

func (a *app) runSimulate(ctx context.Context, o simulateOptions) error {
	o.config.Key = os.Getenv(v1alpha1.VLLMKey)
	return simulator.ListenAndServe(ctx, o.listen, o.config)
}

func parentCmd(_ *app, run func(context.Context, parent.Options) error) *cobra.Command {
	var o parent.Options
	c := &cobra.Command{
		Use: "parent [--private DIR] [--listen HOST:PORT --to HOST:PORT --key VARIABLE] -- COMMAND…", Short: "Run a program behind a door, or with a private folder",
		Hidden: true, Args: args(cobra.MinimumNArgs(1)),
		RunE: verb(&o, run, func(pos []string) error {
			o.Argv = pos
			return nil
		}),
	}
	c.Flags().StringVar(&o.Private, "private", "", "a folder that is made for this user alone")
	c.Flags().StringVar(&o.Listen, "listen", "", "where clients come")
	c.Flags().StringVar(&o.To, "to", "", "where the program listens")
	c.Flags().StringVar(&o.Key, "key", "", "the variable that holds the key which clients have to send")
	return c
}

func (a *app) runParent(_ context.Context, o parent.Options) error {
	code, err := parent.Run(o)
	if err == nil {
		parent.End(code)
	}
	return err
}

// internalVerbs are those that jobs and other verbs run, and users do not type.
func (a *app) internalVerbs() []*cobra.Command {
	return []*cobra.Command{
		agentCmd(a, a.runAgent),
		agentNodeCmd(a, a.runAgentNode),
		agentGuardCmd(a, a.runAgentGuard),
		suiteCmd(a, a.runSuite),
		suiteWorkerCmd(a, a.runSuiteWorker),
		suiteSalvageCmd(a, a.runSuiteSalvage),
		shepherdCmd(a, a.runShepherd),
		simulateCmd(a, a.runSimulate),
		gatewayCmd(a, a.runGateway),
		parentCmd(a, a.runParent),
		doctorNodeCmd(a, a.runDoctorNode),
		remoteServeCmd(a, a.runRemoteServe),
		insideCmd(a, a.runInside),
		serveFilesCmd(a, a.runServeFiles),
	}
}
