package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers"
)

func logsCmd(a *app) *cobra.Command {
	var follow bool
	var tail int
	c := &cobra.Command{
		Use:   "logs SERVICE|RUN",
		Short: "Print the log of a service or of a run",
		Long:  "logs prints the newest log of each seat of a service, or of a run. NAME is the object's name, or experiment/name.",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			files, err := a.logFiles(pos[0])
			if err != nil {
				return err
			}
			return a.printLogs(c.Context(), files, tail, follow)
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on printing as the log grows")
	c.Flags().IntVar(&tail, "tail", -1, "only the last lines (-1: all)")
	return c
}

// logFiles finds the logs of a service's seats, also of ended jobs, or of a run.
func (a *app) logFiles(name string) ([]string, error) {
	st, _, err := a.current()
	if err != nil {
		return nil, err
	}
	w, err := readWorld(st)
	if err != nil {
		return nil, err
	}
	for _, s := range w.statuses {
		for _, r := range s.Runs {
			if name == r.ID || name == s.Name+"/"+r.ID {
				return []string{filepath.Join(r.Dir, "suite.log")}, nil
			}
		}
	}
	attempts, err := st.Attempts()
	if err != nil {
		return nil, err
	}
	newest := map[drivers.Seat]string{} // the last attempt of a seat that left a log
	for _, at := range attempts {
		if at.Run != "" || name != at.Seat.Group && name != at.Experiment+"/"+at.Seat.Group {
			continue
		}
		dir := filepath.Join(st.JobDir(at.Seat, at.Nonce), drivers.LogDir)
		if file := newestLog(dir, at.Seat.Group); file != "" {
			newest[at.Seat] = file
		}
	}
	var files []string
	for _, f := range newest {
		files = append(files, f)
	}
	slices.Sort(files)
	if len(files) == 0 {
		return nil, fmt.Errorf("no log of %q; what there is: assay get services, assay get runs", name)
	}
	return files, nil
}

// newestLog is the service's newest log in a job directory, else the job's own output.
func newestLog(dir, service string) string {
	best, bestTime := "", time.Time{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, want := range []string{service + ".", ""} {
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() || !strings.HasPrefix(e.Name(), want) {
				continue
			}
			if t := info.ModTime(); t.After(bestTime) {
				best, bestTime = filepath.Join(dir, e.Name()), t
			}
		}
		if best != "" {
			break
		}
	}
	return best
}

func (a *app) printLogs(ctx context.Context, files []string, tail int, follow bool) error {
	offsets := make([]int64, len(files))
	for i, f := range files {
		if len(files) > 1 {
			a.say("==> %s", f)
		}
		n, err := a.printFrom(f, tail)
		if err != nil {
			return err
		}
		offsets[i] = n
	}
	if !follow {
		return nil
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		for i, f := range files {
			n, err := a.copyFrom(f, offsets[i])
			if err != nil {
				return err
			}
			offsets[i] = n
		}
	}
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
