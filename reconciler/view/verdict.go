package view

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

// Verdict prints on out what is wrong with manifests, one problem a line that begins with its place, for editors; and on talk
// what the sound ones declare, and how many files are not valid.
func Verdict(out, talk io.Writer, m v1alpha1.Manifest, sound []v1alpha1.File, problems, unread []v1alpha1.Problem) {
	all := slices.Concat(problems, unread)
	slices.SortStableFunc(all, func(a, b v1alpha1.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	broken := map[string]bool{}
	for _, p := range all {
		broken[p.File] = true
		fmt.Fprintln(out, p)
	}
	warned := map[string]bool{}
	for _, p := range m.Warnings {
		warned[p.File] = true
		p.Message = "warning: " + p.Message
		fmt.Fprintln(out, p)
	}
	declared := map[string][]string{}
	for _, e := range m.Experiments {
		declared[e.File] = append(declared[e.File], "experiment/"+e.Metadata.Name)
	}
	for _, f := range sound {
		names := declared[f.Name]
		if len(names) == 0 && warned[f.Name] {
			continue // it is left out, and the warning says so
		}
		fmt.Fprintf(talk, "%s is valid", f.Name)
		if len(names) > 0 {
			fmt.Fprintf(talk, ": %s", strings.Join(names, ", "))
		}
		fmt.Fprintln(talk)
	}
	if len(all) > 0 {
		problem := "problems"
		if len(all) == 1 {
			problem = "problem"
		}
		fmt.Fprintf(talk, "%d of %d files not valid, %d %s\n", len(broken), len(broken)+len(sound), len(all), problem)
	}
}
