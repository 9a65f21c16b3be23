package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"assay/drivers"
	"assay/drivers/suite"
	"assay/reconciler/manual"
	"assay/reconciler/plan"
	"assay/reconciler/view/text"
)

// helpOptions are the arguments and flags of `assay help`.
type helpOptions struct {
	words  []string
	output string
}

func helpCmd(a *app, run func(context.Context, helpOptions) error) *cobra.Command {
	var o helpOptions
	c := &cobra.Command{
		Use:   "help [VERB | PAGE]",
		Short: "Help about a verb, or a page of the manual",
		Long: `help prints what VERB --help prints, or a page of the manual as text; alone it lists both. The pages are in the binary and
belong to its version. As man pages: man assay, man assay-apply, man 7 assay-tutorial.`,
		Args: args(cobra.ArbitraryArgs),
		RunE: verb(&o, run, func(pos []string) error {
			if o.words = pos; o.output != "" && o.output != "markdown" {
				return fmt.Errorf("-o %s: help prints text, or -o markdown", o.output)
			}
			return nil
		}),
		ValidArgsFunction: func(c *cobra.Command, before []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			if all, err := manualPages(c.Root()); err == nil && len(before) == 0 {
				for _, p := range all {
					names = append(names, p.Name+"\t"+p.Title)
				}
			}
			for _, v := range c.Root().Commands() {
				if len(before) == 0 && v.IsAvailableCommand() {
					names = append(names, v.Name()+"\t"+v.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().StringVarP(&o.output, "output", "o", "", "markdown: the page as it was written")
	return c
}

func (a *app) runHelp(_ context.Context, o helpOptions) error {
	root := newRoot(a)
	root.SetOut(a.out)
	root.InitDefaultCompletionCmd()
	all, err := manualPages(root)
	if err != nil {
		return err
	}
	if len(o.words) == 0 {
		if err := root.Help(); err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "\nPages of the manual, for assay help PAGE:\n%s", manual.List(all))
		return err
	}
	if c, rest, err := root.Find(o.words); err == nil && c != root && len(rest) == 0 {
		c.InitDefaultHelpFlag()
		c.SetOut(a.out)
		return c.Help()
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	p, err := manual.Find(all, strings.Join(o.words, " "), names...)
	if err != nil {
		return exitError{exitUsage, err}
	}
	if o.output == "markdown" {
		_, err = fmt.Fprint(a.out, p.Text)
		return err
	}
	return manual.Print(a.out, p, text.Columns(a.out))
}

// manualPages is every page: those that people wrote, and the references.
func manualPages(root *cobra.Command) ([]manual.Page, error) {
	reasons, err := manual.Reasons(
		manual.Words{Title: "Conditions, events and actions", About: "Of services, benchmarks, runs, jobs and experiments.", Source: plan.Reasons, Advice: func(word string) string { return plan.Advice(plan.Reason(word)) }},
		manual.Words{Title: "Results", About: "Faults, for which a result does not count, and notes, which a reader has to know.", Source: suite.Reasons, Named: "Reason"},
		manual.Words{Title: "Losses", About: "What a run lost that it needs and that it does not judge. Such a run is done again.", Source: drivers.LostWords, Named: "Lost"})
	verbs := verbsOf(root)
	return append(manual.Written(), manual.Fields(), manual.Verbs(verbs, flagsOf(root.PersistentFlags())), manual.Metrics(), reasons, manual.ExitCodes(exitCodes, verbs)), err
}

// verbsOf are the verbs that users type, with those below them.
func verbsOf(c *cobra.Command) (out []manual.Verb) {
	for _, v := range c.Commands() {
		if !v.IsAvailableCommand() {
			continue
		}
		if v.Runnable() {
			out = append(out, manual.Verb{Path: v.CommandPath(), Use: v.UseLine(), Short: v.Short, Long: v.Long, Flags: flagsOf(v.LocalNonPersistentFlags())})
		}
		out = append(out, verbsOf(v)...)
	}
	slices.SortFunc(out, func(a, b manual.Verb) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

func flagsOf(set *pflag.FlagSet) (out []manual.Flag) {
	set.VisitAll(func(f *pflag.Flag) {
		name, usage := pflag.UnquoteUsage(f)
		name = strings.TrimSpace("--" + f.Name + " " + name)
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if !f.Hidden && f.Name != "help" {
			out = append(out, manual.Flag{Name: name, Usage: usage})
		}
	})
	return out
}
