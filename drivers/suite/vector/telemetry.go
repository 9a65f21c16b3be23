package vector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"assay/drivers"
)

const (
	collectorVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"
	exportTimeout     = 5 * time.Second
	mostUntold        = 1 << 16 // requests
)

// telemetry tells a collector about every request, in the names of OpenLIT, so that its users' dashboards show them. Nil
// tells nobody.
type telemetry struct {
	requests metric.Int64Counter
	duration metric.Float64Histogram
	http     metric.Float64Histogram
	tracer   trace.Tracer
	about    map[string]attribute.Set // by operation
	client   []attribute.KeyValue     // of all of them
	stop     []func(context.Context) error
	queue    chan observation
	told     chan struct{} // closed when the queue is empty for good
	lost     lost
}

// observation is one request that has ended, with its status unless it had no answer.
type observation struct {
	operation string
	sent      time.Time
	took      time.Duration
	status    int
	failed    string
}

// lost counts what could not be told.
type lost struct {
	mu    sync.Mutex
	times int
	last  error
}

// Handle implements otel.ErrorHandler: the default writes a line to the log for every attempt.
func (l *lost) Handle(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.times, l.last = l.times+1, err
}

// newTelemetry is nil unless the environment names a collector. An exporter that cannot reach it loses what it has, not
// the run.
func newTelemetry(ctx context.Context, req drivers.SuiteRequest) (*telemetry, error) {
	if os.Getenv(collectorVariable) == "" {
		return nil, nil
	}
	metrics, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithTimeout(exportTimeout))
	if err != nil {
		return nil, err
	}
	spans, err := otlptracehttp.New(ctx, otlptracehttp.WithTimeout(exportTimeout))
	if err != nil {
		return nil, err
	}
	about := resource.NewSchemaless(attribute.String("telemetry.sdk.name", "openlit"), attribute.String("service.name", req.Benchmark),
		attribute.String("deployment.environment", req.Experiment))
	m := sdkmetric.NewMeterProvider(sdkmetric.WithResource(about), sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metrics,
		sdkmetric.WithInterval(5*time.Second), sdkmetric.WithTimeout(exportTimeout))))
	s := sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(spans, sdktrace.WithExportTimeout(exportTimeout)))
	t := &telemetry{tracer: s.Tracer("assay"), about: map[string]attribute.Set{}, client: attributes(req), stop: []func(context.Context) error{m.Shutdown, s.Shutdown}}
	for _, operation := range []string{insert, get, create} {
		t.about[operation] = attribute.NewSet(append(attributes(req), attribute.String("db.operation.name", operation))...)
	}
	if err := t.instruments(m.Meter("assay")); err != nil {
		return nil, err
	}
	otel.SetErrorHandler(&t.lost)
	t.queue, t.told = make(chan observation, mostUntold), make(chan struct{})
	go func() {
		defer close(t.told)
		for o := range t.queue {
			t.tell(o)
		}
	}()
	return t, nil
}

func (t *telemetry) instruments(m metric.Meter) (err error) {
	if t.requests, err = m.Int64Counter("db.total.requests", metric.WithDescription("Requests to the vector database")); err != nil {
		return err
	}
	t.duration, err = m.Float64Histogram("db.client.operation.duration", metric.WithUnit("s"), metric.WithDescription("Duration of requests to the vector database"),
		metric.WithExplicitBucketBoundaries(.001, .005, .01, .05, .1, .5, 1, 5, 10))
	if err != nil {
		return err
	}
	t.http, err = m.Float64Histogram("http.client.request.duration", metric.WithUnit("s"), metric.WithDescription("Duration of HTTP requests"),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10))
	return err
}

// attributes are OpenLIT's, and those by which our own dashboards choose.
func attributes(req drivers.SuiteRequest) []attribute.KeyValue {
	node, _ := os.Hostname()
	out := []attribute.KeyValue{attribute.String("db.system.name", "chroma"), attribute.String("telemetry.sdk.name", "openlit"),
		attribute.String("service.name", req.Benchmark), attribute.String("deployment.environment", req.Experiment),
		attribute.String("experiment", req.Experiment), attribute.String("service", req.Target), attribute.String("node", node)}
	u, err := url.Parse(req.Endpoints[0])
	if err != nil {
		return out // it was reached by it, so it is one
	}
	port, _ := strconv.Atoi(u.Port())
	host := u.Host
	if h, _, err := net.SplitHostPort(u.Host); err == nil {
		host = h
	}
	return append(out, attribute.String("server.address", host), attribute.Int("server.port", port))
}

// observe takes one request down, in no time: making a span takes as long as the client's part of a short query.
func (t *telemetry) observe(o observation) {
	if t == nil {
		return
	}
	select {
	case t.queue <- o:
	default:
		t.lost.Handle(errors.New("there are more requests than can be told"))
	}
}

func (t *telemetry) tell(o observation) {
	ctx, about := context.Background(), t.about[o.operation]
	set := metric.WithAttributeSet(about)
	t.requests.Add(ctx, 1, set)
	t.duration.Record(ctx, o.took.Seconds(), set)
	t.http.Record(ctx, o.took.Seconds(), metric.WithAttributes(t.client...), metric.WithAttributes(outcome(o.status, o.failed)))
	_, span := t.tracer.Start(ctx, "chroma "+o.operation, trace.WithTimestamp(o.sent), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(about.ToSlice()...))
	if o.failed != "" {
		span.SetStatus(codes.Error, o.failed)
	}
	span.End(trace.WithTimestamp(o.sent.Add(o.took)))
}

func outcome(status int, failed string) attribute.KeyValue {
	if status == 0 {
		return attribute.String("error.type", failed)
	}
	return attribute.Int("http.response.status_code", status)
}

// close sends what is left; nothing may be observed after it. Its error says that the collector did not take all: no failure of the run.
func (t *telemetry) close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*exportTimeout)
	defer cancel()
	close(t.queue)
	select {
	case <-t.told:
	case <-ctx.Done():
	}
	for _, stop := range t.stop {
		if err := stop(ctx); err != nil {
			t.lost.Handle(err)
		}
	}
	t.lost.mu.Lock()
	defer t.lost.mu.Unlock()
	if t.lost.times == 0 {
		return nil
	}
	return fmt.Errorf("the collector did not take what it was sent, %d times: %w", t.lost.times, t.lost.last)
}
