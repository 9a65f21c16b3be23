package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/procid"
	"assay/drivers/prometheus"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
)

// prometheusOf answers PromQL gates: from the site's Prometheus, from that of the running controller, or, when there is
// none, from the samples that the last one kept on this machine. Nothing is started before the first question; closed
// ends what was.
func (a *app) prometheusOf(st *store.Store, site v1alpha1.Site) (average resultset.Average, closed func()) {
	var client *prometheus.Client
	stop, check := func() {}, func() error { return nil }
	average = func(ctx context.Context, expression string, parts []drivers.Span) (float64, error) {
		if client == nil {
			found, now, end, err := a.anyPrometheus(st, site)
			if err != nil {
				return 0, err
			}
			client, check, stop = found, now, end
		}
		v, err := client.Average(ctx, expression, parts, scrapeEvery)
		return v, errors.Join(err, check()) // the controller can have ended meanwhile
	}
	return average, func() { stop() } // as it is by then
}

// errNoPrometheus means that nobody scrapes now.
var errNoPrometheus = errors.New("no Prometheus runs")

// livePrometheus asks the Prometheus that scrapes now, the site's or the controller's; errNoPrometheus when there is none. Check is
// nil as long as it is the one that was found.
func (a *app) livePrometheus(st *store.Store, site v1alpha1.Site) (client *prometheus.Client, check func() error, err error) {
	if site.Spec.Prometheus != nil {
		client, err = prometheus.NewClient(site.Spec.Prometheus.URL, "", time.Minute)
		return client, func() error { return nil }, err
	}
	_, token, err := queryToken(st)
	if err != nil {
		return nil, nil, err
	}
	at, err := durable.OptionalRecord[procid.Address](filepath.Join(st.Dir(), store.PrometheusFile))
	if err != nil || at == nil {
		return nil, nil, cmp.Or(err, errNoPrometheus)
	}
	if stale := at.Check(); stale != nil {
		if !at.Gone() {
			return nil, nil, fmt.Errorf("asking the controller's Prometheus: %w", stale)
		}
		return nil, nil, fmt.Errorf("%w: %w", errNoPrometheus, stale)
	}
	client, err = prometheus.NewClient(at.URL, token, time.Minute)
	return client, at.Check, err
}

// anyPrometheus is livePrometheus, or starts one on the samples that are kept here, which end stops.
func (a *app) anyPrometheus(st *store.Store, site v1alpha1.Site) (client *prometheus.Client, check func() error, end func(), err error) {
	client, check, none := a.livePrometheus(st, site)
	if !errors.Is(none, errNoPrometheus) {
		return client, check, func() {}, none
	}
	file, token, err := queryToken(st)
	if err != nil {
		return nil, nil, nil, err
	}
	place, err := tsdbPlace(st, site)
	if err != nil {
		return nil, nil, nil, err
	}
	dir, err := place.Latest()
	if err != nil {
		return nil, nil, nil, err
	}
	if dir == "" {
		return nil, nil, nil, fmt.Errorf("%w, and none has kept samples on this machine", none)
	}
	own, err := prometheus.Start(prometheus.Options{Dir: dir, Listen: "127.0.0.1:0", Interval: time.Hour, Retain: retain, Token: file, Log: a.logger()})
	if err != nil {
		return nil, nil, nil, err
	}
	if client, err = prometheus.NewClient(own.URL(), token, time.Minute); err != nil {
		return nil, nil, nil, errors.Join(err, own.Close())
	}
	return client, func() error { return nil }, func() { _ = own.Close() }, nil // it only read
}

// queryToken is what the embedded Prometheus asks for, and the file that holds it.
func queryToken(st *store.Store) (file, token string, err error) {
	if file, err = st.Token(drivers.QueryToken); err == nil {
		token, err = drivers.ReadToken(file)
	}
	return file, token, err
}

// tsdbPlace is where the embedded Prometheus keeps its samples.
func tsdbPlace(st *store.Store, site v1alpha1.Site) (prometheus.Place, error) {
	host, err := os.Hostname()
	if err != nil {
		return prometheus.Place{}, fmt.Errorf("finding this host's name: %w", err)
	}
	return prometheus.Place{Dir: site.Spec.Paths.Local, Store: st.ID(), Host: host}, nil
}
