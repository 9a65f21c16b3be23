package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"assay/reconciler/store"
)

func logsCmd(a *app) *cobra.Command {
	var follow bool
	var tail int
	var save string
	c := &cobra.Command{
		Use:   "logs SERVICE|SERVICE.COMPONENT|RUN|JOB|node/NAME, or: logs --save FILE.tar.gz [EXPERIMENT]",
		Short: "Print the logs of a service, a run, a job or a node, or archive all of them",
		Long: `logs prints the newest log of each server of a service, also of jobs that have ended; SERVICE.COMPONENT is one server of
a service that has several. JOB is a job's id, and node/NAME is a node: everything that its jobs log.
A name may be preceded by its experiment: EXPERIMENT/SERVICE.

--save writes an archive instead: logs, states, results, events and revisions of one experiment or of all. Values of
stored secrets, and of settings that look like one, are replaced by [REDACTED].`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			if save != "" {
				if follow || tail >= 0 {
					return exitError{exitUsage, errors.New("--save archives whole logs: leave --follow and --tail out")}
				}
				return a.saveLogs(c.Context(), save, append(pos, "")[0])
			}
			if len(pos) == 0 {
				return exitError{exitUsage, errors.New("logs of what? What there is: assay get services, assay get runs")}
			}
			st, _, err := a.current()
			if err != nil {
				return err
			}
			p := &printer{a: a, st: st, name: pos[0], offsets: map[string]int64{}}
			return p.print(c.Context(), tail, follow)
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on printing as the logs grow, also those of later jobs")
	c.Flags().IntVar(&tail, "tail", -1, "only the last lines (-1: all)")
	c.Flags().StringVar(&save, "save", "", "write an archive of logs and records, without secrets, to this file")
	return c
}

const (
	followEvery = 500 * time.Millisecond
	lookAgain   = 4 // looks for new files at every so many ticks: that reads the attempts
)

// printer prints the logs of one object.
type printer struct {
	a       *app
	st      *store.Store
	name    string
	offsets map[string]int64 // by file: what was printed
	last    string           // the file that was printed last
}

func (p *printer) print(ctx context.Context, tail int, follow bool) error {
	files, err := logFiles(p.st, p.name)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		if !follow {
			return fmt.Errorf("%s has no log yet; wait for it with: assay logs -f %s", p.name, p.name)
		}
		p.a.say("%s has no log yet; waiting.", p.name)
	}
	for _, f := range files {
		if len(files) > 1 {
			p.a.say("==> %s", f)
		}
		if p.offsets[f], err = p.a.printFrom(f, tail); err != nil {
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
func (p *printer) follow(ctx context.Context, files []string) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if n%lookAgain == 0 {
			now, err := logFiles(p.st, p.name)
			if err != nil && !errors.Is(err, errNoSuchLog) { // deleted meanwhile: what is there stays readable
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
func (p *printer) more(file string) error {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() <= p.offsets[file] {
		return nil // cleaned away, or quiet
	}
	if err != nil {
		return logError(file, err)
	}
	if p.last != file {
		p.a.say("==> %s", file)
		p.last = file
	}
	p.offsets[file], err = p.a.copyFrom(file, p.offsets[file])
	return err
}

// tailWindow bounds what --tail reads of a large log.
const tailWindow = 4 << 20

// printFrom prints a file or its last lines, and returns where it ended.
func (a *app) printFrom(path string, tail int) (int64, error) {
	if tail < 0 {
		return a.copyFrom(path, 0)
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, logError(path, err)
	}
	defer f.Close()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, logError(path, err)
	}
	buf := make([]byte, min(end, tailWindow))
	if _, err := f.ReadAt(buf, end-int64(len(buf))); err != nil && !errors.Is(err, io.EOF) {
		return 0, logError(path, err)
	}
	lines := bytes.SplitAfter(buf, []byte("\n"))
	if n := len(lines); n > 0 && len(lines[n-1]) == 0 {
		lines = lines[:n-1]
	}
	for _, l := range lines[max(0, len(lines)-tail):] {
		if _, err := a.out.Write(l); err != nil {
			return 0, err
		}
	}
	return end, nil
}

func (a *app) copyFrom(path string, offset int64) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, logError(path, err)
	}
	defer f.Close()
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return 0, logError(path, err)
	}
	n, err := io.Copy(a.out, f)
	return offset + n, err
}

func logError(path string, err error) error {
	return fmt.Errorf("reading the log %s: %w", path, err)
}
