package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/reconciler/view"
)

// habit says of a verb that there is not what to type instead: exit code 2.
func habit(root *cobra.Command, unknown error) error {
	word, _, _ := strings.Cut(strings.TrimPrefix(unknown.Error(), unknownCommand+`"`), `"`)
	if instead := view.Instead(word); instead != "" {
		return exitError{exitUsage, fmt.Errorf("there is no verb %q; type: %s", word, instead)}
	}
	near := root.SuggestionsFor(word)
	for i := range near {
		near[i] = "assay " + near[i]
	}
	if len(near) == 0 {
		near = []string{"assay --help"}
	}
	return exitError{exitUsage, fmt.Errorf("there is no verb %q; did you mean: %s", word, strings.Join(near, ", "))}
}
