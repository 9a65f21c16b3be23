package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/reconciler/view"
)

// completeArgs lets a shell complete the names of what there is: after KIND or KIND/ for verbs that take any, else of one kind.
func (a *app) completeArgs(root *cobra.Command) {
	for verb, kind := range map[string]string{
		"delete": "", "describe": "", "get": "", "wait": "",
		"gate": "experiments", "history": "experiments", "report": "experiments", "resume": "experiments", "suspend": "experiments", "tunnel": "experiments", "undo": "experiments", "edit": "experiments",
		"rollout status": "experiments", "rollout history": "experiments", "rollout undo": "experiments", "compare": "experiments", "bisect": "experiments", "bundle create": "experiments", "export": "experiments",
		"key": "services", "logs": "services", "proxy": "services", "exec": "services", "scale": "services", "rerun": "runs",
	} {
		c, _, err := root.Find(strings.Fields(verb))
		switch {
		case err != nil:
			panic(fmt.Sprintf("completing %s: %v", verb, err)) // a verb of this list was renamed
		case kind != "":
			c.ValidArgsFunction = a.completeNames(kind)
		case verb == "get":
			c.ValidArgsFunction = a.completeObjects(view.Kinds...)
		case verb == "delete":
			c.ValidArgsFunction = a.completeObjects("experiments")
		default:
			c.ValidArgsFunction = a.completeObjects(described...)
		}
		if verb == "undo" { // a deleted one comes back
			c.ValidArgsFunction = a.completeNames("experiments", (*app).deletedNames)
		}
		if c.Flags().Lookup("experiment") != nil {
			if err := c.RegisterFlagCompletionFunc("experiment", a.completeNames("experiments")); err != nil {
				panic(fmt.Sprintf("completing --experiment of %s: %v", verb, err))
			}
		}
	}
}

// completeObjects completes kinds, and then the names of objects of them as the state directory has them.
func (a *app) completeObjects(kinds ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, before []string, word string) ([]string, cobra.ShellCompDirective) {
		typed, _, slash := strings.Cut(word, "/")
		var out []string
		switch {
		case slash:
			for _, name := range a.names(kinds, typed) {
				out = append(out, typed+"/"+name)
			}
		case len(before) == 0:
			return kinds, cobra.ShellCompDirectiveNoFileComp
		case !strings.Contains(before[0], "/"):
			out = a.names(kinds, before[0])
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeNames completes the names of objects of one kind, and others.
func (a *app) completeNames(kind string, others ...func(*app) []string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		names := a.names([]string{kind}, kind)
		for _, more := range others {
			names = append(names, more(a)...)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// deletedNames are the experiments of which only what they measured is left.
func (a *app) deletedNames() (out []string) {
	st, _, err := a.current()
	if err != nil {
		return nil
	}
	revs, _ := st.Deleted() // a shell has no place for an error
	for _, r := range revs {
		out = append(out, r.Experiment)
	}
	return out
}

// names are those of the objects of a kind; none when they cannot be read, since a shell has no place for an error.
func (a *app) names(kinds []string, word string) (out []string) {
	kind, err := view.Kind(word)
	if err != nil || !slices.Contains(kinds, kind) {
		return nil
	}
	st, _, err := a.current()
	if err != nil {
		return nil
	}
	s, err := view.Read(st)
	if err != nil {
		return nil
	}
	groups, err := a.groups(s, getOptions{refs: []view.Reference{{Kind: kind}}, runs: runOptions{limit: pageOfRuns}})
	if err != nil {
		return nil
	}
	for _, o := range groups[0].items {
		name := o.Metadata.Name
		if kind == "runs" || kind == "revisions" {
			name = o.FullName()
		}
		out = append(out, name)
	}
	return out
}
