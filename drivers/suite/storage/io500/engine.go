package io500

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite"
	"assay/drivers/suite/storage"
)

// Names in the run's directory. The program's own results are below results, in a folder named after the run.
const (
	iniFile    = "io500.ini"
	outFile    = "io500.out"
	errFile    = "io500.err"
	layoutFile = "layout.txt"
	results    = "io500"
)

// Engine implements drivers.Suite. Srun starts the program inside a job; default: the command of that name.
type Engine struct{ Srun string }

// Run measures req.Directory.
func (e Engine) Run(ctx context.Context, req drivers.SuiteRequest, dir string, progress func(string)) (drivers.SuiteResult, error) {
	s := *req.Storage
	limits, err := storage.Preflight(ctx, req.Directory, s)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	progress("asking the program for its settings")
	l, err := newLauncher(ctx, s, cmp.Or(e.Srun, "srun"))
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	list, err := l.list(ctx)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	tree, err := storage.MakeTree(req, dir)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	res, err := runIn(ctx, l, list, limits, req, dir, tree.Root, progress)
	progress("removing what was written")
	left, gone := tree.Remove()
	if err = errors.Join(err, gone); err != nil {
		return res, err
	}
	res.Metrics["files_left_by_io500"] = float64(left) // before they were removed
	return res, nil
}

const maxPrinted = 64 << 20 // bytes of a file that io500 writes

// runIn measures in the run's own directory, data.
func runIn(ctx context.Context, l *launcher, list string, limits storage.Limits, req drivers.SuiteRequest, dir, data string, progress func(string)) (drivers.SuiteResult, error) {
	ini, err := write(settings(*req.Storage, limits, data, filepath.Join(dir, results)), known(list))
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	if err := (durable.Writer{}).Replace(filepath.Join(dir, iniFile), []byte(ini), nil); err != nil {
		return drivers.SuiteResult{}, err
	}
	var notes []drivers.Reason
	if storage.IsLustre(data) {
		notes = layout(ctx, data, req.Run, filepath.Join(dir, layoutFile))
	}
	res, err := measure(ctx, l, req, dir, progress)
	res.Reasons = append(res.Reasons, notes...)
	return res, err
}

// measure runs the program to its end and reads its results.
func measure(ctx context.Context, l *launcher, req drivers.SuiteRequest, dir string, progress func(string)) (drivers.SuiteResult, error) {
	folder := filepath.Join(dir, results, req.Run)
	watch := suite.NewStopwatch()
	end := watch.Start("")
	status, err := execute(ctx, l, req, dir, folder, progress)
	end()
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	out, err := durable.Read(filepath.Join(dir, outFile), maxPrinted)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	text, err := durable.Read(filepath.Join(folder, "result.txt"), maxPrinted)
	if err != nil && status == nil {
		return drivers.SuiteResult{}, fmt.Errorf("io500 ended well but left no result: %w", err)
	}
	r, printed := parseRecord(string(text)), parseOutput(string(out))
	if status != nil {
		stderr, _ := durable.Read(filepath.Join(dir, errFile), maxPrinted) // only for the message
		err := fmt.Errorf("io500 failed in %s: %w: %s; see %s", r.at(), status, tail(string(out)+"\n"+string(stderr)), filepath.Join(dir, errFile))
		if n := len(printed.headers); n > 1 { // they disturbed each other
			err = fmt.Errorf("%d %s: %w", n, split, err)
		}
		return drivers.SuiteResult{}, err
	}
	j := judge(*req.Storage, printed, r, complaints(folder))
	res := drivers.SuiteResult{Metrics: storage.Metrics(values(printed)), Valid: len(j.faults) == 0, Reasons: append(j.faults, j.notes...), Window: watch.Window(),
		Versions: map[string]string{"io500": r.values["run"]["version"], "mpi": cmp.Or(l.which, l.mpi)}}
	extras(res.Metrics, printed, r)
	res.Metrics["nodes"], res.Metrics["tasks"] = float64(req.Storage.Nodes), float64(req.Storage.Nodes*req.Storage.TasksPerNode)
	res.Files, err = files(dir)
	return res, err
}

// corrupt matches the lines about wrong data in the file of a phase. With mdtest they are the only trace: io500 counts the
// phase as valid.
var corrupt = regexp.MustCompile(`(?m)^(?:ERROR: verifying|WARNING: Incorrect data).*`)

func complaints(folder string) (out []string) {
	for _, p := range storage.Phases {
		text, _ := durable.Read(filepath.Join(folder, p.Name+".txt"), maxPrinted) // a missing phase is found by other rules
		for _, line := range corrupt.FindAll(text, -1) {
			out = append(out, fmt.Sprintf("%s.txt says: %s", p.Name, line))
		}
	}
	return out
}

// extras adds the metrics that are not scored: the random read, the rates at the stonewall, the files that find saw.
func extras(m map[string]float64, printed summary, r record) {
	for _, v := range values(printed) {
		if v.Name == "ior-rnd4K-easy-read" {
			m["ior_rnd4k_easy_read_gibs"] = v.Value
		}
	}
	put := func(name, text string) {
		if v, err := strconv.ParseFloat(text, 64); err == nil && finite(v) {
			m[name] = v
		}
	}
	for _, p := range storage.Phases {
		at := r.values[p.Name]
		put(p.Metric()+"_at_stonewall", cmp.Or(at["throughput-stonewall"], at["rate-stonewall"]))
	}
	put("find_found", r.values["find"]["found"])
	put("find_files", r.values["find"]["total-files"])
}

// execute starts the program and waits for it. status is how it ended; err means that it could not be run, or was stopped.
func execute(ctx context.Context, l *launcher, req drivers.SuiteRequest, dir, folder string, progress func(string)) (status, err error) {
	out, err := os.OpenFile(filepath.Join(dir, outFile), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	errs, err := os.OpenFile(filepath.Join(dir, errFile), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer errs.Close()
	cmd := l.command(ctx, req.Storage.Nodes*req.Storage.TasksPerNode, filepath.Join(dir, iniFile), "--timestamp="+req.Run)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, errs
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting io500: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for last := ""; ; {
		select {
		case status = <-ended:
			return status, ctx.Err()
		case <-tick.C:
			text, err := durable.Read(filepath.Join(folder, "result.txt"), maxPrinted)
			if at := parseRecord(string(bytes.ToValidUTF8(text, nil))).at(); err == nil && at != last {
				progress(at)
				last = at
			}
		}
	}
}

// files lists what the run left, relative to dir.
func files(dir string) (out []string, err error) {
	out = []string{iniFile, outFile, errFile}
	err = filepath.WalkDir(filepath.Join(dir, results), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		out = append(out, name)
		return err
	})
	return out, err
}
