package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	clientprom "github.com/prometheus/client_golang/prometheus"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"assay/drivers"
	"assay/drivers/listen"
)

// The scrape pools: agents are asked with their token, which nobody else is given. All samples have the same job.
const (
	pool   = "assay"
	agents = "assay-agents"
)

// What one expression may cost, and how many are evaluated at a time: about 0.5 GiB in all.
const (
	queryTimeout = 30 * time.Second
	maxSamples   = 2_000_000
	maxQueries   = 4
)

// Options of the embedded server.
type Options struct {
	Dir      string        // TSDB folder, on a local disk
	Listen   string        // loopback address of the query API; port 0 picks one
	Interval time.Duration // between two scrapes of a target
	Retain   time.Duration // how long samples are kept
	Textfile string        // a file of metrics that is scraped too, such as the controller's own; empty: none
	Token    string        // file of the token that the query API asks for
	Scrape   string        // file of the token that agents, and Textfile, ask for; empty: none is scraped
	Log      *slog.Logger
}

// Embedded is a Prometheus inside this process.
type Embedded struct {
	o      Options
	db     *tsdb.DB
	churn  *churn
	scrape *scrape.Manager
	engine *promql.Engine
	sets   chan map[string][]*targetgroup.Group
	stop   context.CancelFunc
	http   *listen.Server
	turns  chan struct{} // one for each query that is being answered
	url    string
	lost   chan error // gets the cause when it stops by itself
}

// Start opens the TSDB, begins to scrape and serves the query API.
func Start(o Options) (*Embedded, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the embedded Prometheus: %w", err)
	}
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = o.Retain.Milliseconds()
	db, err := tsdb.Open(o.Dir, o.Log, clientprom.NewRegistry(), opts, nil)
	if err != nil {
		return nil, fmt.Errorf("opening the embedded Prometheus' database in %s (a folder on a local disk, used by one controller): %w", o.Dir, err)
	}
	e := &Embedded{o: o, db: db, churn: newChurn(db), sets: make(chan map[string][]*targetgroup.Group), turns: make(chan struct{}, maxQueries), lost: make(chan error, 2)}
	e.engine = promql.NewEngine(promql.EngineOpts{
		Logger: o.Log, Reg: clientprom.NewRegistry(), MaxSamples: maxSamples, Timeout: queryTimeout,
		LookbackDelta: 5 * time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
		Parser: parser.NewParser(parser.Options{}),
	})
	if err := e.startScraping(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := e.serve(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// startScraping runs the scrape manager on a configuration of one pool with honour_labels off.
func (e *Embedded) startScraping() error {
	m, err := scrape.NewManager(&scrape.Options{
		DiscoveryReloadInterval:  model.Duration(time.Second), // a new target is scraped within a second
		DiscoveryReloadOnStartup: true,
		HTTPClientOptions:        []promconfig.HTTPClientOption{promconfig.WithDialContextFunc(dial)},
	}, e.o.Log, nil, nil, e.churn, clientprom.NewRegistry())
	if err != nil {
		return fmt.Errorf("starting the embedded Prometheus' scraper: %w", err)
	}
	interval := model.Duration(e.o.Interval).String()
	scrape := func(job string) map[string]any {
		limited := drivers.ScrapeLimits()
		limited["job_name"], limited["scrape_interval"], limited["scrape_timeout"] = job, interval, interval
		limited["enable_http2"] = false // dial counts by requests
		return limited
	}
	scrapes := []any{scrape(pool)}
	if e.o.Scrape != "" {
		ofAgents := scrape(agents)
		ofAgents["authorization"] = map[string]any{"credentials_file": e.o.Scrape}
		ofAgents["relabel_configs"] = []any{map[string]any{"target_label": "job", "replacement": pool}}
		scrapes = append(scrapes, ofAgents)
	}
	text, err := json.Marshal(map[string]any{"scrape_configs": scrapes}) // JSON is YAML
	if err != nil {
		return fmt.Errorf("configuring the embedded Prometheus: %w", err)
	}
	cfg, err := config.Load(string(text), e.o.Log)
	if err != nil {
		return fmt.Errorf("configuring the embedded Prometheus: %w", err)
	}
	if err := m.ApplyConfig(cfg); err != nil {
		return fmt.Errorf("configuring the embedded Prometheus: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.scrape, e.stop = m, cancel
	go func() { <-ctx.Done(); m.Stop() }()
	go func() {
		if err := m.Run(e.sets); err != nil {
			e.lost <- fmt.Errorf("the embedded Prometheus stopped scraping: %w", err)
		}
	}()
	return nil
}

func (e *Embedded) serve() error {
	token, err := drivers.ReadToken(e.o.Token)
	if err != nil {
		return err
	}
	scrape, err := drivers.ReadToken(e.o.Scrape)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", e.o.Listen)
	if err != nil {
		return fmt.Errorf("serving the embedded Prometheus on %s: %w", e.o.Listen, err)
	}
	e.url = "http://" + l.Addr().String()
	// By its address only: a web page whose name leads to loopback is not answered.
	e.http = listen.HTTP{Handler: e.handler(token, scrape), Hosts: []string{"127.0.0.1", "::1", "localhost"}, Took: 3 * queryTimeout}.Serve(l)
	go func() {
		if err := <-e.http.Ended; !errors.Is(err, http.ErrServerClosed) {
			e.lost <- fmt.Errorf("the embedded Prometheus stopped answering: %w", err)
		}
	}()
	return nil
}

// URL is where the query API answers.
func (e *Embedded) URL() string { return e.url }

// Close stops answering and scraping and closes the database.
func (e *Embedded) Close() error {
	var errs []error
	if e.http != nil {
		errs = append(errs, e.http.Close())
	}
	e.stop()
	return errors.Join(append(errs, e.db.Close())...)
}

// SetTargets replaces what is scraped.
func (e *Embedded) SetTargets(ctx context.Context, targets []drivers.Target) error {
	if e.o.Textfile != "" {
		targets = append(slices.Clone(targets), drivers.Target{ID: "controller", URL: e.url + "/textfile", Agent: true})
	}
	groups := map[string][]*targetgroup.Group{pool: {}}
	if e.o.Scrape != "" {
		groups[agents] = []*targetgroup.Group{}
	}
	for _, t := range targets {
		set, err := labelSet(t)
		if err != nil {
			return err
		}
		in := pool
		if t.Agent && e.o.Scrape != "" {
			in = agents
		}
		groups[in] = append(groups[in], &targetgroup.Group{Source: t.ID, Targets: []model.LabelSet{set}})
	}
	select {
	case e.sets <- groups:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("handing %d targets to the embedded Prometheus: %w", len(targets), ctx.Err())
	}
}

func labelSet(t drivers.Target) (model.LabelSet, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, fmt.Errorf("scraping %s: %w", t.ID, err)
	}
	set := model.LabelSet{
		model.AddressLabel:     model.LabelValue(u.Host),
		model.SchemeLabel:      model.LabelValue(u.Scheme),
		model.MetricsPathLabel: model.LabelValue(u.Path),
		targetLabel:            model.LabelValue(t.ID),
	}
	for k, v := range t.Labels {
		set[model.LabelName(k)] = model.LabelValue(v)
	}
	return set, nil
}

// Health evaluates over the last three intervals, at least five seconds.
func (e *Embedded) Health(ctx context.Context) (map[string]drivers.Health, error) {
	out, err := health(ctx, e.instant, max(3*e.o.Interval, 5*time.Second))
	if err != nil {
		return nil, err
	}
	active := make(map[string]string)
	for _, t := range slices.Concat(e.scrape.TargetsActive()[pool], e.scrape.TargetsActive()[agents]) {
		lastErr := ""
		if err := t.LastError(); err != nil {
			lastErr = err.Error()
		}
		active[t.Labels(labels.NewBuilder(labels.EmptyLabels())).Get(targetLabel)] = lastErr
	}
	for id, h := range out {
		lastErr, ok := active[id]
		if !ok {
			delete(out, id) // left the list: nothing is known of it any more
			continue
		}
		h.Error = lastErr
		out[id] = h
	}
	return out, nil
}

func (e *Embedded) instant(ctx context.Context, expr string) (model.Vector, error) {
	q, err := e.engine.NewInstantQuery(ctx, storage.Queryable(e.db), nil, expr, time.Now())
	if err != nil {
		return nil, err
	}
	defer q.Close()
	vec, err := q.Exec(ctx).Vector()
	if err != nil {
		return nil, err
	}
	out := make(model.Vector, 0, len(vec))
	for _, s := range vec {
		m := model.Metric{}
		for name, value := range s.Metric.Map() {
			m[model.LabelName(name)] = model.LabelValue(value)
		}
		out = append(out, &model.Sample{Metric: m, Value: model.SampleValue(s.F), Timestamp: model.Time(s.T)})
	}
	return out, nil
}
