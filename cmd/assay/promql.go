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
	"assay/reconciler/gate"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

// prometheusFile names the API of the embedded Prometheus of whoever runs the loop.
const prometheusFile = "prometheus.url"

// prometheusOf answers PromQL gates: from the site's Prometheus, from that of the running controller, or, when there is
// none, from the samples that the last one kept on this machine. Closed ends what was started for it.
func (a *app) prometheusOf(ctx context.Context, st *store.Store, site v1alpha1.Site) (ask gate.Values, closed func()) {
	var own *prometheus.Embedded
	url := ""
	open := func() error {
		if url != "" {
			return nil
		}
		if site.Spec.Prometheus != nil {
			url = site.Spec.Prometheus.URL
			return nil
		}
		if b, err := os.ReadFile(filepath.Join(st.Dir(), prometheusFile)); err == nil {
			url = strings.TrimSpace(string(b))
			return nil
		}
		dir, err := tsdbFolder(st)
		if err != nil {
			return err
		}
		if _, err := os.Stat(dir); err != nil {
			return errors.New("no Prometheus runs, and none has kept samples on this machine")
		}
		own, err = prometheus.Start(prometheus.Options{Dir: dir, Listen: "127.0.0.1:0", Interval: time.Hour, Retain: retain, Log: a.logger()})
		if err == nil {
			url = own.URL()
		}
		return err
	}
	ask = func(g v1alpha1.Gate, rows []results.Row) ([]float64, error) {
		if err := open(); err != nil {
			return nil, err
		}
		client, err := prometheus.NewClient(url, time.Minute)
		if err != nil {
			return nil, err
		}
		var out []float64
		for _, r := range rows {
			from := r.Started.Add(scrapeEvery) // at its very start Prometheus would answer with a sample from before
			if from.After(r.Ended) {
				return nil, fmt.Errorf("run %s lasted %s, less than the %s between two samples of Prometheus; make it longer", r.Run, r.Ended.Sub(r.Started).Round(time.Millisecond), scrapeEvery)
			}
			v, err := client.Average(ctx, g.PromQL, from, r.Ended)
			if errors.Is(err, drivers.ErrUnavailable) {
				return nil, fmt.Errorf("run %s: %w (does a controller run? assay controller)", r.Run, err)
			}
			if err != nil {
				return nil, fmt.Errorf("run %s: %w", r.Run, err)
			}
			out = append(out, v)
		}
		return out, nil
	}
	return ask, func() {
		if own != nil {
			_ = own.Close() // it only read
		}
	}
}

func tsdbFolder(st *store.Store) (string, error) {
	cache, err := xdg("XDG_CACHE_HOME", ".cache")
	return filepath.Join(cache, "tsdb", st.ID()), err
}
