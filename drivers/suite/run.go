package suite

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// Suites are the implementations that Run chooses from.
type Suites struct {
	Serving drivers.Suite
	Vector  drivers.Suite
	Storage drivers.Suite
	// Redact makes what keeps the secrets of a run, and what only looks like one, out of its result. Nil: nothing does.
	Redact func(secrets ...string) Redactor
}

// Redactor cleans what servers and programs said.
type Redactor interface {
	Message(text string) string // as it may be stored and shown: without secrets and controls of a terminal
	Hide(text string) string    // without the secrets, and otherwise as it is
}

// Plain is the Redactor that leaves everything as it is.
type Plain struct{}

// Message returns text.
func (Plain) Message(text string) string { return text }

// Hide returns text.
func (Plain) Hide(text string) string { return text }

// redactor is that of a run, which knows the key of its target and the secrets of its headers. One that cannot be read is the
// suite's error.
func (s Suites) redactor(req drivers.SuiteRequest) Redactor {
	if s.Redact == nil {
		return Plain{}
	}
	var secrets []string
	for _, file := range req.Secrets() {
		secret, _ := drivers.ReadToken(file)
		secrets = append(secrets, secret)
	}
	return s.Redact(secrets...)
}

// cleaned is an error with the message that may be shown of it.
type cleaned struct {
	text string
	err  error
}

func (c cleaned) Error() string { return c.text }
func (c cleaned) Unwrap() error { return c.err }

// clean takes secrets out of everything in a result that a server said.
func clean(r Redactor, res *drivers.SuiteResult) {
	res.Error = r.Message(res.Error)
	for i := range res.Reasons {
		res.Reasons[i].Message = r.Message(res.Reasons[i].Message)
	}
	for name, why := range res.Absent {
		res.Absent[name] = r.Message(why)
	}
	for name, v := range res.Versions {
		res.Versions[name] = r.Message(v)
	}
}

// Run executes the run of directory dir and leaves result.json there, on failure too, but not when ctx ended first.
// version is assay's own. Meanwhile the last line of the progress file says how far it is.
func Run(ctx context.Context, dir, version string, suites Suites) error {
	started := time.Now()
	req, res, err := execute(ctx, dir, suites)
	safe := suites.redactor(req)
	if err != nil {
		err = cleaned{safe.Message(err.Error()), err}
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("run %s was interrupted; it has no result: %w", req.Run, ctx.Err())
	}
	if err == nil {
		err = finite(res.Metrics)
	}
	if err != nil {
		res = drivers.SuiteResult{Error: err.Error(), Lost: lostBy(err), Simulated: res.Simulated || req.Simulated, Versions: res.Versions}
	}
	res.Run, res.Started, res.Ended = req.Run, started, time.Now()
	if note, was := clockStepped(res.Window); was {
		res.Reasons = append(res.Reasons, note)
	}
	res.Final = err == nil && !res.Valid && slices.ContainsFunc(res.Reasons, final)
	if res.Metrics == nil {
		res.Metrics = map[string]float64{}
	}
	if res.Versions == nil {
		res.Versions = map[string]string{}
	}
	clean(safe, &res)
	res.Versions["assay"] = version
	res.Host = host()
	if own := ThisNode(); len(res.Clients) == 0 || res.Clients[0].Name != own.Name {
		res.Clients = slices.Insert(res.Clients, 0, own)
	}
	if werr := (durable.Writer{}).ReplaceRecord(filepath.Join(dir, drivers.ResultFile), res, nil); werr != nil {
		werr = &drivers.Lost{Word: cmp.Or(drivers.LostBy(werr), drivers.LostFileSystem), Err: werr} // nothing that a suite judges
		return fmt.Errorf("run %s: writing its result: %w", req.Run, werr)
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", req.Run, err)
	}
	return nil
}

// Workers are the implementations that Work chooses from: what runs on the other nodes of a run that has several.
type Workers struct {
	Serving, Storage func(ctx context.Context, dir string) error
}

// Work does the share of one more node of the run of directory dir.
func Work(ctx context.Context, dir string, w Workers) error {
	req, err := readRequest(dir)
	if err != nil {
		return err
	}
	if req.Serving != nil {
		return w.Serving(ctx, dir)
	}
	return w.Storage(ctx, dir)
}

func execute(ctx context.Context, dir string, suites Suites) (drivers.SuiteRequest, drivers.SuiteResult, error) {
	req, err := readRequest(dir)
	if err != nil {
		return drivers.SuiteRequest{Run: filepath.Base(dir)}, drivers.SuiteResult{}, err
	}
	s, err := suites.pick(req)
	if err != nil {
		return req, drivers.SuiteResult{}, err
	}
	p, err := os.OpenFile(filepath.Join(dir, drivers.ProgressFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return req, drivers.SuiteResult{}, fmt.Errorf("opening the progress file: %w", err)
	}
	defer p.Close()
	safe := suites.redactor(req)
	progress := func(line string) { _, _ = p.WriteString(safe.Message(line) + "\n") } // a full disk is noticed when the result is written
	meters := startMeters(ctx, req)
	defer meters.stop()
	res, err := s.Run(ctx, req, dir, progress)
	if err == nil {
		meters.report(ctx, &res)
	}
	return req, res, err
}

func readRequest(dir string) (drivers.SuiteRequest, error) {
	var req drivers.SuiteRequest
	if err := durable.ReadRecord(filepath.Join(dir, drivers.RequestFile), &req); err != nil {
		return req, fmt.Errorf("reading the request: %w", err)
	}
	return req, nil
}

func (s Suites) pick(req drivers.SuiteRequest) (drivers.Suite, error) {
	var named []drivers.Suite
	if req.Serving != nil {
		named = append(named, s.Serving)
	}
	if req.Vector != nil {
		named = append(named, s.Vector)
	}
	if req.Storage != nil {
		named = append(named, s.Storage)
	}
	switch {
	case len(named) != 1 || named[0] == nil:
		return nil, fmt.Errorf("the request of benchmark %q must name exactly one of serving, vector and storage", req.Benchmark)
	case req.Storage != nil && req.Directory == "":
		return nil, fmt.Errorf("the request names no directory of service %q", req.Target)
	case req.Storage == nil && len(req.Endpoints) == 0:
		return nil, fmt.Errorf("the request names no endpoint of service %q", req.Target)
	}
	return named[0], nil
}

// finite refuses values that JSON cannot hold.
func finite(metrics map[string]float64) error {
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		if v := metrics[name]; math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("metric %s came out as %v: this is a bug in the suite", name, v)
		}
	}
	return nil
}

func host() map[string]string {
	name, _ := os.Hostname()
	return map[string]string{
		"node": name, "cpus": strconv.Itoa(runtime.GOMAXPROCS(0)), "platform": runtime.GOOS + "/" + runtime.GOARCH,
		"go": runtime.Version(),
	}
}
