package edit

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Editor opens files with the program that VISUAL or EDITOR names, which can have options, or else with vi.
type Editor struct {
	In       io.Reader
	Out, Err io.Writer
}

// Open waits until the program has ended.
func (e Editor) Open(ctx context.Context, file string) error {
	program := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi")
	cmd := exec.CommandContext(ctx, "sh", "-c", program+` "$@"`, program, file) // the user's own words, as git takes them
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.In, e.Out, e.Err
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("opening %s with %s: %w; choose another editor: export EDITOR=PROGRAM", file, program, err)
	}
	return nil
}
