package io500

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite"
	"assay/drivers/suite/storage"
)

// layout spreads the run's directory over the servers of a Lustre file system and writes the layout that it got to file.
// What cannot be set becomes a note. A directory inherits from its parent when it is made, so the order counts.
func layout(ctx context.Context, data, run, file string) (notes []drivers.Reason) {
	note := func(err error) {
		if err != nil {
			notes = append(notes, suite.NewReason(suite.ReasonNoLayout, "%s", strings.TrimSpace(err.Error())))
		}
	}
	set := func(args ...string) {
		_, err := storage.LFS(ctx, args...)
		note(err)
	}
	hard := filepath.Join(data, run, "ior-hard")
	set("setdirstripe", "-D", "-c", "-1", data) // of no effect with one metadata target
	set("setstripe", "-c", "1", data)
	note(os.MkdirAll(hard, 0o700))
	set("setstripe", "-c", "-1", hard)
	var text strings.Builder
	for _, dir := range []string{data, hard} {
		out, err := storage.LFS(ctx, "getstripe", "-d", dir)
		if err != nil {
			out = err.Error()
		}
		text.WriteString(dir + "\n" + out + "\n")
	}
	note(durable.Writer{}.Replace(file, []byte(text.String()), nil))
	return notes
}
