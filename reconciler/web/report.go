package web

import (
	"net/http"
)

// sandboxed is the policy of a report. It is one file with its own style and script, so it runs apart from this page: without its
// cookie, and without asking anybody for anything.
const sandboxed = "sandbox allow-scripts allow-popups; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"

// report sends the report of an experiment, as assay report writes it: html or json.
func (s *Server) report(format string) func(http.ResponseWriter, *request) error {
	return func(w http.ResponseWriter, q *request) error {
		experiment, err := q.name("experiment")
		if err != nil {
			return err
		}
		leave, err := q.calm()
		if err != nil {
			return err
		}
		defer leave()
		b, err := s.o.Report(q.Context(), experiment, format)
		if err != nil {
			return &failure{http.StatusNotFound, err.Error()}
		}
		if format == "json" {
			w.Header().Set("Content-Type", "application/json")
			return send(w, q, b)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", sandboxed)
		return send(w, q, b)
	}
}
