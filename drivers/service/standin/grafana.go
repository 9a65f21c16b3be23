package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// board is as much of a dashboard as a listing shows.
type board struct {
	UID   string `json:"uid"`
	Title string `json:"title"`
}

// grafana reads its provisioning as Grafana would, refuses what is malformed, and answers the API questions that show what
// was provisioned, to the administrator only.
func grafana([]string) error {
	provisioning := os.Getenv("GF_PATHS_PROVISIONING")
	if os.Getenv("GF_AUTH_ANONYMOUS_ENABLED") != "false" {
		return errors.New("GF_AUTH_ANONYMOUS_ENABLED must be false")
	}
	secret, err := os.ReadFile(os.Getenv("GF_SECURITY_ADMIN_PASSWORD__FILE"))
	if err != nil || len(strings.TrimSpace(string(secret))) < 12 {
		return fmt.Errorf("the administrator has no good password (%v)", err)
	}
	var sources struct {
		DataSources []map[string]any `json:"datasources"`
	}
	if err := readYAML(filepath.Join(provisioning, "datasources"), &sources); err != nil {
		return err
	}
	var boards struct {
		Providers []struct {
			Options struct {
				Path string `json:"path"`
			} `json:"options"`
		} `json:"providers"`
	}
	if err := readYAML(filepath.Join(provisioning, "dashboards"), &boards); err != nil {
		return err
	}
	var found []board
	for _, p := range boards.Providers {
		files, _ := filepath.Glob(filepath.Join(p.Options.Path, "*.json")) // the pattern is well formed
		for _, f := range files {
			var b board
			text, err := os.ReadFile(f)
			if err == nil {
				err = json.Unmarshal(text, &b)
			}
			if err != nil || b.UID == "" {
				return fmt.Errorf("dashboard %s: no uid (%v)", f, err)
			}
			found = append(found, b)
		}
	}
	if len(sources.DataSources) == 0 || len(found) == 0 {
		return errors.New("nothing was provisioned")
	}
	return serveGrafana(strings.TrimSpace(string(secret)), sources.DataSources, found)
}

func serveGrafana(password string, sources []map[string]any, boards []board) error {
	mux := http.NewServeMux()
	admin := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if user, given, _ := r.BasicAuth(); user != "admin" || given != password {
				http.Error(w, "Unauthorized", http.StatusUnauthorized)
				return
			}
			_ = json.NewEncoder(w).Encode(v) // a client that has gone needs no answer
		}
	}
	mux.HandleFunc("GET /api/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"database":"ok","version":"stand-in"}`) })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		user, given, _ := r.BasicAuth()
		if user != os.Getenv("GF_METRICS_BASIC_AUTH_USERNAME") || given != os.Getenv("GF_METRICS_BASIC_AUTH_PASSWORD") || given == "" {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "grafana_standin_info 1\n")
	})
	mux.HandleFunc("GET /api/datasources", admin(sources))
	mux.HandleFunc("GET /api/search", admin(boards))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "This is a stand-in for Grafana. It shows nothing; log in to the real one.")
	})
	s := &http.Server{Addr: net.JoinHostPort(os.Getenv("GF_SERVER_HTTP_ADDR"), os.Getenv("GF_SERVER_HTTP_PORT")), Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return s.ListenAndServe()
}

// readYAML reads the only file of a provisioning folder.
func readYAML(dir string, v any) error {
	files, _ := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if len(files) != 1 {
		return fmt.Errorf("%s holds %d files, not one", dir, len(files))
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", files[0], err)
	}
	return nil
}
