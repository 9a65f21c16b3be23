package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"assay/drivers"
)

// TestAbsentModel: a model that is declared and has no server now keeps its requests. They wait for it; they never reach another
// model's server, and the model is listed.
func TestAbsentModel(t *testing.T) { bothWays(t, testAbsentModel) }

func testAbsentModel(t *testing.T, w way) {
	a, b := newUpstream(t, says("a")), newUpstream(t, says("b"))
	all, err := drivers.ParseUpstreams([]byte(drivers.UpstreamText([]drivers.Upstream{{Model: "a", URL: a.URL}, {Model: "b"}})))
	if err != nil {
		t.Fatal(err)
	}
	g, s := w.gatewayTo(t, all...)
	g.Wait = 20 * time.Millisecond
	if code, text := post(t, s.URL, "", `{"model":"b"}`); code != http.StatusServiceUnavailable || a.got.Load() != 0 {
		t.Errorf("%d %s; the other model's server was asked %d times", code, text, a.got.Load())
	}
	g.Wait = time.Minute
	go func() {
		time.Sleep(20 * time.Millisecond)
		w.set(g, drivers.Upstream{Model: "a", URL: a.URL}, drivers.Upstream{Model: "b", URL: b.URL})
	}()
	if _, text := post(t, s.URL, "", `{"model":"b"}`); text != "b" {
		t.Errorf("one that waited got %q", text)
	}
}

// TestNoSuchModel: what is refused is an error as OpenAI's clients read it.
func TestNoSuchModel(t *testing.T) { bothWays(t, testNoSuchModel) }

func testNoSuchModel(t *testing.T, w way) {
	a, b := newUpstream(t, says("a")), newUpstream(t, says("b"))
	_, s := w.gatewayTo(t, drivers.Upstream{Model: "a", URL: a.URL}, drivers.Upstream{Model: "b", URL: b.URL})
	for body, want := range map[string]struct {
		status int
		code   any
		holds  string
	}{
		`{"model":"x\"\n"}`: {404, "model_not_found", "`x\"\n`"},
		`{"prompt":"y"}`:    {400, nil, "say which one"},
		`{"model":"` + strings.Repeat("z", 1000) + `"}`: {404, "model_not_found", "zzz…"},
	} {
		status, text := post(t, s.URL, "", body)
		var got struct {
			Error struct {
				Message, Type, Param string
				Code                 any
			}
		}
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		e := got.Error
		if status != want.status || e.Code != want.code || e.Param != "model" || e.Type != "invalid_request_error" || !strings.Contains(e.Message, want.holds) || len(text) > 600 {
			t.Errorf("%.40s: %d %s", body, status, text)
		}
	}
	if n := a.got.Load() + b.got.Load(); n != 0 {
		t.Errorf("%d requests reached a server", n)
	}
}
