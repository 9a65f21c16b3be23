package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"assay/reconciler/store"
)

const (
	followEvery = 500 * time.Millisecond
	findEvery   = 4 // ticks between two searches for new files, which read all attempts
)

// Printer prints the logs of one object.
type Printer struct {
	Store    *store.Store
	Name     string                           // as Find takes it
	Previous bool                             // of a service: of the jobs before its last ones
	Out      io.Writer                        // the logs' bytes
	Note     func(format string, args ...any) // what is not part of a log: which file follows

	offsets map[string]int64 // by file: what was printed
	last    string           // the file that was printed last
}

// Print prints every log of the object, or only the last lines of each when tail is not negative. With follow it goes on
// until ctx ends, also with the logs of later jobs, and returns ctx's error.
func (p *Printer) Print(ctx context.Context, tail int, follow bool) error {
	p.offsets = map[string]int64{}
	files, err := Find(p.Store, p.Name, p.Previous)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		if p.Previous {
			return fmt.Errorf("%s has logs of no earlier job; those of the last: assay logs %s", p.Name, p.Name)
		}
		if !follow {
			return fmt.Errorf("%s has no log yet; wait for it with: assay logs -f %s", p.Name, p.Name)
		}
		p.Note("%s has no log yet; waiting.", p.Name)
	}
	for _, f := range files {
		if len(files) > 1 {
			p.Note("==> %s", f)
		}
		if p.offsets[f], err = printFrom(p.Out, f, tail); err != nil {
			return err
		}
		p.last = f
	}
	if !follow {
		return nil
	}
	return p.follow(ctx, files)
}

// follow prints what is added, and moves on to the logs of newer jobs.
func (p *Printer) follow(ctx context.Context, files []string) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if n%findEvery == 0 {
			now, err := Find(p.Store, p.Name, p.Previous)
			if err != nil && !errors.Is(err, ErrNone) { // deleted meanwhile: what is there stays readable
				return err
			}
			for _, f := range now {
				if !slices.Contains(files, f) {
					files = append(files, f)
				}
			}
		}
		for _, f := range files {
			if err := p.more(f); err != nil {
				return err
			}
		}
	}
}

// more prints what a file has gained, under its name when another one was printed last.
func (p *Printer) more(file string) error {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() <= p.offsets[file] {
		return nil // cleaned away, or quiet
	}
	if err != nil {
		return logError(file, err)
	}
	if p.last != file {
		p.Note("==> %s", file)
		p.last = file
	}
	p.offsets[file], err = copyFrom(p.Out, file, p.offsets[file])
	return err
}
