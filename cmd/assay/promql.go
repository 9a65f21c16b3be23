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
			url, token, now, end, err := a.prometheusURL(st, site)
			if err != nil {
				return 0, err
			}
			stop, check = end, now
			if client, err = prometheus.NewClient(url, token, time.Minute); err != nil {
				return 0, err
			}
		}
		v, err := client.Average(ctx, expression, parts, scrapeEvery)
		return v, errors.Join(err, check()) // the controller can have ended meanwhile
	}
	return average, func() { stop() } // as it is by then
}

// errNoPrometheus means that nobody scrapes now.
var errNoPrometheus = errors.New("no Prometheus runs")

// livePrometheus finds the Prometheus that scrapes now, and the token that it asks for; errNoPrometheus when there is none.
// Check is nil as long as it is the one that was found.
func (a *app) livePrometheus(st *store.Store, site v1alpha1.Site) (url, token string, check func() error, err error) {
	if site.Spec.Prometheus != nil {
		return site.Spec.Prometheus.URL, "", func() error { return nil }, nil
	}
	file, err := st.Token(drivers.QueryToken)
	if err != nil {
		return "", "", nil, err
	}
	if token, err = drivers.ReadToken(file); err != nil {
		return "", "", nil, err
	}
	at, err := durable.OptionalRecord[procid.Address](filepath.Join(st.Dir(), store.PrometheusFile))
	if err != nil || at == nil {
		return "", "", nil, cmp.Or(err, errNoPrometheus)
	}
	if stale := at.Check(); stale != nil {
		if !at.Gone() {
			return "", "", nil, fmt.Errorf("asking the controller's Prometheus: %w", stale)
		}
		return "", "", nil, fmt.Errorf("%w: %w", errNoPrometheus, stale)
	}
	return at.URL, token, at.Check, nil
}

// prometheusURL is livePrometheus, or starts one on the samples that are kept here, which end stops.
func (a *app) prometheusURL(st *store.Store, site v1alpha1.Site) (url, token string, check func() error, end func(), err error) {
	end = func() {}
	url, token, check, stale := a.livePrometheus(st, site)
	if stale == nil {
		return url, token, check, end, nil
	}
	if !errors.Is(stale, errNoPrometheus) {
		return "", "", nil, nil, stale
	}
	check = func() error { return nil }
	file, err := st.Token(drivers.QueryToken)
	if err != nil {
		return "", "", nil, nil, err
	}
	if token, err = drivers.ReadToken(file); err != nil {
		return "", "", nil, nil, err
	}
	place, err := tsdbPlace(st, site)
	if err != nil {
		return "", "", nil, nil, err
	}
	dir, err := place.Latest()
	if err != nil {
		return "", "", nil, nil, err
	}
	if dir == "" {
		return "", "", nil, nil, fmt.Errorf("%w, and none has kept samples on this machine", stale)
	}
	own, err := prometheus.Start(prometheus.Options{Dir: dir, Listen: "127.0.0.1:0", Interval: time.Hour, Retain: retain, Token: file, Log: a.logger()})
	if err != nil {
		return "", "", nil, nil, err
	}
	return own.URL(), token, check, func() { _ = own.Close() }, nil // it only read
}

// tsdbPlace is where the embedded Prometheus keeps its samples.
func tsdbPlace(st *store.Store, site v1alpha1.Site) (prometheus.Place, error) {
	host, err := os.Hostname()
	if err != nil {
		return prometheus.Place{}, fmt.Errorf("finding this host's name: %w", err)
	}
	return prometheus.Place{Dir: site.Spec.Paths.Local, Store: st.ID(), Host: host}, nil
}
