package prometheus

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"assay/drivers"
)

// TestRange: the values of each series without those that are no numbers, at most 20 series; a server that does not answer is
// unavailable, and what is no PromQL is not sent.
func TestRange(t *testing.T) {
	answer, code, asked := "", 200, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	c, err := NewClient(server.URL, "secret", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(expression string) ([]drivers.Series, error) {
		to := time.Unix(1000, 0)
		return c.Range(t.Context(), expression, to.Add(-time.Minute), to, 30*time.Second)
	}
	matrix := func(series ...string) string {
		return `{"status":"success","data":{"resultType":"matrix","result":[` + strings.Join(series, ",") + `]}}`
	}
	answer = matrix(`{"metric":{"node":"n1"},"values":[[940,"1"],[970,"NaN"],[1000,"2.5"]]}`)
	got, err := ask("up")
	if err != nil || len(got) != 1 || got[0].Labels["node"] != "n1" || len(got[0].Samples) != 2 || got[0].Samples[1] != (drivers.Point{At: got[0].Samples[1].At, Value: 2.5}) || got[0].Samples[1].At.Unix() != 1000 {
		t.Errorf("%+v %v", got, err)
	}
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprintf(`{"metric":{"i":"%d"},"values":[[940,"1"]]}`, i))
	}
	answer = matrix(many...)
	if got, err = ask("up"); err != nil || len(got) != mostSeries {
		t.Errorf("of 50 series %d are returned: %v", len(got), err)
	}
	answer = matrix()
	if got, err = ask("up"); err != nil || len(got) != 0 {
		t.Errorf("nothing was scraped: %v %v", got, err)
	}
	code = http.StatusServiceUnavailable
	if _, err = ask("up"); !errors.Is(err, drivers.ErrUnavailable) {
		t.Errorf("a server that is down: %v", err)
	}
	before := asked
	if _, err = ask("up{"); err == nil || asked != before {
		t.Errorf("what is no PromQL: %v, asked %d times", err, asked-before)
	}
}
