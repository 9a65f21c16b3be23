package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"assay/reconciler/plain"
	"assay/reconciler/view"
)

// apiRoot is where JSON is. Within a version fields are added, and none is renamed or removed.
const apiRoot = "/api/v1"

// route is an address: a page, JSON, or both.
type route struct {
	at   string                        // of the page; empty: it has none
	page func(*request) (*page, error) //
	api  string                        // of its JSON, below apiRoot; empty: it has none
	data func(*request) (any, error)   //
	what string                        // what the JSON is, in a sentence
	ask  []string                      // parameters of the query: NAME: what it does
}

// routes are all addresses that are read.
func routes() []route {
	return []route{
		{at: "/{$}", page: indexPage, api: "/experiments", data: experimentsData,
			what: "All experiments, as assay get experiments -o json, with the runs of each that ended last."},
		{api: "/controller", data: controllerData, what: "Who runs the loop, since which heartbeat, and how old the newest observation is."},
		{api: "/sites", data: sitesData, what: "The sites that are known, as assay get sites -o json."},
		{at: "/experiments/{experiment}", page: experimentPage, api: "/experiments/{experiment}", data: experimentData,
			what: "One experiment: what it declares, its conditions, services, benchmarks and last runs."},
		{api: "/experiments/{experiment}/next", data: nextData, what: "What the planner wants next and why: the steps that a pass would take now, and what waits for what."},
		{api: "/experiments/{experiment}/timeline", data: timelineData, what: "Its jobs over time: when each was submitted, began, ends and was handed over."},
		{api: "/experiments/{experiment}/services", data: ofExperiment("services"), what: "Its services."},
		{at: "/experiments/{experiment}/services/{service}", page: servicePage, api: "/experiments/{experiment}/services/{service}", data: serviceData,
			what: "One service: conditions, seats, processes."},
		{api: "/experiments/{experiment}/services/{service}/metrics", data: metricsData, what: "What Prometheus says of a service: one entry for each panel, with its PromQL and samples.",
			ask: []string{"minutes: of the last so many, 15 without it, 1440 at most"}},
		{api: "/experiments/{experiment}/services/{service}/logs", data: logsData, what: "The last lines of the logs of its present jobs.",
			ask: []string{"lines: so many of each file, 100 without it, 1000 at most"}},
		{api: "/experiments/{experiment}/jobs", data: ofExperiment("jobs"), what: "Its jobs."},
		{api: "/experiments/{experiment}/benchmarks", data: ofExperiment("benchmarks"), what: "Its benchmarks."},
		{at: "/experiments/{experiment}/runs", page: runsPage, api: "/experiments/{experiment}/runs", data: runsData,
			what: "Its runs, those that began last.", ask: []string{"limit: so many, 50 without it, 500 at most", "skip: without so many that began last", "benchmark: only of this one",
				"phase: only Pending, Running, Complete, Failed, Lost or Superseded ones", "valid: yes, no or unknown"}},
		{at: "/experiments/{experiment}/runs/{run}", page: runPage, api: "/experiments/{experiment}/runs/{run}", data: runData, what: "One run: what was asked, and what was measured."},
		{api: "/experiments/{experiment}/revisions", data: ofExperiment("revisions"), what: "Its revisions: where each came from, and what it declares."},
		{at: "/experiments/{experiment}/compare", page: comparePage, api: "/experiments/{experiment}/compare", data: compareData,
			what: "Two of its revisions by statistics, as assay compare -o json.", ask: []string{"a: a number of a revision, or the beginning of a hash or commit", "b: the other one"}},
		{at: "/experiments/{experiment}/gates", page: gatesPage, api: "/experiments/{experiment}/gates", data: gatesData,
			what: "What its gates say, as assay gate -o json.", ask: []string{"revision: another one than the newest"}},
		{at: "/experiments/{experiment}/pareto", page: paretoPage, api: "/experiments/{experiment}/pareto", data: paretoData,
			what: "Tokens/s of a user against tokens/s of a GPU at each point, with power and energy.", ask: []string{"revision: another one than the last that has results"}},
		{at: "/experiments/{experiment}/events", page: experimentEventsPage, api: "/experiments/{experiment}/events", data: ofExperiment("events"), what: "Its events, oldest first."},
		{at: "/nodes", page: nodesPage, api: "/nodes", data: kindData("nodes"), what: "The nodes that jobs hold, and those that are avoided."},
		{at: "/events", page: eventsPage, api: "/events", data: kindData("events"), what: "All events, oldest first."},
		{at: "/listeners", page: listenersPage, api: "/listeners", data: kindData("listeners"), what: "Who listens where, and how strangers are kept out."},
		{at: "/api", page: apiPage},
	}
}

// kindData lists all of a kind.
func kindData(kind string) func(*request) (any, error) {
	return func(r *request) (any, error) { return r.list(kind, view.Filter{}) }
}

// Handler answers everything.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes() {
		if r.page != nil {
			mux.HandleFunc("GET "+r.at, s.answer(func(w http.ResponseWriter, q *request) error { return s.showPage(w, q, r) }))
		}
		if r.data != nil {
			mux.HandleFunc("GET "+apiRoot+r.api, s.answer(func(w http.ResponseWriter, q *request) error { return showData(w, q, r) }))
		}
	}
	for _, a := range actions {
		mux.HandleFunc("GET "+a.at+"/"+a.verb, s.answer(func(w http.ResponseWriter, q *request) error { return s.question(w, q, a) }))
		mux.HandleFunc("POST "+a.at+"/"+a.verb, s.answer(func(w http.ResponseWriter, q *request) error { return s.wish(w, q, a) }))
		mux.HandleFunc("POST "+apiRoot+a.at+"/"+a.verb, s.answer(func(w http.ResponseWriter, q *request) error { return s.wish(w, q, a) }))
	}
	mux.HandleFunc("GET /experiments/{experiment}/report", s.answer(s.report("html")))
	mux.HandleFunc("GET "+apiRoot+"/experiments/{experiment}/report", s.answer(s.report("json")))
	mux.HandleFunc("GET "+apiRoot+"/asked", s.answer(func(w http.ResponseWriter, q *request) error { return showJSON(w, q, s.wishes.list("")) }))
	mux.HandleFunc("GET /static/{file}", static)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, r, &failure{http.StatusNotFound, "nothing is at this address; what there is: / and /api"})
	})
	return s.protect(mux)
}

// answer observes the world and hands it to what answers.
func (s *Server) answer(by func(http.ResponseWriter, *request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		may, _ := r.Context().Value(accessKey{}).(access)
		q := &request{Request: r, s: s, may: may}
		var err error
		if q.seen, err = s.world.get(r.Context()); err == nil {
			err = by(w, q)
		}
		if err != nil {
			fail(w, r, err)
		}
	}
}

func showData(w http.ResponseWriter, q *request, r route) error {
	v, err := r.data(q)
	if err != nil {
		return err
	}
	return showJSON(w, q, v)
}

// showJSON writes a value as assay get -o json prints it: characters that hide or turn text are escaped in JSON's own way.
func showJSON(w http.ResponseWriter, q *request, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return send(w, q, []byte(plain.Text(string(b))+"\n"))
}

// documented is every address of JSON.
func documented() (all []apiEntry) {
	for _, r := range routes() {
		if r.data != nil {
			all = append(all, apiEntry{"GET", apiRoot + r.api, r.what, r.ask})
		}
	}
	all = append(all, apiEntry{"GET", apiRoot + "/experiments/{experiment}/report", "The results of its newest revision that has any, as assay report -o json.", nil})
	all = append(all, apiEntry{"GET", apiRoot + "/asked", "What was asked for here since the page was started, and what came of it.", nil})
	for _, a := range actions {
		all = append(all, apiEntry{"POST", apiRoot + a.at + "/" + a.verb, a.what + " Needs the token for acting.", nil})
	}
	return all
}

// apiPage documents the JSON.
func apiPage(*request) (*page, error) {
	return &page{Title: "The JSON beside the pages", View: "api", Data: documented()}, nil
}

// apiEntry is a line of the documentation.
type apiEntry struct {
	Method, Path, What string
	Ask                []string
}

// Example is the path with a name in the place of each parameter.
func (a apiEntry) Example() string {
	return strings.NewReplacer("{experiment}", "EXPERIMENT", "{service}", "SERVICE", "{run}", "RUN").Replace(a.Path)
}
