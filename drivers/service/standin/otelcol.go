package main

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"sigs.k8s.io/yaml"

	"assay/drivers/listen"
)

// collectorConfig is the part of a collector's configuration that the stand-in follows.
type collectorConfig struct {
	Receivers struct {
		OTLP struct {
			Protocols struct {
				GRPC receiver `json:"grpc"`
				HTTP receiver `json:"http"`
			} `json:"protocols"`
		} `json:"otlp"`
	} `json:"receivers"`
	Exporters map[string]struct {
		Path string `json:"path"`
	} `json:"exporters"`
	Service struct {
		Telemetry struct {
			Metrics struct {
				Readers []struct {
					Pull struct {
						Exporter struct {
							Prometheus struct {
								Host string `json:"host"`
								Port int    `json:"port"`
							} `json:"prometheus"`
						} `json:"exporter"`
					} `json:"pull"`
				} `json:"readers"`
			} `json:"metrics"`
		} `json:"telemetry"`
	} `json:"service"`
}

type receiver struct {
	Endpoint string
	TLS      struct {
		CertFile     string `json:"cert_file"`
		KeyFile      string `json:"key_file"`
		ClientCAFile string `json:"client_ca_file"`
	} `json:"tls"`
}

// listen asks every client for a certificate, as it is configured.
func (r receiver) listen() (net.Listener, error) {
	pair, err := os.ReadFile(r.TLS.CertFile)
	if err != nil {
		return nil, err
	}
	if r.TLS.KeyFile != r.TLS.CertFile || r.TLS.ClientCAFile != r.TLS.CertFile {
		return nil, errors.New("one file is wanted for certificate, key and clients")
	}
	config, err := listen.ServerTLS(pair)
	if err != nil {
		return nil, err
	}
	return tls.Listen("tcp", r.Endpoint, config)
}

// otelcol accepts OTLP over HTTP and keeps the bodies of traces and logs, base64, a line each. It forwards no metrics, and
// its gRPC port only accepts connections.
func otelcol(args []string) error {
	values, _ := flags(args)
	b, err := os.ReadFile(values["config"])
	if err != nil {
		return err
	}
	var c collectorConfig
	if err := yaml.Unmarshal(b, &c); err != nil {
		return err
	}
	if len(c.Service.Telemetry.Metrics.Readers) != 1 {
		return errors.New("service.telemetry.metrics.readers: one is wanted")
	}
	var kept atomic.Int64
	own := c.Service.Telemetry.Metrics.Readers[0].Pull.Exporter.Prometheus
	grpc, err := c.Receivers.OTLP.Protocols.GRPC.listen()
	if err != nil {
		return err
	}
	otlp, err := c.Receivers.OTLP.Protocols.HTTP.listen()
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := grpc.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	mux := http.NewServeMux()
	keep := func(path string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(io.LimitReader(r.Body, 16<<20))
			if err == nil && path != "" {
				err = appendLine(path, base64.StdEncoding.EncodeToString(body))
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			kept.Add(1)
		}
	}
	mux.HandleFunc("POST /v1/traces", keep(c.Exporters["file/traces"].Path))
	mux.HandleFunc("POST /v1/logs", keep(c.Exporters["file/logs"].Path))
	mux.HandleFunc("POST /v1/metrics", keep(""))
	ended := make(chan error, 2)
	go func() { ended <- (&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(otlp) }()
	metrics := http.NewServeMux()
	metrics.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE otelcol_standin_requests_total counter\notelcol_standin_requests_total %d\n", kept.Load())
	})
	go func() { ended <- serve(fmt.Sprintf("%s:%d", own.Host, own.Port), metrics) }()
	return <-ended
}

func serve(address string, h http.Handler) error {
	s := &http.Server{Addr: address, Handler: h, ReadHeaderTimeout: 10 * time.Second}
	return s.ListenAndServe()
}

func appendLine(path, line string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Close())
}
