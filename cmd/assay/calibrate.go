package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers/suite/calibrate"
	"assay/drivers/suite/selftest/truth"
)

// calibrateOptions are the arguments and flags of `assay calibrate`.
type calibrateOptions struct {
	command   []string
	ttft, itl time.Duration
	tokens    int
	timeout   time.Duration
	format    string // json, yaml; empty: a table
}

func calibrateCmd(a *app, run func(context.Context, calibrateOptions) error) *cobra.Command {
	var o calibrateOptions
	c := &cobra.Command{
		Use:   "calibrate -- COMMAND... {url}",
		Short: "Measure a load generator against a server with exact records, beside assay's own",
		Long: `calibrate starts a server that answers at planned times and records what really happened, runs the command of any client of an
OpenAI-compatible server against it, then assay's own client with as many requests at the same rate, and prints how far what
each says is from the truth. In the command {url} becomes the server's address, and {result} a file for the client's result,
which is read in the form of vLLM's:

  assay calibrate -- vllm bench serve --base-url {url} --model ` + truth.Model + ` --tokenizer PATH --num-prompts 500 \
    --request-rate 50 --save-result --save-detailed --result-filename {result}

Of a client that writes another form, what the server saw is printed: arrivals, and the CPU that its processes used.`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: verb(&o, run, func(pos []string) error {
			o.command = pos
			if o.tokens < 1 || o.ttft < 0 || o.itl < 0 || o.timeout <= 0 {
				return errors.New("give --tokens of at least 1, --ttft and --itl of at least 0, and a --timeout")
			}
			return oneOf(o.format, "", "json", "yaml")
		}),
	}
	f := c.Flags()
	f.SetInterspersed(false) // what follows is the command's own
	f.DurationVar(&o.ttft, "ttft", 50*time.Millisecond, "time from a request's arrival to its first token")
	f.DurationVar(&o.itl, "itl", 10*time.Millisecond, "time between two tokens")
	f.IntVar(&o.tokens, "tokens", 16, "tokens of every answer, whatever is asked for")
	f.DurationVar(&o.timeout, "timeout", 10*time.Minute, "give up on a client after this time")
	f.StringVarP(&o.format, "output", "o", "", "json or yaml")
	return c
}

func (a *app) runCalibrate(ctx context.Context, o calibrateOptions) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding assay's own binary: %w", err)
	}
	r, err := calibrate.Run(ctx, calibrate.Options{Command: o.command, Own: []string{self, "suite"}, Timeout: o.timeout, Log: a.err,
		Pace: truth.Pace{TTFT: o.ttft, ITL: o.itl, Tokens: o.tokens}})
	if err != nil {
		return err
	}
	if o.format != "" {
		return a.print(o.format, r)
	}
	rows := make([][]string, 0, len(r.Figures))
	for _, f := range r.Figures {
		rows = append(rows, []string{f.Name, f.Client, f.Assay})
	}
	a.table([]string{"FIGURE", "CLIENT", "ASSAY"}, rows)
	for _, n := range r.Notes {
		a.note("%s", n)
	}
	return nil
}
