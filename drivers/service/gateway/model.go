package gateway

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"assay/drivers/listen"
)

// modelOf is the model that a request asks for: "model" at the top of its JSON body; "" when it names none, which object says
// that it could have.
func modelOf(body []byte) (model string, object bool) {
	var named struct {
		Model string `json:"model"`
	}
	if json.Unmarshal(body, &named) != nil {
		return "", false
	}
	return named.Model, true
}

// route is the model whose servers get a request, when there are several models; or why none gets it.
func route(r *http.Request, l *listed, body []byte) (model string, no *refusal) {
	model, object := modelOf(body)
	switch {
	case model != "" && !l.serves(model):
		return "", unknown(model)
	case model == "" && object && r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v1/") && !l.serves(anyModel):
		return "", &unnamed
	}
	return model, nil
}

// anyModel is served by nobody but a server that is not known to serve one model.
const anyModel = "\x00"

// may reports whether a request carries the key of one of the servers. One of those without a key lets in anybody.
func may(r *http.Request, all ...*server) bool {
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
