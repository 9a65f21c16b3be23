package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"assay/drivers/remote"
	"assay/reconciler/view/text"
)

func contextCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use: "context", Short: "Choose the site at which verbs run, from a laptop over ssh", Args: args(cobra.NoArgs),
		Long: `A context is a site that is reached by your own ssh: your keys, your agent, your ~/.ssh/config. Every verb then runs there as if
it had been typed there, but with the manifests, secrets and data sets (by relative paths) of this machine, and with its files
for reports and archives.

  assay context add meluxina --ssh me@login.lxp.lu -p 8822
  assay context use meluxina
  assay apply -f rag.yaml

assay is copied there once for each version. Nothing listens there, and nothing stays behind but the files of the state directory;
the connection is kept for 10 minutes after the last verb. A single verb elsewhere: --context NAME, and --context local for this machine.`,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	simple := func(use, short string, n int, run func(context.Context, string) error) *cobra.Command {
		var name string
		return &cobra.Command{Use: use, Short: short, Args: args(cobra.ExactArgs(n)), RunE: verb(&name, run, func(pos []string) error {
			name = strings.Join(pos, "")
			return nil
		})}
	}
	c.AddCommand(contextAddCmd(a, a.runContextAdd), contextListCmd(a, a.runContextList),
		simple("use NAME", "Make a context the current one; local is this machine", 1, a.runContextUse),
		simple("show NAME", "Show a context", 1, a.runContextShow),
		simple("delete NAME", "Forget a context, and end its connection; its site stays as it is", 1, a.runContextDelete))
	return c
}

func contextAddCmd(_ *app, run func(context.Context, remote.Context) error) *cobra.Command {
	var o remote.Context
	var ssh string
	c := &cobra.Command{Use: "add NAME --ssh [USER@]HOST", Short: "Name a site that is reached by ssh", Args: args(cobra.ExactArgs(1)),
		RunE: verb(&o, run, func(pos []string) (err error) {
			o.Name = pos[0]
			if ssh == "" {
				return errors.New("where is it? Type: assay context add NAME --ssh [USER@]HOST")
			}
			o.Host = ssh
			if i := strings.LastIndex(ssh, "@"); i >= 0 {
				o.User, o.Host = ssh[:i], ssh[i+1:]
			}
			if o.Binary != "" {
				if o.Binary, err = filepath.Abs(o.Binary); err != nil {
					return err
				}
			}
			return o.Check()
		})}
	f := c.Flags()
	f.StringVar(&ssh, "ssh", "", "host, as after ssh: a name of ~/.ssh/config, too")
	f.IntVarP(&o.Port, "port", "p", 0, "port of ssh (default: as ~/.ssh/config says)")
	f.StringVar(&o.State, "state", "", "state directory there (default: as the site says)")
	f.StringVar(&o.Binary, "binary", "", "assay for the machines there, when they are of another kind than this one")
	return c
}

func (a *app) runContextAdd(_ context.Context, o remote.Context) error {
	all, err := contexts()
	if err == nil {
		err = all.Add(o)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "context/%s added\n", o.Name)
	a.note("Try it: assay --context %s get services. Make it the current one: assay context use %[1]s", o.Name)
	return nil
}

func contextListCmd(_ *app, run func(context.Context, string) error) *cobra.Command {
	var format string
	c := &cobra.Command{Use: "list", Short: "List contexts; * marks the current one", Args: args(cobra.NoArgs), RunE: verb(&format, run, func([]string) error {
		return oneOf(format, "", "json", "yaml")
	})}
	c.Flags().StringVarP(&format, "output", "o", "", "json or yaml")
	return c
}

func (a *app) runContextList(_ context.Context, format string) error {
	all, err := contexts()
	if err != nil {
		return err
	}
	current, err := all.Current()
	if err != nil {
		return err
	}
	list, err := all.All()
	if err != nil {
		return err
	}
	if format != "" {
		return a.print(format, struct {
			Current  string           `json:"current"`
			Contexts []remote.Context `json:"contexts"`
		}{current, list})
	}
	mark := map[bool]string{true: "*", false: "-"}
	rows := [][]string{{mark[current == remote.Here], remote.Here, "this machine", "-"}}
	for _, c := range list {
		rows = append(rows, []string{mark[current == c.Name], c.Name, c.Address(), text.Dash(c.State)})
	}
	a.table([]string{"CURRENT", "NAME", "SSH", "STATE"}, rows)
	return nil
}

func (a *app) runContextUse(_ context.Context, name string) error {
	all, err := contexts()
	if err == nil {
		err = all.Use(name)
	}
	if err == nil {
		fmt.Fprintf(a.out, "context/%s is the current one\n", name)
	}
	return err
}

func (a *app) runContextShow(_ context.Context, name string) error {
	all, err := contexts()
	if err != nil {
		return err
	}
	c, err := all.Get(name)
	if err != nil {
		return err
	}
	return a.print("yaml", c)
}

func (a *app) runContextDelete(ctx context.Context, name string) error {
	all, err := contexts()
	if err != nil {
		return err
	}
	c, err := all.Get(name)
	if err != nil {
		return err
	}
	o, err := a.connection(c)
	if err == nil {
		err = remote.Disconnect(ctx, c, o.Sockets)
	}
	if err != nil {
		a.note("The connection to %s may stay for some minutes: %v", c.Host, err)
	}
	if err := all.Delete(name); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "context/%s deleted\n", name)
	return nil
}
