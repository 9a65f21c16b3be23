package listen

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// Same compares two secrets in a time that says nothing about either, their lengths included. No secret is the same as none.
func Same(given, want string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && want != ""
}

// Carries reports whether a request proves that its sender knows a token: as a bearer token, or, for browsers and programs
// that know only those, as the password of any user.
func Carries(r *http.Request, token string) bool {
	_, password, basic := r.BasicAuth()
	if !basic {
		password, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	return Same(password, token)
}

// Guard answers requests that do not carry the token with 401 and closes their connection, without having read the body. An
// empty token lets nobody in. The connection of a request that carries it has proved itself.
func Guard(token func() string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Carries(r, token()) {
			w.Header().Set("WWW-Authenticate", `Basic realm="assay"`)
			w.Header().Set("Connection", "close")
			http.Error(w, "a token is needed", http.StatusUnauthorized)
			return
		}
		if c := ConnOf(r.Context()); c != nil {
			c.Prove()
		}
		h.ServeHTTP(w, r)
	})
}
