package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// table prints rows below a header.
func (a *app) table(header []string, rows [][]string) { text.Table(a.out, header, rows) }

// list prints objects as JSON or YAML.
func (a *app) list(format string, items []view.Object) error {
	return a.print(format, view.NewList(items))
}

// print prints a value as JSON or YAML.
func (a *app) print(format string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("printing as JSON: %w", err)
	}
	if format == "yaml" {
		if b, err = yaml.JSONToYAML(b); err != nil {
			return fmt.Errorf("printing as YAML: %w", err)
		}
	}
	_, err = fmt.Fprintln(a.out, strings.TrimRight(string(b), "\n"))
	return err
}

// oneOf refuses an output format that is not among those.
func oneOf(format string, formats ...string) error {
	if !slices.Contains(formats, format) {
		return exitError{exitUsage, fmt.Errorf("no output format %q; formats are %s", format, strings.TrimPrefix(strings.Join(formats, ", "), ", "))}
	}
	return nil
}
