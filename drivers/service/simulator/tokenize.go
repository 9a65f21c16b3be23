package simulator

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
)

// templateTokens are what a model's chat template adds to a conversation: marks of the roles, and a system prompt.
const templateTokens = 23

// tokenize answers as vLLM does: how many tokens a prompt has, or a conversation with its template.
func (s *Server) tokenize(w http.ResponseWriter, r *http.Request) {
	var q request
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body, &q)
	}
	if err == nil && q.Model != "" && q.Model != s.c.Model {
		refuse(w, http.StatusNotFound, "NotFoundError", fmt.Sprintf("the model `%s` does not exist", q.Model))
		return
	}
	var text string
	var n int
	if err == nil {
		text, n, err = q.text(len(q.Messages) > 0)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "BadRequestError", err.Error())
		return
	}
	reply(w, map[string]any{"count": n, "max_model_len": maxTokens, "tokens": ids(text, n)})
}

// ids are n numbers of tokens; the same piece of text has the same one.
func ids(text string, n int) []uint32 {
	out, runes := make([]uint32, n), []rune(text)
	for i := range out {
		k := min(tokenSize, len(runes))
		h := fnv.New32a()
		_, _ = io.WriteString(h, string(runes[:k]))
		out[i], runes = h.Sum32()%maxTokens, runes[k:]
	}
	return out
}
