package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// refusal is an answer of the gateway's own: an error in OpenAI's form.
type refusal struct {
	status  int
	Message string `json:"message"`
	Type    string `json:"type"`
	Param   string `json:"param,omitempty"`
	Code    any    `json:"code"` // the status, but where OpenAI has a word that clients look for
}

// statusGone counts requests whose client has gone.
const statusGone = 499

var (
	noKey     = own(http.StatusUnauthorized, "this server asks for a key: Authorization: Bearer KEY (assay key SERVICE prints it)")
	otherKey  = own(http.StatusUnauthorized, "the server of this model asks for another key")
	tooLarge  = own(http.StatusRequestEntityTooLarge, "the request could not be read, or is larger than 64 MiB")
	noServer  = own(http.StatusServiceUnavailable, "no server is Ready")
	brokenOff = own(http.StatusBadGateway, "the server broke off; the request was sent, and is not sent again")
	unnamed   = refusal{http.StatusBadRequest, "several models are served here: say which one, as \"model\"; GET /v1/models lists them", "invalid_request_error", "model", nil}
)

func own(status int, message string) refusal {
	return refusal{status: status, Message: message, Type: "gateway_error", Code: status}
}

// unknown says that no server of a model is declared here.
func unknown(model string) *refusal {
	if len(model) > mostOfName {
		model = model[:mostOfName] + "…"
	}
	return &refusal{http.StatusNotFound, "The model `" + model + "` does not exist; GET /v1/models lists those that are served here", "invalid_request_error", "model", "model_not_found"}
}

// mostOfName is how much of a model's name an answer repeats, in bytes.
const mostOfName = 200

func (g *Gateway) refuse(w http.ResponseWriter, no refusal) {
	g.meters.ended(no.status)
	w.Header().Set("Content-Type", "application/json")
	if no.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(no.status)
	_ = json.NewEncoder(w).Encode(map[string]refusal{"error": no})
}

// bytes is a refusal as an answer of HTTP/1.1.
func (no refusal) bytes() []byte {
	body, _ := json.Marshal(map[string]refusal{"error": no})
	body = append(body, '\n')
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", no.status, http.StatusText(no.status), len(body), body)
}
