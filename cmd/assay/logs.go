package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"assay/reconciler/bundle"
	"assay/reconciler/logs"
	"assay/reconciler/plain"
	"assay/reconciler/store"
	"assay/reconciler/view/text"
)

// logsOptions are the arguments and flags of `assay logs`.
type logsOptions struct {
	name     string // what to print; with save an experiment, or empty for all
	follow   bool
	previous bool   // of the jobs before the last ones
	tail     int    // lines; -1: all
	save     string // the archive to write instead of printing
}

func logsCmd(a *app, run func(context.Context, logsOptions) error) *cobra.Command {
	var o logsOptions
	c := &cobra.Command{
		Use:   "logs SERVICE|SERVICE.COMPONENT|RUN|JOB|node/NAME, or: logs --save FILE.tar.gz [EXPERIMENT]",
		Short: "Print the logs of a service, a run, a job or a node, or archive all of them",
		Long: `logs prints the newest log of each server of a service, also of jobs that have ended; SERVICE.COMPONENT is one server of
a service that has several. JOB is a job's id, and node/NAME is a node: everything that its jobs log.
A name may be preceded by its experiment, EXPERIMENT/SERVICE, and by its kind: svc/SERVICE.

Into a pipe or a file a log comes as it is, byte for byte, but for the values of stored secrets, which are replaced by
[REDACTED]. On a terminal it is plain text: colours are left out, and what would move the cursor, change the terminal or
turn the direction of a line shows as \u001b.

--save writes an archive instead: logs, states, results, events and revisions of one experiment or of all. Values of
stored secrets, and what looks like one (passwords in addresses, keys of known forms, values of settings and options with
such names, what follows Authorization), are replaced by [REDACTED].`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			o.name = logName(append(pos, "")[0])
			switch {
			case o.previous && (o.follow || o.save != ""):
				return exitError{exitUsage, errors.New("--previous prints logs that have ended: leave --follow and --save out")}
			case o.save != "" && (o.follow || o.tail >= 0):
				return exitError{exitUsage, errors.New("--save archives whole logs: leave --follow and --tail out")}
			case o.save == "" && o.name == "":
				return exitError{exitUsage, errors.New("logs of what? What there is: assay get services, assay get runs")}
			}
			return run(c.Context(), o)
		},
	}
	c.Flags().BoolVarP(&o.follow, "follow", "f", false, "go on printing as the logs grow, also those of later jobs")
	c.Flags().BoolVarP(&o.previous, "previous", "p", false, "of a service: the logs of the jobs before its last ones")
	c.Flags().IntVar(&o.tail, "tail", -1, "only the last lines (-1: all)")
	c.Flags().StringVar(&o.save, "save", "", "write an archive of logs and records, without secrets, to this file")
	return c
}

// logName is a name as people write it, KIND/NAME too, as logs.Find takes it: only a node keeps its kind.
func logName(typed string) string {
	if name := bare(typed, "nodes"); name != typed {
		return "node/" + name
	}
	return bare(typed, "services", "runs", "jobs")
}

func (a *app) runLogs(ctx context.Context, o logsOptions) error {
	st, _, err := a.current()
	if err != nil {
		return err
	}
	if o.save == "" {
		out, flush, err := a.logStream(st)
		if err != nil {
			return err
		}
		p := logs.Printer{Store: st, Name: o.name, Previous: o.previous, Out: out, Note: a.note}
		return errors.Join(p.Print(ctx, o.tail, o.follow), flush())
	}
	b, err := bundle.Collect(st, o.name)
	if err != nil {
		return err
	}
	for _, n := range b.Notes {
		a.note("%s", n)
	}
	saved, err := a.saveBundle(ctx, b, o.save, a.progress())
	if err != nil {
		return err
	}
	for _, name := range saved.Cut {
		a.note("%s is larger than %s: its middle was left out.", name, text.Bytes(bundle.WholeFile))
	}
	fmt.Fprintf(a.out, "%s: %d files, %s\n", o.save, saved.Files, text.Bytes(saved.Bytes))
	return nil
}

// logStream is where logs go: without secrets, and on a terminal without controls.
func (a *app) logStream(st *store.Store) (out io.Writer, flush func() error, err error) {
	values, err := st.SecretValues()
	if err != nil {
		return nil, nil, err
	}
	if !text.IsTerminal(a.out) {
		w := values.Writer(text.Raw(a.out))
		return w, w.Flush, nil
	}
	screen := plain.NewWriter(text.Raw(a.out))
	w := values.Writer(screen)
	return w, func() error { return errors.Join(w.Flush(), screen.Flush()) }, nil
}
