package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"assay/api/v1alpha1"
	"assay/reconciler/plain"
	"assay/reconciler/view"
)

// request is a request with the world that it is about.
type request struct {
	*http.Request
	s    *Server
	may  access
	seen view.Snapshot
}

type accessKey struct{}

func withAccess(ctx context.Context, a access) context.Context {
	return context.WithValue(ctx, accessKey{}, a)
}

// failure is an error that has a status of HTTP.
type failure struct {
	code int
	text string
}

func (f *failure) Error() string { return f.text }

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, apiRoot+"/") }

// fail answers with an error: as JSON for programs, as a page for people.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	code := http.StatusInternalServerError
	if f, ok := errors.AsType[*failure](err); ok {
		code = f.code
	}
	if isAPI(r) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": plain.Text(err.Error())}) // who asked has gone away otherwise
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_ = templates()["error"].ExecuteTemplate(w, "layout", layout{Title: http.StatusText(code), Data: plain.Text(err.Error())})
}

// word is what a name in an address can be: no path, no spaces.
var word = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._=,+-]{0,250}$`)

// name is a part of the path.
func (r *request) name(part string) (string, error) {
	v := r.PathValue(part)
	if !word.MatchString(v) {
		return "", r.missing(part, v)
	}
	return v, nil
}

func (r *request) missing(what, name string) error {
	return &failure{http.StatusNotFound, fmt.Sprintf("no %s %q; what there is: assay get %ss", what, plain.Line(name), what)}
}

// experiment is the one that the path names, as it is now.
func (r *request) experiment() (e v1alpha1.ExperimentStatus, err error) {
	name, err := r.name("experiment")
	if err != nil {
		return e, err
	}
	for _, e := range r.seen.Statuses {
		if e.Name == name {
			return e, nil
		}
	}
	return e, r.missing("experiment", name)
}

// service is the one that the path names.
func (r *request) service() (e v1alpha1.ExperimentStatus, v v1alpha1.ServiceStatus, err error) {
	if e, err = r.experiment(); err != nil {
		return e, v, err
	}
	name, err := r.name("service")
	if err != nil {
		return e, v, err
	}
	for _, v := range e.Services {
		if v.Name == name {
			return e, v, nil
		}
	}
	return e, v, r.missing("service", name)
}

// number is a number in the query, within bounds.
func (r *request) number(name string, without, least, most int) (int, error) {
	typed := r.URL.Query().Get(name)
	if typed == "" {
		return without, nil
	}
	n, err := strconv.Atoi(typed)
	if err != nil || n < least || n > most {
		return 0, &failure{http.StatusBadRequest, fmt.Sprintf("%s=%q is no number from %d to %d", name, plain.Line(cut(typed, 40)), least, most)}
	}
	return n, nil
}

// cut is the beginning of a text.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// items are the objects of a kind that a filter allows.
func (r *request) items(kind string, f view.Filter) ([]view.Object, error) {
	return r.seen.Objects(kind, f)
}

// list is their List, as assay get -o json prints it.
func (r *request) list(kind string, f view.Filter) (any, error) {
	items, err := r.items(kind, f)
	return view.NewList(items), err
}

// ofExperiment lists what belongs to the experiment of the path.
func ofExperiment(kind string) func(*request) (any, error) {
	return func(r *request) (any, error) {
		e, err := r.experiment()
		if err != nil {
			return nil, err
		}
		return r.list(kind, view.Filter{Experiment: e.Name})
	}
}

// one is the only object of a kind and name, as assay get KIND NAME -o json has it in its list.
func (r *request) one(kind, name string, f view.Filter) (any, error) {
	f.Name = name
	items, err := r.items(kind, f)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, r.missing(view.Singular(kind), name)
	}
	return items[0], nil
}
