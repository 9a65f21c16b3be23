package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/chart"
	"assay/reconciler/compare"
	"assay/reconciler/pages"
	"assay/reconciler/plain"
	"assay/reconciler/plan"
	"assay/reconciler/results"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

//go:embed templates/*.html static/*
var files embed.FS

// page is what a handler found, and how it is shown.
type page struct {
	Title  string
	Crumbs []crumb
	View   string // name of the template
	Data   any
	Every  int // seconds after which it is asked for again; 0: it does not change by itself
}

// crumb is a step of the way to a page.
type crumb struct{ Name, To string }

// layout is what all pages share.
type layout struct {
	Title, Version, Note, API, Form, Path string
	Crumbs                                []crumb
	Data                                  any
	Every                                 int
	Acts                                  bool
	Asked                                 []wishDone
}

// templates are parsed when the first page is asked for: most processes of assay show none.
var templates = sync.OnceValue(parseTemplates)

func parseTemplates() map[string]*template.Template {
	out := map[string]*template.Template{}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		base := strings.TrimSuffix(path.Base(name), ".html")
		t := template.New(base).Funcs(words)
		out[base] = template.Must(t.ParseFS(files, "templates/layout.html", "templates/parts.html", name))
	}
	return out
}

// words are what templates can say.
var words = template.FuncMap{
	"age": text.Age, "left": text.Left, "dash": text.Dash, "point": view.Point, "number": results.Number, "tone": tone, "mark": mark,
	"when":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"clock":  func(t time.Time) string { return t.Local().Format("15:04:05") },
	"date":   func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") },
	"joined": func(s []string) string { return strings.Join(s, "; ") },
	"join":   func(s []string) string { return strings.Join(s, ", ") },
	"advice": func(reason string) string { return plan.Advice(plan.Reason(reason)) },
	"cond":   v1alpha1.Find, "commit": view.ShortCommit, "kind": view.KindOf, "origin": view.OriginLine, "startup": view.StartupLine, "renewal": view.RenewalLine,
	"search": view.SearchLine, "runTime": view.RunTime, "short": func(s string) string { return s[:min(len(s), 12)] },
	"title":  func(v any) string { return fmt.Sprint(v) },
	"lately": lately, "runWord": runWord, "aside": aside, "brief": brief, "serviceState": view.ServiceState, "serviceDetail": view.ServiceDetail, "spread": compare.Spread,
	"before":  func(generation int64) int64 { return generation - 1 },
	"heading": func(s string) string { return s[:1] + strings.ToLower(s[1:]) },
}

// tone is how a state is to be seen: good, under way, bad, or of no account. The word itself says it, too.
func tone(state string) string {
	switch state {
	case "Ready", "Alive", "Complete", "True", "Valid", "yes", "better", "GO":
		return "good"
	case "Stalled", "Failed", "Invalid", "no", "Warning", "worse", "NO-GO", "Lost":
		return "bad"
	case "Suspended", "Superseded", "INCONCLUSIVE", "Unknown", "same", "Ended", "":
		return "off"
	}
	return "busy"
}

// mark goes before a state, for those who do not see colours.
func mark(state string) string {
	return map[string]string{"good": "✓", "bad": "✗", "off": "–", "busy": "…"}[tone(state)]
}

// showPage writes a page, or says that it has not changed.
func (s *Server) showPage(w http.ResponseWriter, q *request, r route) error {
	p, err := r.page(q)
	if err != nil {
		return err
	}
	api := ""
	if r.api != "" {
		api = apiRoot + r.api
		for _, part := range []string{"experiment", "service", "run"} {
			api = strings.ReplaceAll(api, "{"+part+"}", q.PathValue(part))
		}
		if q.URL.RawQuery != "" {
			api += "?" + q.URL.RawQuery
		}
	}
	return s.write(w, q, *p, api)
}

func (s *Server) write(w http.ResponseWriter, q *request, p page, api string) error {
	l := layout{Title: p.Title, Version: s.o.Version, Note: q.seen.Note(), API: api, Form: q.may.form, Path: q.URL.Path, Crumbs: p.Crumbs, Data: p.Data, Every: p.Every,
		Acts: q.may.acts && q.may.form != "", Asked: s.wishes.list(q.PathValue("experiment"))}
	t, ok := templates()[p.View]
	if !ok {
		return fmt.Errorf("no template %q", p.View)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", l); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return send(w, q, []byte(plain.Text(b.String())))
}

// send writes an answer, or 304 to who has it already.
func send(w http.ResponseWriter, q *request, body []byte) error {
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	w.Header().Set("ETag", tag)
	if q.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	_, err := w.Write(body)
	_ = err // who asked has gone away
	return nil
}

// common are the files that pages share with reports.
var common = map[string]string{"chart.css": chart.CSS, "chart.js": chart.Script, "pages.css": pages.CSS, "pages.js": pages.Script}

// static serves the files of pages.
func static(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	b, err := []byte(common[name]), error(nil)
	if len(b) == 0 {
		b, err = fs.ReadFile(files, "static/"+path.Base(name))
	}
	if err != nil {
		fail(w, r, &failure{http.StatusNotFound, "no such file"})
		return
	}
	kind := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "private, max-age=60")
	_, _ = w.Write(b) // who asked has gone away
}
