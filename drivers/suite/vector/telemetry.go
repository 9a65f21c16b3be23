package vector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
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
	"assay/drivers/suite"
)

const (
	collectorVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"
	exportTimeout     = 5 * time.Second
	queueLength       = 1 << 16 // requests that wait to be exported
)

// telemetry exports every request to an OpenTelemetry collector, under OpenLIT's names, so that dashboards made for OpenLIT
// show them. Nil exports nothing.
type telemetry struct {
	requests metric.Int64Counter
	duration metric.Float64Histogram
	http     metric.Float64Histogram
	tracer   trace.Tracer
	about    map[string]attribute.Set // by operation
	client   []attribute.KeyValue     // of all of them
	stop     []func(context.Context) error
	queue    chan observation
	drained  chan struct{} // closed when the queue is closed and empty
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

// lost counts the requests and batches that were not exported.
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

// newTelemetry returns nil unless the environment names a collector. An exporter that cannot reach the collector loses its
// data; the run goes on.
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
	t.queue, t.drained = make(chan observation, queueLength), make(chan struct{})
	go func() {
		defer close(t.drained)
		for o := range t.queue {
			t.export(o)
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

// attributes are OpenLIT's, and those that assay's own dashboards select by.
func attributes(req drivers.SuiteRequest) []attribute.KeyValue {
	node, _ := os.Hostname()
	out := []attribute.KeyValue{attribute.String("db.system.name", "chroma"), attribute.String("telemetry.sdk.name", "openlit"),
		attribute.String("service.name", req.Benchmark), attribute.String("deployment.environment", req.Experiment),
		attribute.String("experiment", req.Experiment), attribute.String("service", req.Target), attribute.String("node", node)}
	u, err := url.Parse(req.Endpoints[0])
	if err != nil {
		return out // cannot happen: the server was reached under it
	}
	port, _ := strconv.Atoi(u.Port())
	host := u.Host
	if h, _, err := net.SplitHostPort(u.Host); err == nil {
		host = h
	}
	return append(out, attribute.String("server.address", host), attribute.Int("server.port", port))
}

// observe queues one request for export. It takes almost no time; making a span takes as long as the client's part of a
// short query, and is done elsewhere.
func (t *telemetry) observe(o observation) {
	if t == nil {
		return
	}
	select {
	case t.queue <- o:
	default:
		t.lost.Handle(errors.New("there are more requests than can be exported"))
	}
}

// export makes the metrics and the span of one request.
func (t *telemetry) export(o observation) {
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
	if status/100 == 2 { // few clients see another one than 200 and 201
		status = min(status, 206)
	} else if kind := suite.StatusKind(status); kind != fmt.Sprintf("http_%d", status) {
		return attribute.String("http.response.status_code", strings.TrimPrefix(kind, "http_"))
	}
	return attribute.Int("http.response.status_code", status)
}

// close exports what is left; call observe no more after it. An error means that data was lost; the run itself is valid.
func (t *telemetry) close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*exportTimeout)
	defer cancel()
	close(t.queue)
	select {
	case <-t.drained:
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
	return fmt.Errorf("the collector did not accept what was exported, %d times: %w", t.lost.times, t.lost.last)
}
