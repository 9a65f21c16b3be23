package service

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"assay/api/v1alpha1"
	"assay/reconciler/probe"
)

// TestAdaptersAreProbedTogether: one request for the list of models answers for the model and for each of its adapters.
func TestAdaptersAreProbedTogether(t *testing.T) {
	made, err := vllm(v1alpha1.Site{}, v1alpha1.Service{VLLM: &v1alpha1.VLLM{Model: "m", LoRA: map[string]string{"b": "/b", "a": "/a"}}})
	if err != nil {
		t.Fatal(err)
	}
	p := made.Processes[0]
	for _, c := range []struct {
		lists []string
		want  string
	}{{[]string{"m", "a", "b"}, ""}, {[]string{"m", "b"}, `it lists the models ["m" "b"], not "a"`}, {[]string{"a", "b"}, `not "m"`}} {
		var asked atomic.Int64
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v1/models" {
				asked.Add(1)
				fmt.Fprintf(w, `{"data":[{"id":"%s"}]}`, strings.Join(c.lists, `"},{"id":"`))
			}
		}))
		var models []string
		var err error
		for _, one := range p.Probes {
			var got []string
			if got, err = probe.Check(t.Context(), s.URL, "", one); err != nil {
				break
			}
			models = append(models, got...)
		}
		s.Close()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.lists, err, c.want)
		}
		if n := asked.Load(); n != 1 || err == nil && strings.Join(models, " ") != "m a b" {
			t.Errorf("%v: asked %d times, for %v", c.lists, n, models)
		}
	}
}
