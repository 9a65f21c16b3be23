package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/dashboards"
	"assay/drivers/hardware"
	"assay/drivers/local"
	"assay/drivers/service/simulator"
	"assay/drivers/suite"
	"assay/drivers/suite/serving"
	"assay/drivers/suite/storage"
	"assay/drivers/suite/storage/io500"
	"assay/drivers/suite/storage/native"
	"assay/drivers/suite/vector"
	"assay/reconciler/agent"
)

// inside hides a verb that jobs run and users do not type.
func inside(c *cobra.Command) *cobra.Command {
	c.Hidden = true
	return c
}

func shepherdCmd(*app) *cobra.Command {
	return inside(&cobra.Command{
		Use: "local-shepherd DIR ID", Short: "Run one job of the local scheduler", Args: args(cobra.ExactArgs(2)),
		RunE: func(_ *cobra.Command, pos []string) error { return local.Shepherd(pos[0], pos[1]) },
	})
}

func simulateCmd(*app) *cobra.Command {
	var listen, model, config string
	c := inside(&cobra.Command{
		Use: "simulate-vllm", Short: "Serve the built-in vLLM simulator", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			var s v1alpha1.Simulate
			if err := json.Unmarshal([]byte(config), &s); err != nil {
				return exitError{exitUsage, fmt.Errorf("reading --config: %w", err)}
			}
			return simulator.ListenAndServe(c.Context(), listen, simulator.Config{Model: model, Simulate: s})
		},
	})
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8000", "address")
	c.Flags().StringVar(&model, "model", "", "model name to serve")
	c.Flags().StringVar(&config, "config", "{}", "the manifest's simulate block as JSON")
	return c
}

func agentCmd(*app) *cobra.Command {
	return inside(&cobra.Command{
		Use: "agent JOBDIR", Short: "Supervise a job", Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			o, err := agentOptions()
			if err != nil {
				return err
			}
			return agent.Run(c.Context(), pos[0], o)
		},
	})
}

func agentNodeCmd(*app) *cobra.Command {
	return inside(&cobra.Command{
		Use: "agent-node JOBDIR", Short: "Serve the hardware counters of one more node of a job", Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			o, err := agentOptions()
			if err != nil {
				return err
			}
			return agent.Node(c.Context(), pos[0], o)
		},
	})
}

// agentOptions reads what the scheduler says about the job. In a cluster other nodes have to reach the servers; a local
// job listens on loopback only.
func agentOptions() (agent.Options, error) {
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
		fmt.Fprintln(os.Stderr, err) // the job goes on; state.json says what is missing
	}
	return o, nil
}

func suiteCmd(a *app) *cobra.Command {
	return inside(&cobra.Command{
		Use: "suite RUNDIR", Short: "Execute one benchmark run", Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			a.say("suite started")
			return suite.Run(c.Context(), pos[0], versionString(), suite.Suites{Serving: serving.Suite{}, Vector: vector.Suite{},
				Storage: storage.Suite{Native: native.Engine{}, IO500: io500.Engine{}}})
		},
	})
}

func suiteWorkerCmd(*app) *cobra.Command {
	return inside(&cobra.Command{
		Use: "suite-worker RUNDIR", Short: "Do one more node's share of a benchmark run", Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			return suite.Work(c.Context(), pos[0], suite.Workers{Serving: serving.Worker, Storage: native.Worker})
		},
	})
}
