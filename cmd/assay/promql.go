package main

import (
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

// foundPrometheus is the site's Prometheus, or that of the running controller, with the token that it asks for.
type foundPrometheus struct {
	url, token, file string       // file holds the token
	check            func() error // nil as long as it is the one that was found
	stale            error        // why the controller's cannot be asked; nil: it can
	gone             bool         // none runs: its samples may be kept here
}

func livePrometheus(st *store.Store, site v1alpha1.Site) (f foundPrometheus, err error) {
	f.check = func() error { return nil }
	if site.Spec.Prometheus != nil {
		f.url = site.Spec.Prometheus.URL
		return f, nil
	}
	if f.file, err = st.Token(drivers.QueryToken); err != nil {
		return f, err
	}
	if f.token, err = drivers.ReadToken(f.file); err != nil {
		return f, err
	}
	at, err := durable.OptionalRecord[procid.Address](filepath.Join(st.Dir(), store.PrometheusFile))
	if err != nil {
		return f, err
	}
	if f.stale, f.gone = errors.New("no Prometheus runs"), true; at != nil {
		f.url, f.check, f.stale, f.gone = at.URL, at.Check, at.Check(), at.Gone()
	}
	return f, nil
}

// prometheusURL finds a Prometheus and the token that it asks for, or starts one on the samples that are kept here, which end
// stops. Check is nil as long as it is the one that was found.
func (a *app) prometheusURL(st *store.Store, site v1alpha1.Site) (url, token string, check func() error, end func(), err error) {
	end = func() {}
	f, err := livePrometheus(st, site)
	switch {
	case err != nil:
		return "", "", nil, nil, err
	case f.stale == nil:
		return f.url, f.token, f.check, end, nil
	case !f.gone:
		return "", "", nil, nil, fmt.Errorf("asking the controller's Prometheus: %w", f.stale)
	}
	check = func() error { return nil }
	place, err := tsdbPlace(st, site)
	if err != nil {
		return "", "", nil, nil, err
	}
	dir, err := place.Latest()
	if err != nil {
		return "", "", nil, nil, err
	}
	if dir == "" {
		return "", "", nil, nil, fmt.Errorf("%w, and none has kept samples on this machine", f.stale)
	}
	own, err := prometheus.Start(prometheus.Options{Dir: dir, Listen: "127.0.0.1:0", Interval: time.Hour, Retain: retain, Token: f.file, Log: a.logger()})
	if err != nil {
		return "", "", nil, nil, err
	}
	return own.URL(), f.token, check, func() { _ = own.Close() }, nil // it only read
}

// tsdbPlace is where the embedded Prometheus keeps its samples.
func tsdbPlace(st *store.Store, site v1alpha1.Site) (prometheus.Place, error) {
	host, err := os.Hostname()
	if err != nil {
		return prometheus.Place{}, fmt.Errorf("finding this host's name: %w", err)
	}
	return prometheus.Place{Dir: site.Spec.Paths.Local, Store: st.ID(), Host: host}, nil
}
