package v1alpha1

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestShellWordsWarn: what only a shell replaces is allowed, and probably not meant; a script has its own words.
func TestShellWordsWarn(t *testing.T) {
	m := mustLoad(t, `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: a}
spec:
  services:
    - name: web
      env: {LOG: "${HOME}/log", COST: 5$, OK: "$(DATA) $(PORT:admin) $(PORT@web)"}
      process: {command: [serve, $HOME/x, "$(HOST):$(PORT)"]}
    - name: script
      process: {command: [/bin/sh, -c, "echo $(date) $(PWD) ${HOME} $1"]}
    - name: regex
      process: {command: [grep, "^a$", "$(cat x)"]}
`, nil)
	var got []string
	for _, w := range m.Warnings {
		got = append(got, strings.TrimPrefix(w.Error(), "in.yaml:"))
	}
	const hint = " is passed on as it is: no shell reads it (write the value, or let a shell do it: command: [sh, -c, …])"
	want := []string{
		"8:34: spec.services[0].process.command[1]: $HOME" + hint,
		"7:18: spec.services[0].env[LOG]: ${HOME}" + hint,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("warnings (-want +got)\n%s", diff)
	}
}

// TestHabitsAreNotFields: a name that assay knows itself needs no remedy, and every remedy is for a type of a manifest.
func TestHabitsAreNotFields(t *testing.T) {
	for typ, words := range habits {
		fields := fieldsOf(typ)
		for word, hint := range words {
			if _, ok := fields[word]; ok {
				t.Errorf("%s has the field %s, so the hint %q is never given", typ.Name(), word, hint)
			}
		}
	}
}
