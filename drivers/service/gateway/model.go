package gateway

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"assay/drivers/listen"
)

// modelOf is the model that a request asks for: "model" at the top of its JSON body; "" when it names none.
func modelOf(body []byte) string {
	var named struct {
		Model string `json:"model"`
	}
	if json.Unmarshal(body, &named) != nil {
		return ""
	}
	return named.Model
}

// several reports whether the servers are of more than one model, so that a request has to say which.
func several(all []*server) bool {
	return slices.ContainsFunc(all, func(s *server) bool { return s.Model != all[0].Model })
}

// may reports whether a request carries the key of one of the servers. One of those without a key lets in anybody.
func may(r *http.Request, all []*server) bool {
	ok := false
	for _, s := range all {
		ok = s.secret == "" || listen.Carries(r, s.secret) || listen.Same(r.Header.Get("X-Chroma-Token"), s.secret) || ok
	}
	return ok
}

// models answers GET /v1/models in OpenAI's form.
func models(w http.ResponseWriter, all []*server) {
	type model struct {
		ID     string `json:"id"`
		Object string `json:"object"`
		Owner  string `json:"owned_by"`
	}
	list := []model{}
	for _, s := range all {
		if s.Model != "" && !slices.ContainsFunc(list, func(m model) bool { return m.ID == s.Model }) {
			list = append(list, model{s.Model, "model", "assay"})
		}
	}
	slices.SortFunc(list, func(a, b model) int { return strings.Compare(a.ID, b.ID) })
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": list})
}
