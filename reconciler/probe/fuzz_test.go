package probe

import (
	"slices"
	"testing"
)

// FuzzModelList: a server is Ready when its list holds the model, as it was listed, and an error says no more than the server did.
func FuzzModelList(f *testing.F) {
	for _, s := range []string{`{"object":"list","data":[{"id":"m","object":"model","max_model_len":8192}]}`, `{"data":[{"id":"n"},{"id":""}]}`, `{"data":{}}`, `{"data":null}`, `null`, `<html>`, "{\"data\":[{\"id\":\"\xff\u202e\"}]}"} {
		f.Add([]byte(s), "m")
	}
	f.Fuzz(func(t *testing.T, body []byte, want string) {
		models, err := holds("http://h:1/v1/models", body, []string{want})
		if (err == nil) != slices.Contains(models, want) || len(models) > len(body) {
			t.Fatalf("%q for %q: %q, %v", body, want, models, err)
		}
		if err != nil && len(err.Error()) > 10*(len(body)+len(want))+200 {
			t.Errorf("%d bytes make an error of %d: %.300v", len(body), len(err.Error()), err)
		}
	})
}
