package io500

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"assay/drivers"
	"assay/drivers/suite/storage"
)

// layout spreads the run's directory over the servers of a Lustre and writes down what came of it. Elsewhere it does
// nothing; what cannot be set becomes a note.
func layout(ctx context.Context, data, run, file string) (notes []drivers.Reason) {
	if !storage.IsLustre(data) {
		return nil
	}
	hard := filepath.Join(data, run, "ior-hard")
	if err := os.MkdirAll(hard, 0o700); err != nil {
		return []drivers.Reason{{Reason: "NoLayout", Message: err.Error()}}
	}
	for _, args := range [][]string{
		{"setdirstripe", "-D", "-c", "-1", data}, // of no effect with one metadata target
		{"setstripe", "-c", "1", data},
		{"setstripe", "-c", "-1", hard},
	} {
		if _, err := storage.LFS(ctx, args...); err != nil {
			notes = append(notes, drivers.Reason{Reason: "NoLayout", Message: strings.TrimSpace(err.Error())})
		}
	}
	var text strings.Builder
	for _, dir := range []string{data, hard} {
		out, err := storage.LFS(ctx, "getstripe", "-d", dir)
		if err != nil {
			out = err.Error()
		}
		text.WriteString(dir + "\n" + out + "\n")
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		notes = append(notes, drivers.Reason{Reason: "NoLayout", Message: err.Error()})
	}
	return notes
}
