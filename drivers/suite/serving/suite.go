package serving

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/coordinator"
	"assay/drivers/suite/selfwatch"
)

// Suite implements drivers.Suite.
type Suite struct {
	Srun   string                                 // starts the clients of the other nodes; default: the command of that name
	Redact func(secrets ...string) suite.Redactor // as in suite.Suites, for vLLM's result file, which holds what the server said
}

// Run measures the server that req names. It returns an error when there is no honest result: the server cannot be
// reached, does not serve the model, or does not enforce the constraint.
func (s Suite) Run(ctx context.Context, req drivers.SuiteRequest, dir string, progress func(string)) (drivers.SuiteResult, error) {
	if err := check(req); err != nil {
		return drivers.SuiteResult{}, err
	}
	r, err := newRunner(req, progress)
	if err != nil {
		return drivers.SuiteResult{}, err
	}
	defer r.client.close()
	if s.Redact != nil {
		r.safe = s.Redact(append(r.hidden, r.client.token)...)
	}
	r.overlap = suite.NewOverlap(req, dir)
	if err := r.recall(dir); err != nil {
		return drivers.SuiteResult{}, err
	}
	if err := r.probe(ctx); err != nil {
		return drivers.SuiteResult{}, err
	}
	r.repeat()
	if err := r.warmUp(ctx); err != nil {
		return drivers.SuiteResult{}, err
	}
	b := newBook(dir)
	b.spool.name = answersFile
	defer b.close()
	r.digest = newDigest(r, dir, b)
	defer r.digest.close()
	measure := r.measure
	if req.Nodes > 1 {
		measure = func(ctx context.Context, b *book) error {
			return r.measureOnNodes(ctx, b, coordinator.Options{Dir: dir, Others: req.Nodes - 1, Srun: s.Srun})
		}
	}
	err = measure(ctx, b)
	r.stopWatching()
	if err = errors.Join(err, r.overlap.End()); err != nil {
		return drivers.SuiteResult{}, errors.Join(err, r.partial(ctx, dir, b))
	}
	r.cached = r.repeatPrompt(ctx, b.len())
	return r.conclude(ctx, dir)
}

// check refuses a request without the manifest's defaults.
func check(req drivers.SuiteRequest) error {
	v := req.Serving
	switch {
	case v == nil:
		return fmt.Errorf("the request of benchmark %q has no serving part", req.Benchmark)
	case req.Model == "":
		return fmt.Errorf("service %q declares no model; write vllm.model", req.Target)
	case v.Prompts < 1 || v.OutputTokens < 1 && v.Dataset != "sharegpt" || v.RequestTimeout <= 0 || v.Burstiness <= 0:
		return fmt.Errorf("benchmark %q needs prompts, outputTokens, requestTimeout and burstiness above 0, but has %d, %d, %s and %g",
			req.Benchmark, v.Prompts, v.OutputTokens, v.RequestTimeout, v.Burstiness)
	}
	if v.Duration > 0 && v.Rate.Inf() && v.Concurrency == 0 {
		return fmt.Errorf("benchmark %q has a duration, but neither rate nor concurrency, so that all its requests would go at once: write one of them", req.Benchmark)
	}
	return nil
}

// runner is the state of one run.
type runner struct {
	req      drivers.SuiteRequest
	spec     *v1alpha1.Serving
	progress func(string)
	data     *dataset
	scorer   *scorer
	client   *client
	payload  payload
	server   server
	part     part
	open     bool               // the run has a schedule
	self     []selfwatch.Report // of each node
	nodes    clientNodes
	overlap  *suite.Overlap
	safe     suite.Redactor
	untold   atomic.Bool        // the server has no /tokenize
	hidden   []string           // values of secret headers
	cached   *repeated          // how a repeated prompt was answered; nil: not measured
	before   suite.Anchor       // both clocks, before the first request
	after    suite.Anchor       // and after the last answer
	sent     bodies             // what was made to be sent
	files    []drivers.DataFile // of the data set
	was      *drivers.Inputs    // of the run whose requests are sent again; nil: there is none
	watched  func() scrapes     // ends the reading of the servers' metrics
	digest   *digest            // of the samples; nil on a node that hands them on
}

func newRunner(req drivers.SuiteRequest, progress func(string)) (*runner, error) {
	v := req.Serving
	d, err := openDataset(v, req.Seed)
	if err != nil {
		return nil, err
	}
	d.tag = fmt.Sprintf("[%08x] ", rand.Uint32())
	sc, err := newScorer(d)
	if err != nil {
		return nil, err
	}
	if v.Dataset == "timed-trace" && v.Prompts > len(d.entries) {
		whole := *v
		whole.Prompts = len(d.entries)
		v = &whole
	}
	r := &runner{
		part: part{of: 1}, safe: suite.Plain{}, req: req, spec: v, progress: progress, data: d, scorer: sc,
		client:  newClient(req.Endpoints, v.RequestTimeout.Std(), connections(v), d.longest(v)),
		payload: newPayload(req.Model, v),
	}
	r.client.run = req.Run
	if r.client.token, err = drivers.ReadToken(req.TokenFile); err != nil {
		return nil, err
	}
	r.client.headers, r.hidden, err = headersOf(req)
	return r, err
}

// connections is how many connections are opened beforehand: the bound on concurrency, or what arrives within ten
// seconds, or one for each request; at most 1024.
func connections(v *v1alpha1.Serving) int {
	n := min(v.Prompts, 1024)
	if !v.Rate.Inf() {
		n = min(n, int(math.Ceil(min(float64(v.Rate)*10, 1024))))
	}
	if v.Concurrency > 0 {
		n = min(n, v.Concurrency)
	}
	return n
}

func (r *runner) ratio() float64 {
	if r.spec.StructuredRatio == nil {
		return 1
	}
	return *r.spec.StructuredRatio
}

func (r *runner) probe(ctx context.Context) error {
	r.progress("probing the server")
	var err error
	if r.server, err = r.client.identify(ctx, r.req.Model); err != nil {
		return err
	}
	if r.data.free {
		return r.calibrate(ctx)
	}
	if r.ratio() == 0 {
		return nil
	}
	r.progress("checking that constraints are enforced")
	r.server.dialect, err = r.client.findDialect(ctx, r.payload, r.data, r.server, suite.Rand(r.req.Seed, "canary"))
	r.payload.dialect = r.server.dialect
	return err
}

// warmUp sends the warm-ups, which are not measured. It fails when all of them fail.
func (r *runner) warmUp(ctx context.Context) error {
	if r.spec.Warmups == 0 {
		return ctx.Err()
	}
	r.progress(fmt.Sprintf("sending %d warm-ups", r.spec.Warmups))
	samples, bodies := make([]sample, r.spec.Warmups), make([][]byte, r.spec.Warmups)
	for i := range samples {
		samples[i] = sample{index: -1 - i, structured: r.ratio() > 0}
		var err error
		if bodies[i], err = r.body(&samples[i]); err != nil {
			return err
		}
	}
	send, all := r.sender(ctx), requests{len(samples), func(k int) *sample { return &samples[k] }}
	closedLoop(ctx, all, pace{bound: connections(r.spec)}, r.client.now, func(k int, s *sample) { send(s, bodies[k]) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if i := slices.IndexFunc(samples, func(s sample) bool { return s.failure == nil }); i < 0 {
		return fmt.Errorf("all %d warm-ups failed, the first with: %w", len(samples), samples[0].failure)
	}
	return nil
}

// conclude makes the result and writes the run's files.
func (r *runner) conclude(ctx context.Context, dir string) (drivers.SuiteResult, error) {
	r.progress("scoring the answers")
	if err := r.digest.finish(); err != nil {
		return drivers.SuiteResult{}, err
	}
	if r.digest.len() == 0 {
		return drivers.SuiteResult{}, errors.New("no request was sent")
	}
	samples := make(chan error, 1)
	go func() { samples <- r.digest.writeSamples() }() // it waits for the disk
	sum, res, err := r.result(ctx)
	now := time.Now()
	name := vllmFile(r.req.Model, r.spec, now)
	if err == nil {
		err = writeVLLM(dir, name, r.vllm(sum, res.Simulated, now), r.digest.lists)
	}
	if err = errors.Join(err, <-samples); err != nil {
		return res, err
	}
	r.overlap.Report(&res)
	res.Files = []string{name, samplesFile, CSVFile}
	return res, nil
}

// result makes the result of what the digest has taken.
func (r *runner) result(ctx context.Context) (*summary, drivers.SuiteResult, error) {
	sum, done := &r.digest.sum, r.digest.work
	if err := sum.failures.Unanswered(sum.completed, r.client.endpoints); err != nil {
		return nil, drivers.SuiteResult{}, err
	}
	faults, notes := sum.reasons()
	metrics := sum.metrics(r.open)
	mine, own := selfCheck(r.self, sum, r.open, metrics)
	faults, notes = append(faults, mine...), append(notes, own...)
	err := r.checkWork(ctx, sum, done)
	faults, notes = append(faults, done.faults...), append(notes, done.notes...)
	done.report(metrics)
	sum.goodput(metrics, r.spec.Goodput)
	sum.stages(metrics, r.spec.Stages)
	load, failed := sum.judgeLoad(metrics, r.spec, r.open)
	notes = append(notes, load...)
	r.nodes.report(metrics)
	res := drivers.SuiteResult{
		Simulated: r.req.Simulated || r.server.simulated,
		Metrics:   metrics, Valid: len(faults) == 0, Reasons: append(faults, notes...),
		Versions: map[string]string{"client": r.client.name, "request": r.payload.described(), "lengths": done.lengths, "prefix_cache": "every prompt begins with a mark of its run, so nothing of another run is found in the server's cache"},
	}
	r.window(&res, sum.from, sum.to)
	r.note(&res)
	if r.nodes.names != nil {
		res.Versions["client_nodes"], res.Clients = strings.Join(r.nodes.names, ","), r.nodes.machines
	}
	if r.server.version != "" {
		res.Versions["server"] = r.server.version
	}
	if r.server.dialect != "" {
		res.Versions["constraint_dialect"] = string(r.server.dialect)
	}
	if r.client.ends.seen.Load() {
		res.Versions["connections"] = "one for each request: the server closes them behind its answers"
	}
	res.Objective = sum.objective(r.req.Objective, res.Reasons, faults, metrics)
	return sum, res, errors.Join(err, failed, sum.rows.failure, sum.rows.ends.failure)
}
