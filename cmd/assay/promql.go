package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/prometheus"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
)

// prometheusOf answers PromQL gates: from the site's Prometheus, from that of the running controller, or, when there is
// none, from the samples that the last one kept on this machine. Nothing is started before the first question; closed
// ends what was.
func (a *app) prometheusOf(st *store.Store, site v1alpha1.Site) (average resultset.Average, closed func()) {
	var client *prometheus.Client
	stop := func() {}
	average = func(ctx context.Context, expression string, from, to time.Time) (float64, error) {
		if client == nil {
			url, token, end, err := a.prometheusURL(st, site)
			if err != nil {
				return 0, err
			}
			stop = end
			if client, err = prometheus.NewClient(url, token, time.Minute); err != nil {
				return 0, err
			}
		}
		return client.Average(ctx, expression, from, to)
	}
	return average, func() { stop() } // as it is by then
}

// prometheusURL finds a Prometheus and the token that it asks for, or starts one on the samples that are kept here, which
// end stops.
func (a *app) prometheusURL(st *store.Store, site v1alpha1.Site) (url, token string, end func(), err error) {
	if site.Spec.Prometheus != nil {
		return site.Spec.Prometheus.URL, "", func() {}, nil
	}
	file, err := st.Token(drivers.QueryToken)
	if err != nil {
		return "", "", nil, err
	}
	if token, err = drivers.ReadToken(file); err != nil {
		return "", "", nil, err
	}
	if b, err := os.ReadFile(filepath.Join(st.Dir(), store.PrometheusFile)); err == nil {
		return strings.TrimSpace(string(b)), token, func() {}, nil
	}
	place, err := tsdbPlace(st, site)
	if err != nil {
		return "", "", nil, err
	}
	dir, err := place.Latest()
	if err != nil {
		return "", "", nil, err
	}
	if dir == "" {
		return "", "", nil, errors.New("no Prometheus runs, and none has kept samples on this machine")
	}
	own, err := prometheus.Start(prometheus.Options{Dir: dir, Listen: "127.0.0.1:0", Interval: time.Hour, Retain: retain, Token: file, Log: a.logger()})
	if err != nil {
		return "", "", nil, err
	}
	return own.URL(), token, func() { _ = own.Close() }, nil // it only read
}

// tsdbPlace is where the embedded Prometheus keeps its samples.
func tsdbPlace(st *store.Store, site v1alpha1.Site) (prometheus.Place, error) {
	host, err := os.Hostname()
	if err != nil {
		return prometheus.Place{}, fmt.Errorf("finding this host's name: %w", err)
	}
	return prometheus.Place{Dir: site.Spec.Paths.Local, Store: st.ID(), Host: host}, nil
}
