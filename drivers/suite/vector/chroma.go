package vector

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"assay/drivers/bounded"
	"assay/drivers/suite"
)

// Deadlines of one request. They are far above what a working server needs.
const (
	shortTimeout = 60 * time.Second // everything but add
	addTimeout   = 5 * time.Minute
)

// chroma is a client of Chroma's HTTP API, version 2, in one tenant and database.
type chroma struct {
	api       string // http://host:port/api/v2
	database  string // below api: /tenants/T/databases/D
	token     string // bearer token; empty when the server asks for none
	http      *http.Client
	telemetry *telemetry
	budget    *bounded.Budget
	grant     int64 // bytes that the answer to a request can have on average
}

// Operations, as OpenLIT names them.
const (
	insert = "INSERT"
	get    = "GET"
	create = "create_collection"
)

// newChroma returns a client for answers that name up to topK vectors each, with their ids and distances, in the default
// tenant and database.
func newChroma(endpoint, token string, connections, topK int) *chroma {
	c := &chroma{api: strings.TrimSuffix(endpoint, "/") + "/api/v2", database: databaseOf("", ""), token: token, budget: bounded.NewBudget(64 << 20), grant: 1<<10 + 128*int64(topK)}
	c.http = suite.HTTPClient(connections, bounded.MaxAnswer+1<<10*int64(topK), c.budget)
	return c
}

// databaseOf is the path of a database; empty names are the default ones.
func databaseOf(tenant, name string) string {
	return "/tenants/" + url.PathEscape(cmp.Or(tenant, "default_tenant")) + "/databases/" + url.PathEscape(cmp.Or(name, "default_database"))
}

// collection is the path of a collection, by its id, or to delete it by its name.
func (c *chroma) collection(id string) string {
	return c.database + "/collections/" + url.PathEscape(id)
}

func (c *chroma) addPath(id string) string   { return c.collection(id) + "/add" }
func (c *chroma) queryPath(id string) string { return c.collection(id) + "/query" }

// limits are the server's pre-flight checks.
type limits struct {
	MaxBatch int  `json:"max_batch_size"`
	Base64   bool `json:"supports_base64_encoding"`
}

func (c *chroma) limits(ctx context.Context) (limits, error) {
	var l limits
	if err := c.call(ctx, http.MethodGet, "/pre-flight-checks", nil, &l); err != nil {
		return l, fmt.Errorf("asking Chroma at %s for its limits: %w; check that it is a Chroma server, version 1 or newer", c.api, err)
	}
	return l, nil
}

// version is the version of the API; every release of the server reports the same.
func (c *chroma) version(ctx context.Context) string {
	var v string
	if c.call(ctx, http.MethodGet, "/version", nil, &v) != nil {
		return "" // nothing depends on it
	}
	return v
}

// create makes a collection and returns its id; one of that name must not exist.
func (c *chroma) create(ctx context.Context, name string, hnsw map[string]any) (id string, err error) {
	body, err := json.Marshal(map[string]any{
		"name": name, "get_or_create": false, "configuration": map[string]any{"hnsw": hnsw},
	})
	if err != nil {
		return "", err
	}
	var got struct {
		ID string `json:"id"`
	}
	answer, _, f := c.timed(ctx, create, shortTimeout, http.MethodPost, c.database+"/collections", body)
	if f == nil {
		err = json.Unmarshal(answer, &got)
	} else {
		err = f
	}
	if err != nil {
		return "", fmt.Errorf("creating collection %s in %s: %w", name, c.database, err)
	}
	return got.ID, nil
}

// indexed reports whether all vectors are in the index. A server without that question (single-node Chroma) indexes as it
// stores.
func (c *chroma) indexed(ctx context.Context, id string) bool {
	answer, f := c.raw(ctx, shortTimeout, http.MethodGet, c.collection(id)+"/indexing_status", nil)
	if f != nil {
		return ctx.Err() == nil && !later(f)
	}
	var got struct {
		Progress *float64 `json:"op_indexing_progress"`
	}
	return json.Unmarshal(answer, &got) != nil || got.Progress == nil || *got.Progress >= 1
}

func (c *chroma) delete(ctx context.Context, name string) error {
	if err := c.call(ctx, http.MethodDelete, c.collection(name), nil, nil); err != nil {
		return fmt.Errorf("deleting collection %s: %w", name, err)
	}
	return nil
}

func (c *chroma) count(ctx context.Context, id string) (int, error) {
	var n int
	if err := c.call(ctx, http.MethodGet, c.collection(id)+"/count", nil, &n); err != nil {
		return 0, fmt.Errorf("counting the vectors: %w", err)
	}
	return n, nil
}

// call sends one request and decodes its answer into out, unless out is nil.
func (c *chroma) call(ctx context.Context, method, path string, body []byte, out any) error {
	answer, f := c.raw(ctx, shortTimeout, method, path, body)
	if f != nil {
		return f
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("reading the answer %.100q: %w", answer, err)
	}
	return nil
}

// timed is raw with its duration; the request is exported to the collector.
func (c *chroma) timed(ctx context.Context, operation string, timeout time.Duration, method, path string, body []byte) ([]byte, time.Duration, *suite.Failure) {
	sent := time.Now()
	answer, status, f := c.send(ctx, timeout, method, path, body)
	took := time.Since(sent)
	failed := ""
	if f != nil {
		failed = f.Kind
	}
	c.telemetry.observe(observation{operation, sent, took, status, failed})
	return answer, took, f
}

// raw sends one request and returns the body of its answer.
func (c *chroma) raw(ctx context.Context, timeout time.Duration, method, path string, body []byte) ([]byte, *suite.Failure) {
	answer, _, f := c.send(ctx, timeout, method, path, body)
	return answer, f
}

// send is raw with the HTTP status; 0 when there was no answer.
func (c *chroma) send(ctx context.Context, timeout time.Duration, method, path string, body []byte) ([]byte, int, *suite.Failure) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.api+path, bytes.NewReader(body))
	if err != nil {
		return nil, 0, suite.Failed(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
		req.Header.Set("X-Chroma-Token", c.token) // Chroma's own servers read this one
	}
	c.budget.Grant(c.grant)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, 0, suite.Failed(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body) // bounded by the client
	if err != nil && resp.StatusCode/100 == 2 {
		return nil, 0, suite.Failed(err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, resp.StatusCode, suite.FailedStatus(resp.StatusCode, answer)
	}
	return answer, resp.StatusCode, nil
}
